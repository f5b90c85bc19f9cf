"""The photos: which there are, which of them are never trained on, and how they are read.

`People` have a label for every pixel, garment photos have one word each; `garment_masks` adds what it can.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.labels import NO_CLASS, ClassSets, class_of_garment, set_of_tags, tag_sets

#: (H, W, 3), RGB.
Pixels = NDArray[np.uint8]

#: Of 256; 31 is 12 %.
VALIDATION_SHARE = 31


@dataclass(frozen=True, kw_only=True)
class Person:
    """A street photo and the file of its labels."""

    photo: Path
    labels: Path


@dataclass(frozen=True, kw_only=True)
class Garment:
    """A photo of a garment without a person, and the class that it is of."""

    photo: Path
    class_index: int


@dataclass(frozen=True, kw_only=True)
class Tagged:
    """A street photo of which only the tags are known."""

    photo: Path
    #: The classes that it may contain.
    class_set: int


@dataclass(frozen=True, kw_only=True)
class Split:
    """The photos of one purpose, sorted by name."""

    people: tuple[Person, ...]
    garments: tuple[Garment, ...]


def is_validation(file_name: str) -> bool:
    """Say whether a photo is kept from training: its name decides, so that more photos move none of the old."""
    return hashlib.sha256(file_name.encode()).digest()[0] < VALIDATION_SHARE


def list_split(data: Path, *, validation: bool) -> Split:
    """List the photos of one side of the split.

    Args:
        data: The folder that holds `ccp/` and `clothing/`.
        validation: Which side.
    """
    people = tuple(
        Person(photo=photo, labels=data / "ccp" / "labels" / f"{photo.stem}.png")
        for photo in sorted((data / "ccp" / "photos").glob("*.jpg"))
        if is_validation(photo.name) == validation
    )
    garments = tuple(
        garment
        for garment in _list_garments(data / "clothing")
        if is_validation(garment.photo.name) == validation
    )
    return Split(people=people, garments=garments)


def list_tagged(data: Path) -> tuple[Tagged, ...]:
    """List the street photos with tags only, sorted by name; they are for training alone."""
    folder = data / "ccp" / "unlabelled"
    with (folder / "tags.csv").open(newline="", encoding="utf-8") as file:
        rows = sorted((row["photo"], row["tags"].split()) for row in csv.DictReader(file))
    return tuple(
        Tagged(photo=folder / f"{name}.jpg", class_set=set_of_tags(tags)) for name, tags in rows
    )


def _list_garments(folder: Path) -> list[Garment]:
    with (folder / "images.csv").open(newline="", encoding="utf-8") as file:
        rows = [(row["image"], class_of_garment(row["label"])) for row in csv.DictReader(file)]
    return [
        Garment(photo=folder / f"{name}.jpg", class_index=class_index)
        for name, class_index in sorted(rows)
        if class_index != NO_CLASS and (folder / f"{name}.jpg").is_file()
    ]


def read_tags(data: Path) -> NDArray[np.uint16]:
    """Read which set of classes each value of CCP's label images stands for, (256,)."""
    lines = (data / "ccp" / "labels.txt").read_text(encoding="utf-8").split()
    return tag_sets(lines)


def read_photo(file: Path, long_side: int | None = None) -> Pixels:
    """Read a photo, shrunk (never enlarged) to a long side.

    Raises:
        OSError: The file is no photo.
    """
    bgr = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if bgr is None:
        raise OSError(f"{file} is no photo")
    rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return shrink(np.asarray(rgb, np.uint8), long_side) if long_side else np.asarray(rgb, np.uint8)


def read_labels(person: Person, tags: NDArray[np.uint16]) -> ClassSets:
    """Read the labels of a street photo at the photo's size.

    Raises:
        OSError: The file is no image.
    """
    values = cv2.imread(str(person.labels), cv2.IMREAD_GRAYSCALE)
    if values is None:
        raise OSError(f"{person.labels} is no image")
    return np.asarray(tags[values], np.uint16)


def shrink(rgb: Pixels, long_side: int) -> Pixels:
    """Shrink (never enlarge) a photo to a long side."""
    height, width = rgb.shape[:2]
    scale = min(1.0, long_side / max(height, width))
    size = (round(width * scale), round(height * scale))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)

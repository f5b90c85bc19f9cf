"""`python -m tests.quality.whole_photos`: photos unlike those of the training data, through the whole worker.

Without clothes, of several people, very wide and very tall, 60 pixels small and 2,999 large. The latter are made from
validation photos, and compared with the same photos as they are.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from tests.quality.cases import (
    Mask,
    Person,
    Pixels,
    ground_beside,
    middle_of,
    scaled,
    side_by_side,
    unclothed,
    widened,
    with_quarters,
)
from tests.quality.sight import load_network, mask_of
from training.data.choice import spread
from training.data.dataset import Split, list_split, read_labels, read_photo, read_tags
from training.data.garment_masks import find_masks
from training.labels import ClassMap, certain_classes
from training.metrics import count_clothing
from worker.network.segmenter import Segmenter

PHOTOS = 24
_OPAQUE = 128
#: A photo without clothes in which more than this share is called clothing was misread.
INVENTED = 0.02
#: IoU from which a person's clothing was found.
_FOUND = 0.5
_SMALLEST, _LARGEST = 60, 2999
#: Of photos without clothes that others brought along; some are wallpapers of many megapixels.
MORE_LONG_SIDE = 1600
#: Of the widest and the tallest photos.
_ASPECT = 6


@dataclass
class Overlap:
    """IoU of clothing, summed over photos, and photo by photo."""

    both: int = 0
    either: int = 0
    each: list[float] = field(default_factory=list)
    #: Of each person of each photo.
    of_people: list[float] = field(default_factory=list)

    def add(self, answer: Mask, truth: ClassMap, borders: tuple[int, ...] = ()) -> None:
        """Count a photo; accessories and unknown pixels are left out."""
        both, either = count_clothing(answer, truth)
        self.both += both
        self.either += either
        self.each.append(both / max(either, 1))
        for part, known in zip(
            np.split(answer, borders, axis=1), np.split(truth, borders, axis=1), strict=True
        ):
            both, either = count_clothing(part, known)
            self.of_people.append(both / max(either, 1))

    def summary(self) -> dict[str, float]:
        """Give the numbers of a row."""
        return {
            "photos": len(self.each),
            "IoU": self.both / max(self.either, 1),
            "worst": min(self.each),
            "people found": float(np.mean([value > _FOUND for value in self.of_people])),
        }


def main() -> None:
    """Measure, print the tables, write the numbers."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.quality.whole_photos", description=__doc__
    )
    parser.add_argument("--model", type=Path, required=True, help="ONNX file; model.toml beside it")
    parser.add_argument("--data", type=Path, required=True, help="ccp/ and clothing/")
    parser.add_argument("--unclothed", type=Path, help="folder of more photos without clothes")
    parser.add_argument("--output", type=Path, required=True, help="folder of the numbers")
    parser.add_argument("--photos", type=int, default=PHOTOS, help="validation photos of each case")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    arguments.output.mkdir(parents=True, exist_ok=True)
    network = load_network(arguments.model)
    split = list_split(arguments.data, validation=True)
    numbers = {
        "scikit-image's photographs and their quarters": invented(unclothed(), network),
        "ground beside garments": invented(
            grounds(split, arguments.output.parent / "masks", 2 * arguments.photos), network
        ),
    }
    if arguments.unclothed:
        files = sorted(file for file in arguments.unclothed.rglob("*") if file.is_file())
        more = with_quarters(read_photo(file, MORE_LONG_SIDE) for file in files)
        numbers["more photographs and their quarters"] = invented(more, network)
    people = list(_people(split, arguments.data, arguments.photos))
    for name, case in _CASES.items():
        numbers[name] = _overlap(case(people), network)
    for name, row in numbers.items():
        cells = (f"{key} {value:.3f}".replace(".000", "") for key, value in row.items())
        sys.stdout.write(f"{name}: {', '.join(cells)}\n")
    text = json.dumps(numbers, indent=2) + "\n"
    (arguments.output / "whole_photos.json").write_text(text, encoding="utf-8")


def invented(photos: Iterable[Pixels], network: Segmenter) -> dict[str, float]:
    """Count the photos without clothes in which some is seen."""
    shares = []
    for rgb in photos:
        mask = mask_of(rgb, network)
        shares.append(0.0 if mask is None else float((mask >= _OPAQUE).mean()))
    return {
        "photos": len(shares),
        "said to show none": float(np.mean([share == 0 for share in shares])),
        "invented": float(np.mean([share > INVENTED for share in shares])),
    }


def _overlap(people: Iterable[Person], network: Segmenter) -> dict[str, float]:
    counts = Overlap()
    for person in people:
        mask = mask_of(person.rgb, network)
        answer = np.zeros(person.truth.shape, np.bool_) if mask is None else mask >= _OPAQUE
        counts.add(np.asarray(answer), person.truth, person.borders)
    return counts.summary()


def _groups(people: list[Person], size: int) -> Iterator[list[Person]]:
    for start in range(0, len(people) - size + 1, size):
        yield people[start : start + size]


def _together(people: list[Person], size: int) -> Iterator[Person]:
    yield from (side_by_side(group) for group in _groups(people, size))


def _allowed(person: Person) -> Person:
    """Shrink a photo that is larger than the service takes."""
    return scaled(person, min(1, _LARGEST / max(person.truth.shape)))


#: What is made of the validation photos.
_CASES: dict[str, Callable[[list[Person]], Iterable[Person]]] = {
    "as they are": lambda people: people,
    "60 px on the short side": lambda people: (
        scaled(person, _SMALLEST / min(person.truth.shape)) for person in people
    ),
    "2,999 px on the long side": lambda people: (
        scaled(person, _LARGEST / max(person.truth.shape)) for person in people
    ),
    "widened to 6 : 1": lambda people: (_allowed(widened(p, _ASPECT)) for p in people),
    "the middle, 6 : 1": lambda people: (
        middle_of(p, p.truth.shape[1] / p.truth.shape[0] / _ASPECT, 1) for p in people
    ),
    "the middle, 1 : 6": lambda people: (
        middle_of(p, 1, p.truth.shape[0] / p.truth.shape[1] / _ASPECT) for p in people
    ),
    "two beside each other": lambda people: _together(people, 2),
    "three beside each other": lambda people: _together(people, 3),
}


def _people(split: Split, data: Path, count: int) -> Iterator[Person]:
    tags = read_tags(data)
    for person in spread(split.people, count):
        yield Person(read_photo(person.photo), certain_classes(read_labels(person, tags)))


def grounds(split: Split, cache: Path, count: int) -> list[Pixels]:
    """Give at most `count` pictures of the ground beside garments; masks are kept in `cache`."""
    masks = find_masks(split.garments, cache)
    masked = [garment for garment in split.garments if garment.photo.stem in masks]
    # Beside two of three there is too little.
    some = spread(masked, 3 * count)
    beside = (ground_beside(read_photo(g.photo), masks[g.photo.stem]) for g in some)
    return spread([ground for ground in beside if ground is not None], count)


if __name__ == "__main__":
    main()

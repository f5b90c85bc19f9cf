"""`python -m tests.quality.doubts`: whether a job's report asks people to look at the pictures that are bad.

Street photos whose pixels are labelled, as they are and spoiled in ways in which photos are bad, go through the whole
worker. Bad is a picture whose IoU with the labels is under 0.8. For choosing the thresholds of
`worker.imaging.quality_report` anew when the network changes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from shared.errors import Refused
from shared.job import CutoutOptions
from shared.wire.contract import ReturnForm
from tests.quality.cases import Person, Pixels, middle_of, scaled
from tests.quality.sight import load_network
from training.data.choice import spread
from training.data.dataset import list_split, read_labels, read_photo, read_tags
from training.labels import certain_classes
from training.metrics import count_clothing
from worker.imaging.cutout import cut_out
from worker.imaging.photo import Photo
from worker.network.segmenter import Segmenter

PHOTOS = 40
_BAD = 0.8
_OPAQUE = 128
_SMALL_SIDE, _DARK, _NOISE, _BLUR = 100, 0.12, 45, 1 / 120


class Finding(NamedTuple):
    """What came of one photo."""

    is_bad: bool
    #: Reasons and remarks.
    words: frozenset[str]
    is_doubted: bool


def main() -> None:
    """Measure, and print a row for each case, each word, and all together."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.doubts", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="ONNX file; model.toml beside it")
    parser.add_argument("--data", type=Path, required=True, help="ccp/ and clothing/")
    parser.add_argument("--photos", type=int, default=PHOTOS, help="validation photos of each case")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    network = load_network(arguments.model)
    people = list(_people(arguments.data, arguments.photos))
    everything: list[Finding] = []
    sys.stdout.write("| case | photos | bad | to look at | of these bad | of the bad found |\n")
    sys.stdout.write("|---|---|---|---|---|---|\n")
    for name, case in CASES.items():
        found = list(_findings(map(case, people), network))
        everything += found
        _print_row(name, found, [it.is_doubted for it in found])
    _print_row("all", everything, [it.is_doubted for it in everything])
    for word in sorted(frozenset().union(*(it.words for it in everything))):
        _print_row(f"`{word}`", everything, [word in it.words for it in everything])


def _people(data: Path, count: int) -> Iterator[Person]:
    tags = read_tags(data)
    for person in spread(list_split(data, validation=True).people, count):
        yield Person(read_photo(person.photo), certain_classes(read_labels(person, tags)))


def _findings(people: Iterable[Person], network: Segmenter) -> Iterator[Finding]:
    for person in people:
        try:
            cutouts = cut_out(
                Photo(person.rgb), CutoutOptions(return_form=ReturnForm.MASK), network
            )
        except Refused:
            # Nobody is given a picture to look at.
            continue
        mask = cv2.imdecode(np.frombuffer(cutouts.image, np.uint8), cv2.IMREAD_GRAYSCALE)
        assert mask is not None
        both, either = count_clothing(np.asarray(mask >= _OPAQUE, np.bool_), person.truth)
        report = cutouts.report
        yield Finding(
            is_bad=both < _BAD * either,
            words=frozenset((*report.reasons, *report.remarks)),
            is_doubted=bool(report.reasons),
        )


def _print_row(name: str, found: list[Finding], is_told: list[bool]) -> None:
    bad, told = sum(it.is_bad for it in found), sum(is_told)
    both = sum(it.is_bad and is_so for it, is_so in zip(found, is_told, strict=True))
    shares = (f"{both / whole:.2f}" if whole else "–" for whole in (told, bad))
    cells = (name, str(len(found)), str(bad), str(told), *shares)
    sys.stdout.write(f"| {' | '.join(cells)} |\n")


def _with_pixels(change: Callable[[Pixels], Pixels]) -> Callable[[Person], Person]:
    return lambda person: replace(person, rgb=change(person.rgb))


def _darkened(rgb: Pixels) -> Pixels:
    return (rgb * _DARK).astype(np.uint8)


def _blurred(rgb: Pixels) -> Pixels:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), max(rgb.shape) * _BLUR), np.uint8)


def _noisy(rgb: Pixels) -> Pixels:
    noise = np.random.default_rng(rgb.shape[1]).normal(0, _NOISE, rgb.shape)
    return np.clip(rgb + noise, 0, 255).astype(np.uint8)


CASES: dict[str, Callable[[Person], Person]] = {
    "as they are": lambda person: person,
    "their middle": lambda person: middle_of(person, 0.5, 0.5),
    "100 pixels": lambda person: scaled(person, _SMALL_SIDE / max(person.truth.shape)),
    "in the dark": _with_pixels(_darkened),
    "blurred": _with_pixels(_blurred),
    "noisy": _with_pixels(_noisy),
}

if __name__ == "__main__":
    main()

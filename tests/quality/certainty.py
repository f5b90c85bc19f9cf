"""`python -m tests.quality.certainty`: how certain the network must be of a part of the clothing for it to be kept.

For choosing `LEAST_CERTAIN` of `worker.imaging.segmentation` anew when the network changes: a row for each value, what
it costs on photos with clothing and gains on photos without. Measured at the network's own size.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from tests.quality.cases import Mask, unclothed
from tests.quality.sight import Pixels, Plane, load_network, see
from tests.quality.whole_photos import INVENTED, grounds
from training.data.choice import spread
from training.data.dataset import list_split, read_labels, read_photo, read_tags
from training.data.garment_masks import find_masks
from training.labels import certain_classes
from training.metrics import is_clothing, is_counted, overlap
from worker.imaging.mattes import LEAST_SHOWN
from worker.imaging.segmentation import without_doubtful
from worker.network.segmenter import Segmenter

VALUES = (0.0, 0.6, 0.65, 0.7, 0.74, 0.76, 0.78, 0.8, 0.85, 0.9)
PHOTOS = 94
_INSIDE = 0.5
_HEADER = """\
| least | photographs: invented | grounds: invented | people: IoU, lost | garments: IoU, lost | close-ups: lost |
|---|---|---|---|---|---|
"""


def main() -> None:
    """Read the command line, look at all photos once, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.certainty", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="ONNX file; model.toml beside it")
    parser.add_argument("--data", type=Path, required=True, help="ccp/ and clothing/")
    parser.add_argument("--masks", type=Path, required=True, help="where masks are cached")
    parser.add_argument("--photos", type=int, default=PHOTOS, help="validation photos of each kind")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    network, count = load_network(arguments.model), arguments.photos
    split = list_split(arguments.data, validation=True)
    bare = [see(rgb, network).clothing for rgb in unclothed()]
    ground = [see(rgb, network).clothing for rgb in grounds(split, arguments.masks, count)]
    tags = read_tags(arguments.data)
    people = []
    for person in spread(split.people, count):
        truth = certain_classes(read_labels(person, tags))
        rgb = read_photo(person.photo)
        people.append(_seen_with(rgb, is_clothing(truth), network, is_counted(truth)))
    masks = find_masks(split.garments, arguments.masks)
    photos = [(g, read_photo(g.photo)) for g in spread(split.garments, count)]
    garments = [_seen_with(rgb, masks.get(g.photo.stem), network) for g, rgb in photos]
    near = [see(_middle(rgb), network).clothing for _, rgb in photos]
    sys.stdout.write(_HEADER)
    for least in VALUES:
        cells = (
            f"{least:.2f}",
            f"{_invented(bare, least):.3f}",
            f"{_invented(ground, least):.3f}",
            _kept(people, least),
            _kept(garments, least),
            f"{np.mean([not _answer(plane, least).any() for plane in near]):.3f}",
        )
        sys.stdout.write(f"| {' | '.join(cells)} |\n")


#: What the network sees, the truth if it is known, and the pixels that count.
Seen = tuple[Plane, Mask | None, Mask]


def _seen_with(
    rgb: Pixels, truth: Mask | None, network: Segmenter, counted: Mask | None = None
) -> Seen:
    clothing = see(rgb, network).clothing
    everywhere = np.ones(clothing.shape, np.bool_)
    return (
        clothing,
        None if truth is None else _shrunk(truth, clothing.shape),
        everywhere if counted is None else _shrunk(counted, clothing.shape),
    )


def _shrunk(mask: Mask, shape: tuple[int, ...]) -> Mask:
    size = (shape[1], shape[0])
    small = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small > _INSIDE)


def _middle(rgb: Pixels) -> Pixels:
    height, width = rgb.shape[:2]
    return np.ascontiguousarray(rgb[height // 4 : -(height // 4), width // 4 : -(width // 4)])


def _answer(clothing: Plane, least: float) -> Mask:
    """Give what is kept, or nothing where it is too little to be shown."""
    inside = np.asarray(without_doubtful(clothing, least) > _INSIDE)
    return inside if inside.mean() >= LEAST_SHOWN else np.zeros_like(inside)


def _invented(planes: list[Plane], least: float) -> float:
    return float(np.mean([_answer(plane, least).mean() > INVENTED for plane in planes]))


def _kept(photos: list[Seen], least: float) -> str:
    known = [(_answer(plane, least), truth, counted) for plane, truth, counted in photos]
    overlaps = [overlap(a & counted, t & counted) for a, t, counted in known if t is not None]
    lost = np.mean([not answer.any() for answer, _, _ in known])
    return f"{np.mean(overlaps):.4f}, {lost:.3f}"


if __name__ == "__main__":
    main()

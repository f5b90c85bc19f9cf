"""`python -m tests.quality.edges`: edges at full size, refined against plainly enlarged.

Of drawn garments whose opacity is known, seen by a network that is right (its answer is the truth, as coarse and soft
as a network's) and by the real one; and, with `--data`, of street photos whose labels are jagged.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from shared.manifest import Manifest
from tests.quality.alpha_scores import mean_of, score
from tests.quality.drawings import KINDS, Drawing, Pixels, Plane, draw
from tests.quality.sight import Edges, enlarge, load_network, see, see_truth
from training.data.choice import spread
from training.data.dataset import list_split, read_labels, read_photo, read_tags
from training.labels import certain_classes
from training.metrics import boundary_score, is_clothing, overlap
from worker.imaging.segmentation import Segmentation
from worker.network.segmenter import Segmenter

#: Of a drawing, in pixels; it is three quarters as wide.
HEIGHT = 2000
SEEDS = 4
#: Of a network that is right, in pixels of its answer: sharper and softer than networks are.
SOFTNESSES = (0.4, 0.7, 1.1)
#: IoU from which a network has found a drawn garment.
_FOUND = 0.7
_WAYS = ("plain", "refined")
_NUMBERS = ("error", "gradient", "edge", "thin", "haze")
#: (kind, before a wall, left, top) of the picture's rows, as shares.
_CROPS = (
    ("straps", True, 0.36, 0.31),
    ("straps", False, 0.56, 0.31),
    ("fringe", True, 0.3, 0.58),
    ("fringe", False, 0.6, 0.58),
    ("lace", False, 0.4, 0.72),
)
_CROP, _ENLARGED = 150, 2

Seeing = Callable[[Drawing], Segmentation]
Row = dict[str, str | float]


def main() -> None:
    """Measure, print tables, write numbers and the picture."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.edges", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="ONNX file; model.toml beside it")
    parser.add_argument("--output", type=Path, required=True, help="folder of the numbers")
    parser.add_argument("--data", type=Path, help="ccp/ and clothing/")
    parser.add_argument("--photos", type=int, default=1000, help="at most so many street photos")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="drawings of each kind and ground")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    arguments.output.mkdir(parents=True, exist_ok=True)
    network = load_network(arguments.model)
    rows = [*_measure_drawings(network, arguments.seeds)]
    if arguments.data:
        rows += _measure_photos(network, arguments.data, arguments.photos)
    text = json.dumps(rows, indent=2) + "\n"
    (arguments.output / "edges.json").write_text(text, encoding="utf-8")
    _draw_picture(network, arguments.output / "edges.png")


def _measure_drawings(network: Segmenter, seeds: int) -> Iterator[Row]:
    """Print and give a row for each way of seeing, kind, ground and way of enlarging."""
    ways: dict[str, Seeing] = {
        f"right, softness {softness}": partial(_see_rightly, network.manifest, softness)
        for softness in SOFTNESSES
    }
    ways["network"] = partial(_see_with, network)
    _print_row("| seen by | garment | ground | found | way |", *(f"{n} |" for n in _NUMBERS))
    _print_row("|---|---|---|---|---|", *("---|" for _ in _NUMBERS))
    for kind in KINDS:
        for plain in (True, False):
            drawings = [draw(kind, HEIGHT, seed, plain=plain) for seed in range(seeds)]
            for name, seeing in ways.items():
                yield from _compare(name, kind, "wall" if plain else "photograph", drawings, seeing)


def _see_rightly(manifest: Manifest, softness: float, drawing: Drawing) -> Segmentation:
    return see_truth(drawing.alpha, manifest, softness)


def _see_with(network: Segmenter, drawing: Drawing) -> Segmentation:
    return see(drawing.rgb, network)


def _compare(
    name: str, kind: str, ground: str, drawings: Sequence[Drawing], seeing: Seeing
) -> Iterator[Row]:
    scores: dict[str, list[Mapping[str, float]]] = {way: [] for way in _WAYS}
    for drawing in drawings:
        edges = enlarge(seeing(drawing), drawing.rgb)
        if overlap(edges.plain > 0.5, drawing.alpha > 0.5) > _FOUND:
            for way in _WAYS:
                scores[way].append(score(_plane(edges, way), drawing.alpha))
    found = f"{len(scores['plain'])} of {len(drawings)}"
    for way in _WAYS:
        if scores[way]:
            means = mean_of(scores[way])
            numbers = (f"{means[number]:.3f} |" for number in _NUMBERS)
            _print_row(f"| {name} | {kind} | {ground} | {found} | {way} |", *numbers)
            about: Row = {"seen by": name, "garment": kind, "ground": ground, "found": found}
            yield {**about, "way": way, **means}


def _measure_photos(network: Segmenter, data: Path, count: int) -> Iterator[Row]:
    """Print and give a row for each way of enlarging what the network sees in validation photos."""
    tags = read_tags(data)
    people = spread(list_split(data, validation=True).people, count)
    scores: dict[str, list[tuple[float, float]]] = {way: [] for way in _WAYS}
    for person in people:
        rgb = read_photo(person.photo)
        truth = is_clothing(certain_classes(read_labels(person, tags)))
        edges = enlarge(see(rgb, network), rgb)
        for way in _WAYS:
            inside = np.asarray(_plane(edges, way) > 0.5)
            scores[way].append((boundary_score(inside, truth), overlap(inside, truth)))
    for way in _WAYS:
        edge, clothing = np.mean(scores[way], axis=0)
        _print_row(f"\n{len(people)} street photos, {way}: edge {edge:.3f}, IoU {clothing:.3f}")
        yield {"seen by": "network, street photos", "way": way, "edge": edge, "IoU": clothing}


def _plane(edges: Edges, way: str) -> Plane:
    return edges.plain if way == "plain" else edges.refined


def _draw_picture(network: Segmenter, file: Path) -> None:
    """Write photo, plain, refined and truth side by side, at places where things are thin."""
    side = _CROP * _ENLARGED
    titles = [
        _title(text, side) for text in ("photo (x 2)", "plainly enlarged", "refined", "truth")
    ]
    rows = [np.concatenate(titles, axis=1)]
    for kind, plain, left, top in _CROPS:
        drawing = draw(kind, HEIGHT, 1, plain=plain)
        seen = see_truth(drawing.alpha, network.manifest, SOFTNESSES[1])
        edges = enlarge(seen, drawing.rgb)
        planes = [drawing.rgb, *map(_grey, (edges.plain, edges.refined, drawing.alpha))]
        height, width = drawing.alpha.shape
        y, x = round(top * height), round(left * width)
        crops = [_framed(plane[y : y + _CROP, x : x + _CROP]) for plane in planes]
        rows.append(np.concatenate(crops, axis=1))
    sheet = np.concatenate(rows)
    cv2.imwrite(str(file), sheet[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])


def _title(text: str, width: int) -> Pixels:
    strip = np.full((28, width + 4, 3), 255, np.uint8)
    cv2.putText(strip, text, (4, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (0, 0, 0), 1, cv2.LINE_AA)
    return strip


def _grey(alpha: Plane) -> Pixels:
    return np.dstack([np.rint(255 * alpha).astype(np.uint8)] * 3)


def _framed(crop: Pixels) -> Pixels:
    large = crop.repeat(_ENLARGED, axis=0).repeat(_ENLARGED, axis=1)
    return np.pad(large, ((0, 4), (0, 4), (0, 0)), constant_values=255)


def _print_row(*cells: str) -> None:
    sys.stdout.write(" ".join(cells) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

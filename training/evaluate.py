"""`python -m training.evaluate`: the table of a network on the photos that are never trained on."""

from __future__ import annotations

import argparse
import json
import logging
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from training.choice import spread
from training.dataset import Split, list_split, read_labels, read_photo, read_tags
from training.garment_masks import WORK_SIDE, find_masks
from training.labels import CATEGORIES, certain_classes
from training.metrics import GarmentScores, Scores, is_clothing
from training.plots import draw_scores
from training.prediction import LONG_SIDE, Predictor
from training.sheet import draw_contact_sheet

_log = logging.getLogger("training")

SHEET_PHOTOS = 12


@dataclass(frozen=True)
class Evaluation:
    """What was counted on one side of the split."""

    people: Scores
    garments: GarmentScores

    def table(self) -> str:
        """Give the numbers as Markdown."""
        people, garments = self.people.summary(), self.garments.summary()
        return "\n".join(
            (
                f"People, {len(self.people.edge_scores)} photos: IoU; edge is boundary F at 2 px",
                "",
                *_rows(people, ("clothing", "mean", *CATEGORIES, "edge")),
                "",
                f"Garments, {self.garments.largest.sum()} photos: share whose largest category is the known one;",
                "IoU of clothing and of the known class with the mask, where there is one",
                f"({len(self.garments.class_overlaps)} photos)",
                "",
                *_rows(garments, tuple(garments)),
            )
        )


def _rows(numbers: dict[str, float], names: tuple[str, ...]) -> tuple[str, str, str]:
    return (
        f"| {' | '.join(names)} |",
        "|---" * len(names) + "|",
        f"| {' | '.join(f'{numbers[name]:.3f}' for name in names)} |",
    )


def evaluate(predictor: Predictor, split: Split, data: Path, cache: Path) -> Evaluation:
    """Run a network over one side of the split."""
    people, garments = Scores(), GarmentScores()
    tags = read_tags(data)
    for person in split.people:
        truth = certain_classes(read_labels(person, tags))
        people.add(predictor.predict(read_photo(person.photo)), truth)
    masks = find_masks(split.garments, cache)
    for garment in split.garments:
        answer = predictor.predict(read_photo(garment.photo))
        mask = masks.get(garment.photo.stem)
        if mask is not None:
            size = (answer.shape[1], answer.shape[0])
            large = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
            mask = large > 0.5  # noqa: PLR2004 - half covered
        garments.add(answer, garment.class_index, mask)
    return Evaluation(people, garments)


def write(evaluation: Evaluation, predictor: Predictor, split: Split, folder: Path) -> None:
    """Write the numbers, the plots and a contact sheet into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = {
        "people": evaluation.people.summary(),
        "garments": evaluation.garments.summary(),
        "people_confusion": evaluation.people.confusion.tolist(),
        "garment_confusion": evaluation.garments.largest.tolist(),
        "long_side": predictor.long_side,
        "mask_side": WORK_SIDE,
    }
    (folder / "scores.json").write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    draw_scores(evaluation.people, evaluation.garments, folder)
    photos = [person.photo for person in spread(split.people, SHEET_PHOTOS)]
    photos += [garment.photo for garment in spread(split.garments, SHEET_PHOTOS)]
    rgbs = [read_photo(photo) for photo in photos]
    answers = [predictor.predict(rgb) for rgb in rgbs]
    # Without the worker's refinement: `tests.quality.sheet` draws the same sheet with it.
    alphas = [is_clothing(answer).astype(np.float32) for answer in answers]
    draw_contact_sheet(rgbs, answers, alphas, folder / "sheet.png")


def main() -> None:
    """Read the command line, evaluate, print the table."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="ccp/, clothing/ and backbone/")
    parser.add_argument("--model", type=Path, required=True, help="ONNX file; model.toml beside it")
    parser.add_argument("--output", type=Path, required=True, help="numbers, plots, cached masks")
    parser.add_argument("--long-side", type=int, default=LONG_SIDE)
    parser.add_argument("--twice", action="store_true", help="as with CUTWORK_SECOND_LOOK")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    cv2.setNumThreads(1)
    predictor = Predictor.load(arguments.model).at(arguments.long_side)
    if arguments.twice:
        predictor = predictor.looking_twice()
    split = list_split(arguments.data, validation=True)
    cache = arguments.output.parent / "masks"
    evaluation = evaluate(predictor, split, arguments.data, cache)
    write(evaluation, predictor, split, arguments.output)
    _log.info("%s", evaluation.table())


if __name__ == "__main__":
    main()

"""`python -m training.evaluate`: measures a network on the photos that are never trained on."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from training.data.choice import spread
from training.data.dataset import Garment, Split, list_split, read_labels, read_photo, read_tags
from training.data.garment_masks import WORK_SIDE, find_masks
from training.data.shop import INCOMPLETE, ShopPhoto, list_shop, read_mask
from training.labels import certain_classes
from training.metrics import GarmentScores, Scores, is_clothing
from training.prediction import Predictor
from training.scores.bootstrap import Interval, Scored, differences, intervals
from training.scores.plots import draw_scores
from training.scores.sheet import draw_contact_sheet
from training.scores.shop_scores import ShopScores

_log = logging.getLogger("training")

SHEET_PHOTOS = 12
#: So many garments are also measured when they are turned: four answers each.
TURNED_PHOTOS = 100


LEGENDS = {
    "people": "IoU; edge is boundary F at 2 px, a mean over photos",
    "garments": "share whose largest category is the known one, and where nothing is found; IoU of clothing and of "
    "the known class with the mask, where there is one; share of each class that is right",
    "shop": "IoU of the main garment with its category; shares of its pixels that have its name, and that are "
    "clothing; share of the ground that is clothing; the IoU by category",
}


@dataclass(frozen=True)
class Evaluation:
    """What was counted on one side of the split."""

    people: Scores
    garments: GarmentScores
    shop: ShopScores = field(default_factory=ShopScores)
    #: Some of the garments, turned, by degrees.
    turned: Mapping[int, GarmentScores] = field(default_factory=dict)

    def parts(self) -> dict[str, Scored]:
        """List what was measured."""
        parts: dict[str, Scored] = {"people": self.people, "garments": self.garments}
        if self.shop.photos:
            parts["shop"] = self.shop
        return parts | {f"turned by {degrees}°": s for degrees, s in self.turned.items()}

    def table(self) -> str:
        """Give the numbers as Markdown, with the interval that each lies in."""
        return "\n\n".join(
            "\n".join((_heading(name, scores), "", *_rows(scores.summary(), intervals(scores))))
            for name, scores in self.parts().items()
        )

    def gains_over(self, before: Evaluation) -> str:
        """Give as Markdown what each number gained, with its interval."""
        theirs = before.parts()
        tables = []
        for name, scores in self.parts().items():
            first = theirs[name].summary()
            gains = {key: value - first[key] for key, value in scores.summary().items()}
            rows = _rows(gains, differences(theirs[name], scores), sign="+")
            tables.append("\n".join((_heading(name, scores), "", *rows)))
        return "\n\n".join(tables)


def _heading(name: str, scores: Scored) -> str:
    legend = LEGENDS.get(name, LEGENDS["garments"])
    return f"{name.capitalize()}, {len(scores.groups)} photos: {legend}"


def _rows(
    numbers: Mapping[str, float], spread: Mapping[str, Interval], sign: str = ""
) -> tuple[str, ...]:
    return (
        f"| {' | '.join(numbers)} |",
        "|---" * len(numbers) + "|",
        f"| {' | '.join(f'{value:{sign}.3f}' for value in numbers.values())} |",
        f"| {' | '.join('{:{s}.3f} … {:{s}.3f}'.format(*spread[n], s=sign) for n in numbers)} |",
    )


def evaluate(predictor: Predictor, split: Split, data: Path, cache: Path) -> Evaluation:
    """Run a network over one side of the split, without shop photos and turned ones."""
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


def evaluate_shop(predictor: Predictor, photos: Sequence[ShopPhoto]) -> ShopScores:
    """Run a network over the shop photos that have a mask of all of their garment."""
    scores = ShopScores()
    for photo in photos:
        if photo.mask and photo.view not in INCOMPLETE:
            answer = predictor.predict(read_photo(photo.photo))
            scores.add(answer, read_mask(photo), photo.class_set, photo.article)
    return scores


def evaluate_turned(predictor: Predictor, garments: Sequence[Garment]) -> dict[int, GarmentScores]:
    """Run a network over garments that lie on their side and on their head, and over the same ones upright."""
    turned = {quarters: GarmentScores() for quarters in range(4)}
    for garment in garments:
        rgb = read_photo(garment.photo)
        for quarters, scores in turned.items():
            answer = predictor.predict(np.ascontiguousarray(np.rot90(rgb, quarters)))
            scores.add(answer, garment.class_index, None)
    return {90 * quarters: scores for quarters, scores in turned.items()}


def evaluate_all(predictor: Predictor, split: Split, data: Path, cache: Path) -> Evaluation:
    """Run a network over everything that is never trained on."""
    return replace(
        evaluate(predictor, split, data, cache),
        shop=evaluate_shop(predictor, list_shop(data, validation=True)),
        turned=evaluate_turned(predictor, spread(split.garments, TURNED_PHOTOS)),
    )


def write(evaluation: Evaluation, predictor: Predictor, split: Split, folder: Path) -> None:
    """Write the numbers, the plots and a contact sheet into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = {
        **{name: scores.summary() for name, scores in evaluation.parts().items()},
        "people_confusion": evaluation.people.confusion.tolist(),
        "garment_confusion": evaluation.garments.largest.tolist(),
        "long_side": predictor.manifest.input.long_side,
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


def write_shop_sheet(predictor: Predictor, photos: Sequence[ShopPhoto], file: Path) -> None:
    """Write a contact sheet of shop photos, a view once."""
    views = {photo.view: photo for photo in photos if photo.mask}
    rgbs = [read_photo(photo.photo) for photo in spread(list(views.values()), 2 * SHEET_PHOTOS)]
    answers = [predictor.predict(rgb) for rgb in rgbs]
    alphas = [is_clothing(answer).astype(np.float32) for answer in answers]
    draw_contact_sheet(rgbs, answers, alphas, file)


def main() -> None:
    """Read the command line, evaluate, print the table."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="ccp/, clothing/ and backbone/")
    parser.add_argument("--model", type=Path, required=True, help="ONNX file; model.toml beside it")
    parser.add_argument("--output", type=Path, required=True, help="numbers, plots, cached masks")
    parser.add_argument("--long-side", type=int, help="default: the manifest's")
    parser.add_argument("--twice", action="store_true", help="as with CUTWORK_SECOND_LOOK")
    parser.add_argument(
        "--against", type=Path, help="ONNX file of another network, to compare with"
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    cv2.setNumThreads(1)
    split = list_split(arguments.data, validation=True)
    cache = arguments.output.parent / "masks"

    def measured(model: Path) -> tuple[Predictor, Evaluation]:
        predictor = Predictor.load(model)
        if arguments.long_side:
            predictor = predictor.at(arguments.long_side)
        predictor = predictor.looking_twice() if arguments.twice else predictor
        return predictor, evaluate_all(predictor, split, arguments.data, cache)

    predictor, evaluation = measured(arguments.model)
    write(evaluation, predictor, split, arguments.output)
    shop = list_shop(arguments.data, validation=True)
    if shop:
        write_shop_sheet(predictor, shop, arguments.output / "shop.png")
    _log.info("%s", evaluation.table())
    if arguments.against:
        _, before = measured(arguments.against)
        _log.info(
            "\nWhat was gained over %s:\n\n%s", arguments.against, evaluation.gains_over(before)
        )


if __name__ == "__main__":
    main()

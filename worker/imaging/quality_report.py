"""What can be measured of a job's pictures, so that people need to look only at the doubtful ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.wire.contract import Category
from shared.wire.report import Box, Reason, Report, Side
from worker.imaging.bounding_box import BoundingBox, cut_sides
from worker.imaging.patch import Patch
from worker.imaging.placement import Placement

#: Of the photo: less clothing is often a piece of something else.
_LITTLE = 0.02
#: Pixels of the picture for one of the photo: from here on an eye sees that it was enlarged.
_ENLARGED = 1.25
#: Of what a canvas is filled with beyond what was asked for: that of a rounded pixel or two is none.
_ROUNDED = 0.005
#: From here on `doubt_of` tells of more than edges: `tests.quality.doubts` measures what it points at.
_UNSURE = 0.2


class Remark(StrEnum):
    """What the photo could not give, however good the picture is."""

    #: It ends before the clothing does.
    CUT_BY_PHOTO = "cut_by_photo"
    #: It has fewer pixels than the canvas wants.
    ENLARGED = "enlarged"
    #: It cuts the clothing, which therefore takes more of the canvas than was asked for.
    OVERFILLED = "overfilled"


@dataclass(frozen=True, kw_only=True)
class QualityReport:
    """What was measured of `image_url`'s picture."""

    #: In the photo; None if the picture is empty.
    box: BoundingBox | None
    #: Of the photo's pixels, those that are clothing by more than half.
    share: float
    #: Likewise of each category that was asked for and found.
    class_share: Mapping[Category, float]
    cut_sides: tuple[Side, ...]
    #: Pixels of the picture for one of the photo.
    scale: float
    #: Of the picture's width or height, what the clothing takes: the larger of the two.
    fill: float
    #: Of the pixels of the picture on white, those that are pure white, before it is written; None without one.
    white: float | None
    reasons: tuple[Reason, ...]
    remarks: tuple[Remark, ...]

    def as_json(self) -> Report:
        """Write it down for the job table and for clients."""
        box = self.box
        return Report(
            box=box and Box(x=box.left, y=box.top, width=box.width, height=box.height),
            share=round(self.share, 4),
            class_share={it: round(share, 4) for it, share in self.class_share.items()},
            cut_sides=list(self.cut_sides),
            scale=round(self.scale, 4),
            fill=round(self.fill, 4),
            white=None if self.white is None else round(self.white, 4),
            look=bool(self.reasons),
            reasons=list(self.reasons),
            remarks=list(self.remarks),
        )


def look_at(
    alpha: Patch,
    pieces: Mapping[Category, Patch],
    box: BoundingBox | None,
    placement: Placement | None,
    white: float | None,
    *,
    doubt: float = 0.0,
    fill: float = 1.0,
) -> QualityReport:
    """Measure the picture of an opacity of the photo's size.

    Args:
        alpha: What the picture shows.
        pieces: The opacities of the categories that have a picture of their own.
        box: Where in the photo that is; None: nowhere.
        placement: Where it is in the picture; None: where it is in the photo.
        white: The share of pure white of the picture on white, if there is one.
        doubt: How unsure the network was, as `doubt_of` says.
        fill: The share of a canvas that was asked for.
    """
    cut = () if box is None else tuple(side for side in Side if side in cut_sides(box, alpha.shape))
    share = alpha.share
    scale = 1.0 if placement is None else placement.scale
    filled = _fill(box, placement, alpha.shape)
    remarks = {
        Remark.CUT_BY_PHOTO: bool(cut),
        Remark.ENLARGED: scale > _ENLARGED,
        Remark.OVERFILLED: filled > fill + _ROUNDED,
    }
    return QualityReport(
        box=box,
        share=share,
        class_share={category: piece.share for category, piece in pieces.items()},
        cut_sides=cut,
        scale=scale,
        fill=filled,
        white=white,
        reasons=tuple(_reasons(share, doubt, is_empty=not alpha.pixels.any())),
        remarks=tuple(remark for remark, is_so in remarks.items() if is_so),
    )


def _reasons(share: float, doubt: float, *, is_empty: bool) -> Iterator[Reason]:
    if is_empty:
        yield Reason.EMPTY
        return
    if share < _LITTLE:
        yield Reason.SMALL
    if doubt > _UNSURE:
        yield Reason.UNSURE


def _fill(box: BoundingBox | None, placement: Placement | None, shape: tuple[int, ...]) -> float:
    if box is None:
        return 0.0
    height, width, scale = shape[0], shape[1], 1.0
    if placement is not None:
        height, width, scale = placement.height, placement.width, placement.scale
    return min(1.0, max(box.width * scale / width, box.height * scale / height))

"""What a worker measured of `image_url`'s picture, as the job table keeps it and clients read it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from shared.wire.contract import Category
from shared.wire.types import Count, Share


class Side(StrEnum):
    """A side of a photo."""

    LEFT = "left"
    TOP = "top"
    RIGHT = "right"
    BOTTOM = "bottom"


class Reason(StrEnum):
    """Why somebody should look at a picture: it may be wrong."""

    EMPTY = "empty"
    SMALL = "small"
    #: As in a blur, in the dark, or of a pattern like its ground.
    UNSURE = "unsure"


#: What people are told of each: by the page, the documents, and the command `cutwork`.
REASONS: Mapping[Reason, str] = {
    Reason.EMPTY: "none of what was asked for was found",
    Reason.SMALL: "the clothing is a small part of the photo",
    Reason.UNSURE: "the network was not sure of much of it",
}


@with_config(ConfigDict(extra="forbid"))
class Box(TypedDict):
    """A rectangle of the photo's pixels."""

    x: Count
    y: Count
    width: Count
    height: Count


@with_config(ConfigDict(extra="allow"))
class Report(TypedDict):
    """What was measured of `image_url`'s picture; later releases may measure more."""

    #: None if the picture is empty.
    box: Box | None
    #: Of the photo's pixels, those that are clothing by more than half.
    share: Share
    #: Likewise of each category that was asked for and found. The release before did not measure it.
    class_share: NotRequired[dict[Category, Share]]
    cut_sides: list[Side]
    #: Pixels of the picture for one of the photo.
    scale: Annotated[float, Field(gt=0)]
    #: Of the picture's width or height, what the clothing takes: the larger of the two.
    fill: Share
    #: Of the pixels of the picture on white, those that are pure white; None without one.
    white: Share | None
    #: Whether somebody should look at it, and why.
    look: bool
    reasons: list[str]
    #: What the photo could not give; missing in reports of an earlier release.
    remarks: NotRequired[list[str]]

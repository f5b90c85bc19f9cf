"""The words and limits of the wire contract (docs/contract.md), as both sides use them."""

from __future__ import annotations

from datetime import timedelta
from enum import IntEnum, StrEnum


class Category(StrEnum):
    """What a piece of clothing is; the values are the wire's `cloth_class` words."""

    TOPS = "tops"
    COAT = "coat"
    #: Skirts and dresses.
    SKIRT = "skirt"
    PANTS = "pants"
    BAG = "bag"
    SHOES = "shoes"
    HAT = "hat"


class ReturnForm(StrEnum):
    """How every output image of a job looks; the values are the wire's `return_form` words."""

    #: RGBA, transparent around the clothing.
    CUTOUT = ""
    #: Single channel, 255 where there is clothing.
    MASK = "mask"
    #: RGB, the clothing on pure white.
    WHITE = "whiteBK"

    @property
    def word(self) -> str:
        """Its name on `/v1`: cutout, mask or white."""
        return self.name.lower()


class OutMode(IntEnum):
    """What `image_url` shows."""

    ALL_CLOTHING = 0
    REQUESTED_CATEGORIES = 1


class TaskType(StrEnum):
    """How long a POST waits for its job; the values are the wire's `task_type` words."""

    #: Until the job is done, at most `inline_wait`, and only while a waiting slot is free.
    INLINE = ""
    #: Until the job is done, at most `sync_wait`.
    SYNC = "sync"
    #: Not at all.
    ASYNC = "async"


MAX_IMAGE_BYTES = 5 * 1024 * 1024
#: Sides must be longer than this, in pixels.
MIN_SIDE_EXCLUSIVE = 50
#: Sides must be shorter than this, in pixels.
MAX_SIDE_EXCLUSIVE = 3000

#: How long results can be read, counted from the moment the job finished.
RESULT_LIFETIME = timedelta(hours=24)

"""What clients send: a seeded stream of small photos, good ones and bad ones, each with its right end."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from PIL import Image

from shared.errors import ErrorCode
from tests.pictures import encoded, jpeg, photo

Kind = Literal["person", "nothing to wear", "damaged"]

_SIDES = (64, 72, 80, 96, 112, 128)
_CLOTHES = ("", "tops", "tops,pants", "coat,shoes")
_TASK_TYPES = ("async", "async", "async", "", "sync")

#: The one error that each kind of photo may end with.
RIGHT_ERROR: Mapping[Kind, ErrorCode | None] = {
    "person": None,
    "nothing to wear": ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED,
    "damaged": ErrorCode.FILE_DECODING_FAILURE,
}


@dataclass(frozen=True)
class Order:
    """One request, which may be sent several times if it has a key."""

    kind: Kind
    picture: bytes = field(repr=False)
    width: int
    height: int
    fields: Mapping[str, str]
    key: str | None
    #: Whether somebody is told of the end, by a webhook.
    is_told: bool = False

    @property
    def content(self) -> tuple[int, str]:
        """What decides the answer."""
        return hash(self.picture), self.fields.get("cloth_class", "")


def orders(seed: str) -> Iterator[Order]:
    """Make requests without end."""
    chance = random.Random(seed)
    count = 0
    while True:
        count += 1
        kind: Kind = chance.choices(("person", "nothing to wear", "damaged"), (8, 1, 1))[0]
        width, height = chance.choice(_SIDES), chance.choice(_SIDES)
        fields = {
            "task_type": chance.choice(_TASK_TYPES),
            "cloth_class": chance.choice(_CLOTHES),
        }
        yield Order(
            kind=kind,
            picture=_picture(kind, width, height, chance.choice(("JPEG", "PNG"))),
            width=width,
            height=height,
            fields={name: value for name, value in fields.items() if value},
            key=f"{seed}-{count}" if chance.random() < 0.3 else None,
            is_told=chance.random() < 0.3,
        )


def _picture(kind: Kind, width: int, height: int, file_format: str) -> bytes:
    if kind == "damaged":
        whole = jpeg(photo(width, height))
        return whole[: len(whole) * 2 // 3]
    image = photo(width, height)
    if kind == "nothing to wear":
        image = Image.new("RGB", (width, height), (width, height, 128))
    return encoded(image, file_format)

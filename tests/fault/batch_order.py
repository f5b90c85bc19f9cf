"""A batch for a run under faults: lines of photos, good ones and bad ones, each with its right end."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass

from shared.errors import ErrorCode
from tests.fault.order import RIGHT_ERROR, Order, orders
from tests.file_server import Answer, FileServer

_PHOTOS = 40
_TOLD = 0.1
_MISSING = ErrorCode.IMAGE_URL_UNREACHABLE


@dataclass(frozen=True)
class Line:
    """One line, and what has to become of it."""

    number: int
    url: str
    cloth_class: str
    #: None: success.
    right_error: ErrorCode | None
    #: Whether somebody is told of its end.
    is_told: bool

    @property
    def reference(self) -> str:
        return f"SKU-{self.number}"

    def text(self, callback_url: str) -> str:
        fields = {
            "image_url": self.url,
            "cloth_class": self.cloth_class,
            "reference": self.reference,
            **({"callback_url": callback_url} if self.is_told else {}),
        }
        return json.dumps(fields) + "\n"


def make_lines(seed: str, count: int, photos: FileServer) -> list[Line]:
    """Let the server have some photos, and make lines that name them; one in fifty names none that is there."""
    chance = random.Random(seed)
    stream = orders(seed)
    known = [
        (_serve(photos, index, order), order)
        for index, order in zip(range(_PHOTOS), stream, strict=False)
    ]
    lines = []
    for number in range(1, count + 1):
        url, order = chance.choice(known)
        is_missing = chance.random() < 0.02
        lines.append(
            Line(
                number=number,
                url=f"{photos.url}/missing/{number}" if is_missing else url,
                cloth_class=order.fields.get("cloth_class", ""),
                right_error=_MISSING if is_missing else RIGHT_ERROR[order.kind],
                is_told=chance.random() < _TOLD,
            )
        )
    return lines


def write_body(lines: Sequence[Line], callback_url: str) -> bytes:
    return "".join(line.text(callback_url) for line in lines).encode()


def _serve(photos: FileServer, index: int, order: Order) -> str:
    picture = order.picture
    return photos.answer(f"/{index}", Answer(picture, announced_bytes=len(picture)))

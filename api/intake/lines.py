"""The lines of a body, as they come: never more than one of them, and a piece of the body, is in memory."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from io import RawIOBase
from typing import NamedTuple

from flask import Request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wsgi import LimitedStream, get_input_stream

from api.intake.upload_deadline import upload_deadline
from shared.errors import ErrorCode, Refused

#: Fifty thousand lines of more than a kilobyte each.
MAX_BODY_BYTES = 64 * 1024 * 1024
#: A URL, a callback and all metadata that a job may have, with each of their letters escaped.
MAX_LINE_BYTES = 128 * 1024
#: Ten an item: a row of CSV may be several. What goes beyond is empty.
MAX_LINES = 500_000
#: How long a body may take to come in.
SECONDS = 600.0

_PIECE_BYTES = 64 * 1024
#: Lines that are looked at in one go: less than a millisecond.
_A_TURN = 500
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One line."""

    #: Counted from 1.
    number: int
    #: Without its end; None: it is too long, or not UTF-8.
    text: str | None


class Lines:
    """Reads a body once, line by line."""

    def __init__(self, received: Request) -> None:
        """Read nothing yet."""
        self._stream: RawIOBase = LimitedStream(
            get_input_stream(received.environ), MAX_BODY_BYTES + 1, is_max=True
        )
        self._announced = received.content_length
        self._digest = hashlib.sha256()
        self._size = 0

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what was read, hexadecimal."""
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[Line]:
        """Give each line, empty ones too.

        Raises:
            Refused: The body is cut off, cannot be read, or is too large.
            RequestTimeout: It did not arrive in time.
        """
        number, rest, is_skipping = 1, b"", False
        for piece in self._pieces():
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                _check(number)
                yield Line(number, None if is_skipping else _text_of(line))
                number, is_skipping = number + 1, False
            if len(rest) > MAX_LINE_BYTES:
                # The rest of a line that is too long is not kept.
                rest, is_skipping = b"", True
        if rest or is_skipping:
            yield Line(number, None if is_skipping else _text_of(rest))

    def read_to_the_end(self) -> None:
        """Read what is left, for its fingerprint alone."""
        for _ in self._pieces():
            continue

    def _pieces(self) -> Iterator[bytes]:
        if (self._announced or 0) > MAX_BODY_BYTES:
            raise _too_large()
        end = time.monotonic() + SECONDS
        while piece := self._read(end - time.monotonic()):
            if not self._size:
                piece = piece.removeprefix(_BYTE_ORDER_MARK)
            self._size += len(piece)
            self._digest.update(piece)
            yield piece

    def _read(self, seconds: float) -> bytes:
        try:
            with upload_deadline(max(seconds, 0.001)):
                piece: bytes = self._stream.read(_PIECE_BYTES) or b""
        except ParseException:
            raise _cut_off() from None
        except RequestEntityTooLarge:
            raise _too_large() from None
        if not piece and self._stream.tell() < (self._announced or 0):
            raise _cut_off()
        return piece


def _check(number: int) -> None:
    """Bound what empty lines cost: nobody counts them as items.

    Raises:
        Refused: There are too many.
    """
    if number > MAX_LINES:
        raise Refused(
            ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE,
            f"The body of a batch may have {MAX_LINES} lines. Send several batches.",
        )
    if number % _A_TURN == 0:
        # Others that this process serves get a turn.
        time.sleep(0)


def _text_of(line: bytes) -> str | None:
    if len(line) > MAX_LINE_BYTES:
        return None
    try:
        return line.removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        return None


def _too_large() -> Refused:
    return Refused(
        ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE,
        f"The body of a batch may have {MAX_BODY_BYTES} bytes. Send several batches.",
    )


def _cut_off() -> Refused:
    return Refused(
        ErrorCode.ERROR_PARAMETERS,
        "The body is cut off, or its chunks cannot be read. Nothing of the batch is kept: send it again.",
    )

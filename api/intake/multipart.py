"""Multipart bodies (RFC 7578): from bytes to the parts of a form, read as they come and kept within limits.

File names come in any encoding and are used for nothing, so none is a reason to refuse a form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from io import RawIOBase
from typing import IO, NamedTuple

from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Event, Field, File, MultipartDecoder, NeedData, State

from shared.errors import ErrorCode, Refused

#: `/v1/jobs` knows a photo, some options, and pairs of metadata; real clients add fields of their own.
MAX_PARTS = 64
#: Also what may stand before the form, and in the head of a part.
MAX_TEXT_BYTES = 256 * 1024

_CHUNK_BYTES = 64 * 1024
#: What the content of a text field may be declared as; without a declaration it is text, too (RFC 7578, 4.4).
_TEXT = ("text/", "application/json", "application/x-www-form-urlencoded")
#: For a `Content-Disposition` that is not quoted as it should be: a Shift-JIS file name may end in a backslash.
_NAME = re.compile(r';\s*name\s*=\s*"?([^";]*)', re.IGNORECASE)
#: The first parameter, as clients write it: a file name with quotes in it may look like another name behind it.
_FIRST_NAME = re.compile(
    r'[^;"]*;\s*name\s*=\s*(?:"([^"\\]*)"|([^";\s\\]+))\s*(?:;|$)', re.IGNORECASE
)
#: Of a part that begins with its content at once.
_NO_HEAD = (b"\r\n", b"\n")
_FILE_NAME = re.compile(r";\s*filename\*?[\d*]*\s*=", re.IGNORECASE)


class Part(NamedTuple):
    """One part of a form."""

    name: str
    #: Whether it has a file name, or the `Content-Type` of a file.
    is_file: bool
    #: In lower case; empty: as it is.
    transfer_encoding: str
    #: At its beginning.
    content: IO[bytes]


class TextTooLong(Exception):
    """Raised for a text field of more than `MAX_TEXT_BYTES`."""

    def __init__(self, name: str) -> None:
        """Keep the name of the field."""
        super().__init__(name)
        self.name = name


def read_parts(
    stream: RawIOBase, boundary: str, new_file: Callable[[], IO[bytes]]
) -> Iterator[Part]:
    """Read a form to its end, part by part.

    Args:
        stream: The body.
        boundary: Of the `Content-Type`; empty: it names none.
        new_file: Makes the place for the content of one part.

    Raises:
        Refused: ERROR_PARAMETERS: what cannot be read, and why.
        TextTooLong: A text field is over its limit.
        RequestEntityTooLarge: The head of a part, or the number of parts, is over its limit.
    """
    if not boundary:
        raise _unreadable(
            "The `Content-Type` names no usable `boundary`. Let your HTTP library write this header: it knows it."
        )
    decoder = _Decoder(boundary.encode("latin-1", "replace"), MAX_TEXT_BYTES, max_parts=MAX_PARTS)
    part = None
    for data in iter(partial(stream.read, _CHUNK_BYTES), b""):
        for event in _events(decoder, data):
            if isinstance(event, (Field, File)):
                part = _begin(event, new_file())
            elif isinstance(event, Data) and part is not None:
                _append(part, event.data)
                if not event.more_data:
                    part.content.seek(0)
                    yield part
    if decoder.state is not State.EPILOGUE:
        raise _unfinished(decoder)


class _Decoder(MultipartDecoder):
    """werkzeug's, for heads that are not UTF-8, too."""

    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        return super()._parse_headers(bytes(data).decode("utf-8", "replace").encode())


def _events(decoder: _Decoder, data: bytes) -> Iterator[Event]:
    """Decode more of a body; what comes after the end of the form is of no interest."""
    if decoder.state is State.EPILOGUE:
        return
    try:
        decoder.receive_data(data)
        while not isinstance(event := decoder.next_event(), NeedData):
            yield event
    except ValueError:
        raise _nameless() from None
    except RequestEntityTooLarge:
        if decoder.state is State.PREAMBLE:
            raise _unfinished(decoder) from None
        raise


def _begin(head: Field | File, content: IO[bytes]) -> Part:
    disposition = head.headers["content-disposition"]
    content_type = head.headers.get("content-type", "").lower()
    is_file = (
        isinstance(head, File)
        or _FILE_NAME.search(disposition) is not None
        or (content_type != "" and not content_type.startswith(_TEXT))
    )
    encoding = head.headers.get("content-transfer-encoding", "").strip().lower()
    return Part(_name(head.name, disposition), is_file, encoding, content)


def _name(parsed: str | None, disposition: str) -> str:
    if found := _FIRST_NAME.match(disposition):
        return found[1] or found[2] or ""
    if parsed is not None:
        return parsed
    if found := _NAME.search(disposition):
        return found[1]
    raise _nameless()


def _append(part: Part, data: bytes) -> None:
    part.content.write(data)
    if not part.is_file and part.content.tell() > MAX_TEXT_BYTES:
        raise TextTooLong(part.name)


def _unfinished(decoder: MultipartDecoder) -> Refused:
    if decoder.state is State.PREAMBLE and not decoder.buffer:
        return _unreadable("The body is empty.")
    if decoder.state is State.PREAMBLE:
        return _unreadable(
            "The `boundary` of the `Content-Type` does not occur in the body. "
            "Let your HTTP library write this header: it knows it."
        )
    if decoder.state is State.PART and decoder.buffer.startswith(_NO_HEAD):
        return _nameless()
    return _unreadable("The form is cut off: its closing boundary is missing.")


def _nameless() -> Refused:
    return _unreadable(
        "A part of the form has no name. Send each with a line such as "
        '`Content-Disposition: form-data; name="image"; filename="photo.jpg"`.'
    )


def _unreadable(message: str) -> Refused:
    return Refused(ErrorCode.ERROR_PARAMETERS, message)

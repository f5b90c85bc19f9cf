"""Whether the data of a JPEG end as an encoder ends them: the last byte is filled up with ones.

Zeros that were written over a plain ground are a plain ground too, of another size. Then the picture is full too early,
anywhere within a byte.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np

from worker.imaging.turbo_jpeg import decode_with

EOI = b"\xff\xd9"
#: libjpeg does not tell of the last bytes that it has read ahead.
_MOST_UNREAD = 15


def ends_as_written(stream: bytes, colours: str) -> bool:
    """Whether no bits of the last byte are left over, or they are ones. The picture decodes without a warning."""
    data = _without_unread(stream.removesuffix(EOI), colours)
    # An escaped 0xFF is all ones.
    if data[-1] & 1 or data.endswith(b"\xff\0"):
        return True
    filled = data[:-1] + bytes([data[-1] | 1]).replace(b"\xff", b"\xff\0")
    return not _is_enough(filled, colours) or not np.array_equal(
        decode_with(filled + EOI, colours), decode_with(data + EOI, colours)
    )


def _without_unread(data: bytes, colours: str) -> bytes:
    def is_too_much(count: int) -> bool:
        return not _is_enough(data[:-count], colours)

    unread = bisect_left(range(1, _MOST_UNREAD + 1), True, key=is_too_much)
    return data[: len(data) - unread]


def _is_enough(data: bytes, colours: str) -> bool:
    try:
        decode_with(data + EOI, colours)
    except ValueError as error:
        return "extraneous" in str(error)
    return True

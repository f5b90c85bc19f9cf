"""Whether the scans of a JPEG end as an encoder ends them: the last byte is filled up with ones, and nothing follows.

Zeros that were written over a plain ground are a plain ground too, of another size. Then the picture is full too early,
anywhere within a byte, and what is left over is the end of a picture itself.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import NamedTuple

import numpy as np

from worker.imaging.jpeg_holes import has_zeros
from worker.imaging.jpeg_scans import Scan, read_scans
from worker.imaging.turbo_jpeg import decode_with

#: libjpeg does not tell of the last bytes that it has read ahead.
_MOST_UNREAD = 15
#: A plain ground, filled up with ones.
_END_OF_PLAIN = re.compile(rb"\0[\x01\x03\x07\x0f\x1f\x3f\x7f]$")


def end_as_written(stream: bytes, whole: bytes, colours: str, *, has_end: bool) -> bool:
    """Tell it of a picture that decodes without a warning.

    Args:
        stream: Without the bytes that libjpeg told to be too many.
        whole: With them.
        colours: What `simplejpeg` calls them.
        has_end: Whether the end of `whole` is the picture's own.
    """
    scans, before = read_scans(stream), read_scans(whole)
    *inner, last = scans
    # Nobody is known to leave bytes over within a picture and to have a plain ground.
    if any(
        has_zeros(stream, scan) and scan.end - scan.start < written.end - written.start
        for scan, written in zip(inner, before, strict=False)
    ):
        return False
    if not has_zeros(stream, last):
        return True
    ending = _Ending(stream, last, colours)
    unread = ending.count_unread()
    written = whole[before[-1].start : before[-1].end]
    if last.end - unread - last.start == len(written):
        return True
    is_end_of_picture = has_end and _END_OF_PLAIN.search(written)
    return not is_end_of_picture and ending.is_filled_up(unread)


class _Ending(NamedTuple):
    """The end of one scan."""

    stream: bytes
    scan: Scan
    colours: str

    def count_unread(self) -> int:
        """Tell how many bytes nobody would miss."""
        # Of nearly all not even the last one.
        if not self._is_enough(self._without(1)):
            return 0
        return bisect_left(
            range(1, _MOST_UNREAD + 1), True, key=lambda n: not self._is_enough(self._without(n))
        )

    def is_filled_up(self, unread: int) -> bool:
        """Whether no bits of the last byte before those are left over, or they are ones."""
        data = self.stream[self.scan.start : self.scan.end - unread]
        # An escaped 0xFF is all ones.
        if data[-1] & 1 or data.endswith(b"\xff\0"):
            return True
        last = bytes([data[-1] | 1]).replace(b"\xff", b"\xff\0")
        filled, plain = self._without(unread + 1, last), self._without(unread)
        return not self._is_enough(filled) or not np.array_equal(
            decode_with(filled, self.colours), decode_with(plain, self.colours)
        )

    def _without(self, count: int, instead: bytes = b"") -> bytes:
        end = self.scan.end
        return self.stream[: end - count] + instead + self.stream[end:]

    def _is_enough(self, stream: bytes) -> bool:
        try:
            decode_with(stream, self.colours)
        except ValueError as error:
            return "extraneous" in str(error)
        return True

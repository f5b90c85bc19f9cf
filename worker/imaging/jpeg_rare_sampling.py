"""JPEGs whose chroma is sampled in a way that TurboJPEG does not know, such as 4:1:0.

Pillow decodes them by the same libjpeg, and says nothing of data that are missing: it reads zeros there. So it decodes
twice, the second time with something else behind each piece of the data. A whole picture stays the same.
"""

from __future__ import annotations

import io
import itertools
import re

import numpy as np
from PIL.JpegImagePlugin import JpegImageFile

from shared.errors import ErrorCode, Refused
from shared.image_files import jpeg_segments
from worker.imaging.jpeg_holes import has_hole
from worker.imaging.jpeg_scans import (
    EOI,
    MOST_EXTRANEOUS,
    read_sampling,
    read_scans,
    restarts_are_all_there,
)
from worker.imaging.photo import Pixels, strips

#: Neither zeros, which libjpeg takes for what is missing, nor ones, which are no code. Longer than what it reads ahead.
_SOMETHING_ELSE = b"\x5a\xa5" * 16
#: Any number of fill bytes may stand before a marker.
_RESTART = re.compile(rb"\xff+[\xd0-\xd7]")
#: Segments that say how the pixels are coded, and of what colours they are.
_WITHOUT_MEANING = {*range(0xE1, 0xEE), 0xEF, 0xFE}


def decode_rare(stream: bytes, *, has_end: bool) -> Pixels:
    """Decode a picture that ends behind its last scan.

    Args:
        stream: The picture.
        has_end: Whether that end is its own. Otherwise a maker's notes of any length may stand there.

    Returns:
        (H, W) for grey, (H, W, 3) for colour, (H, W, 4) for CMYK: 255 for full ink.

    Raises:
        Refused: UNSUPPORTED_FILE_TYPES for factors that are no multiples of each other, or FILE_DECODING_FAILURE.
        OSError, ValueError: What Pillow raises of damaged ones.
    """
    if not _is_supported(stream):
        raise Refused(
            ErrorCode.UNSUPPORTED_FILE_TYPES,
            "This is a JPEG whose chroma sampling has fractions, such as 3 to 2. Please save it with a usual one, such "
            "as 4:2:0, or as a PNG.",
        )
    scans = read_scans(stream)
    # Zeros too many before the end are no hole.
    if has_hole(stream[: scans[-1].end].rstrip(b"\0") + EOI) or not restarts_are_all_there(
        stream, scans
    ):
        raise _damaged()
    pixels = np.asarray(_open(stream))
    if not _looks_like(pixels, _with_something_else(stream)):
        raise _damaged()
    shorter = scans[-1].end - MOST_EXTRANEOUS
    # What nobody misses was too much.
    if (
        has_end
        and shorter > scans[-1].start
        and _looks_like(pixels, stream[:shorter] + _SOMETHING_ELSE + EOI)
    ):
        raise _damaged()
    return pixels


def _is_supported(stream: bytes) -> bool:
    """Whether the samples of each component, across and down, are repeated a whole number of times."""
    sampling = read_sampling(stream).values()
    return all(
        max(factors) % factor == 0
        for factors in zip(*sampling, strict=True)
        for factor in factors
        if factor
    )


def _open(stream: bytes) -> JpegImageFile:
    segments = jpeg_segments.read_segments(stream)
    kept, end = [], 0
    for segment in segments:
        end = segment.end
        if segment.marker not in _WITHOUT_MEANING:
            kept.append(stream[segment.start : end])
    picture = JpegImageFile(io.BytesIO(b"".join([stream[:2], *kept, stream[end:]])))
    picture.load()
    return picture


def _with_something_else(stream: bytes) -> bytes:
    """Put it behind each piece: where a restart or the end of a scan stands."""
    places = []
    for scan in read_scans(stream):
        data = stream[: scan.end]
        places += [found.start() for found in _RESTART.finditer(data, scan.start)]
        places.append(len(data.rstrip(b"\xff")))
    return _SOMETHING_ELSE.join(
        stream[start:end] for start, end in itertools.pairwise([0, *places, len(stream)])
    )


def _looks_like(pixels: Pixels, stream: bytes) -> bool:
    picture = _open(stream)
    width, height = picture.size
    return all(
        np.array_equal(pixels[rows], np.asarray(picture.crop((0, rows.start, width, rows.stop))))
        for rows in strips(height)
    )


def _damaged() -> Refused:
    return Refused(
        ErrorCode.FILE_DECODING_FAILURE,
        "The JPEG is damaged, or cut off: not all of its pixels are there.",
    )

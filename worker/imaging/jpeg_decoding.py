"""JPEG to pixels, if the data of all its pixels are there.

A decoder fills what is missing with grey and warns. libjpeg-turbo, as `simplejpeg` binds it, tells of its first
warning: so what is harmless is taken out of the file beforehand (whatever lies behind the picture) or afterwards (a few
bytes too many), and what is left to warn of is damage. Its pixels are those of OpenCV, which says nothing of warnings.
"""

from __future__ import annotations

import re
import struct
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import simplejpeg

from shared.errors import ErrorCode, Refused
from shared.image_files import jpeg_segments
from worker.imaging.photo import Pixels

#: Channels → what `simplejpeg` calls their colours.
_COLOURS = {1: "GRAY", 4: "CMYK"}
_EOI = b"\xff\xd9"
_DQT, _DHT, _DRI, _COM, _APP0, _APP14 = 0xDB, 0xC4, 0xDD, 0xFE, 0xE0, 0xEE
#: What may stand between two scans; anything else ends the picture.
_BETWEEN_SCANS = frozenset({_DQT, _DHT, _DRI, _COM, jpeg_segments.SOS, *range(0xE0, 0xF0)})
#: Of a photo there are about ten. A scan of 23 bytes can cost a pass over all pixels: 5 MB of them, 20 minutes.
_MAX_SCANS = 200
_COEFFICIENTS = 64
_PROGRESSIVE = frozenset({0xC2, 0xCA})

#: libjpeg's words (jerror.h) for bytes that no pixel needed.
_EXTRANEOUS = re.compile(r"(\d+) extraneous bytes before marker 0x([0-9a-f]+)")
#: Cameras leave some; many of them are what a hole in the data leaves over.
_MOST_EXTRANEOUS = 2048
#: A picture of one colour may have such a stretch, and no bytes too many.
_HOLE = bytes(128)
#: libjpeg's words for headers that it understands all the same.
_HARMLESS = re.compile(r"unknown JFIF revision|Unknown Adobe color transform")
_ICC_PREFIX = b"ICC_PROFILE\0"


def decode_jpeg(data: bytes, channels: int) -> Pixels:
    """Decode to colours as they are stored.

    Args:
        data: The file.
        channels: 1, 3 or 4, as its header says.

    Returns:
        (H, W) for grey, (H, W, 3) for colour, (H, W, 4) for CMYK: 255 for full ink.

    Raises:
        Refused: FILE_DECODING_FAILURE.
    """
    colours = _COLOURS.get(channels, "RGB")
    stream, has_end = _picture_alone(data)
    try:
        pixels = _strictly(stream, colours)
    except ValueError as error:
        pixels = _in_spite_of(str(error), stream, colours, has_end=has_end)
    if colours == "GRAY":
        return pixels[..., 0]
    # Adobe stores the paper that is left, and so does everybody else.
    return 255 - pixels if colours == "CMYK" else pixels


def read_profile(data: bytes) -> bytes:
    """Join the pieces of a JPEG's ICC profile; empty without one, or if pieces are missing."""
    pieces = {}
    for segment in jpeg_segments.read_segments(data):
        content = segment.content
        if segment.marker == jpeg_segments.APP2 and content.startswith(_ICC_PREFIX):
            number, count = content[12:13], content[13:14]
            pieces[number] = content[14:]
            if len(pieces) == count[0]:
                return b"".join(pieces[key] for key in sorted(pieces))
    return b""


def _strictly(stream: bytes, colours: str) -> Pixels:
    """Decode, or raise `ValueError` with libjpeg's first error or warning."""
    return np.asarray(simplejpeg.decode_jpeg(stream, colours, strict=True), np.uint8)


def _leniently(stream: bytes, colours: str) -> Pixels:
    return np.asarray(simplejpeg.decode_jpeg(stream, colours, strict=False), np.uint8)


def _in_spite_of(complaint: str, stream: bytes, colours: str, *, has_end: bool) -> Pixels:
    """Decode what libjpeg complained of, if that was no harm."""
    extraneous = _EXTRANEOUS.search(complaint)
    if extraneous is None:
        if _HARMLESS.search(complaint):
            return _without_words(stream, colours)
        raise _damaged()
    count, marker = int(extraneous[1]), int(extraneous[2], 16)
    # Without an end of its own the file may go on with a maker's notes of any length.
    if has_end and count > _MOST_EXTRANEOUS:
        raise _damaged()
    is_at_end = marker == _EOI[1]
    if is_at_end:
        stream = stream[: len(stream) - len(_EOI) - count] + _EOI
    # Bytes too many and a stretch of nothing before them: what was written over had needed them.
    *_, scan = jpeg_segments.read_segments(stream)
    if stream.find(_HOLE, scan.end) >= 0:
        raise _damaged()
    try:
        return _strictly(stream, colours) if is_at_end else _leniently(stream, colours)
    except ValueError:
        raise _damaged() from None


def _without_words(stream: bytes, colours: str) -> Pixels:
    """Decode without the segments that libjpeg warns of: who wrote them, and by which version."""
    segments = list(jpeg_segments.read_segments(stream))
    kept = [stream[s.start : s.end] for s in segments if s.marker not in {_APP0, _APP14}]
    try:
        return _strictly(b"".join([stream[:2], *kept, stream[segments[-1].end :]]), colours)
    except ValueError:
        raise _damaged() from None


def _picture_alone(data: bytes) -> tuple[bytes, bool]:
    """Cut off what lies behind the picture, and end it; tells whether it had an end of its own.

    Raises:
        Refused: It has too many scans, or lacks some.
    """
    *head, scan = jpeg_segments.read_segments(data)
    scans, end = [scan.content], jpeg_segments.find_end_of_scan(data, scan.end)
    while (following := _next_scan(data, end)) is not None:
        scans.append(following.content)
        if len(scans) > _MAX_SCANS:
            raise Refused(ErrorCode.FILE_DECODING_FAILURE, "The JPEG has too many scans.")
        end = jpeg_segments.find_end_of_scan(data, following.end)
    frame = next(segment for segment in head if segment.marker in jpeg_segments.FRAMES)
    if not _are_all_there(frame, scans):
        raise _damaged()
    return data[:end] + _EOI, data.startswith(_EOI, end)


def _next_scan(data: bytes, position: int) -> jpeg_segments.Segment | None:
    """Find the scan that goes on with the picture, if it does not end here."""
    if data[position + 1 : position + 2] == _EOI[1:]:
        return None
    try:
        for segment in jpeg_segments.read_segments(data, position):
            if segment.start != position or segment.marker not in _BETWEEN_SCANS:
                return None
            if segment.marker == jpeg_segments.SOS:
                return segment
            position = segment.end
    except jpeg_segments.MalformedJpeg:
        return None
    return None


def _are_all_there(frame: jpeg_segments.Segment, scans: list[bytes]) -> bool:
    """Whether the scans hold all components, and of a progressive picture all coefficients to the last bit.

    A picture that was cut between two scans is whole and coarse, and no decoder warns of it.
    """
    components = set(frame.content[6 : 6 + 3 * frame.content[5] : 3])
    if frame.marker not in _PROGRESSIVE:
        return components == {c for scan in scans for c, *_ in _coefficients(scan)}
    exact: defaultdict[int, set[int]] = defaultdict(set)
    for scan in scans:
        for component, first, last, missing_bits in _coefficients(scan):
            if missing_bits == 0:
                exact[component].update(range(first, last + 1))
    return all(len(exact[component]) >= _COEFFICIENTS for component in components)


def _coefficients(scan: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield, for each component of a scan: its id, the first and the last coefficient, the bits still missing."""
    try:
        count = scan[0]
        first, last, approximation = struct.unpack_from(">BBB", scan, 1 + 2 * count)
    except (IndexError, struct.error):
        return
    for at in range(1, 1 + 2 * count, 2):
        yield scan[at], first, min(last, _COEFFICIENTS - 1), approximation & 0x0F


def _damaged() -> Refused:
    return Refused(
        ErrorCode.FILE_DECODING_FAILURE,
        "The JPEG is damaged, or cut off: not all of its pixels are there.",
    )

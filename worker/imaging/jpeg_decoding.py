"""JPEG to pixels, if the data of all its pixels are there.

A decoder fills what is missing with grey and warns. libjpeg-turbo, as `simplejpeg` binds it, tells of its first
warning: so what is harmless is taken out of the file, a few times, and what is left to warn of is damage. Its pixels
are those of OpenCV, which says nothing of warnings.
"""

from __future__ import annotations

import re

from shared.errors import ErrorCode, Refused
from shared.image_files import jpeg_segments
from worker.imaging.jpeg_ending import end_as_written
from worker.imaging.jpeg_holes import has_hole
from worker.imaging.jpeg_rare_sampling import decode_rare
from worker.imaging.jpeg_scans import (
    EOI,
    MOST_EXTRANEOUS,
    are_all_there,
    read_scans,
    restarts_are_all_there,
)
from worker.imaging.photo import Pixels
from worker.imaging.turbo_jpeg import RareSampling, decode_with

#: Channels → what `simplejpeg` calls their colours.
_COLOURS = {1: "GRAY", 4: "CMYK"}
_APP0, _APP14 = 0xE0, 0xEE
_RESTARTS = range(0xD0, 0xD8)
#: Markers that libjpeg skips: one behind each scan, and its complaint names the scan.
_LABELS = range(0xE3, 0xEE)

#: libjpeg's words (jerror.h) for bytes that no pixel needed.
_EXTRANEOUS = re.compile(r"(\d+) extraneous bytes before marker 0x([0-9a-f]+)")
#: Few within the picture are no harm.
_MOST_WITHIN = 64
#: libjpeg's words for headers that it understands all the same, and for a profile that is not whole.
_HARMLESS = re.compile(r"unknown JFIF revision|Unknown Adobe color transform|bad ICC marker")
#: Each costs a pass over the data. A few bytes that libjpeg had read ahead are told of again, up to three times.
_MOST_PASSES = 7
_ICC_PREFIX = b"ICC_PROFILE\0"
#: The prefix, the number of the piece from 1, and how many there are.
_ICC_HEAD = len(_ICC_PREFIX) + 2


def decode_jpeg(data: bytes, channels: int) -> Pixels:
    """Decode to colours as they are stored.

    Args:
        data: The file.
        channels: 1, 3 or 4, as its header says.

    Returns:
        (H, W) for grey, (H, W, 3) for colour, (H, W, 4) for CMYK: 255 for full ink.

    Raises:
        Refused: FILE_DECODING_FAILURE, or UNSUPPORTED_FILE_TYPES for a chroma sampling that no decoder here knows.
    """
    colours = _COLOURS.get(channels, "RGB")
    stream, has_end = _picture_alone(data)
    try:
        pixels = _decode(stream, colours, has_end=has_end)
    except RareSampling:
        return decode_rare(stream, has_end=has_end)
    if colours == "GRAY":
        return pixels[..., 0]
    # Adobe stores the paper that is left, and so does everybody else.
    return 255 - pixels if colours == "CMYK" else pixels


def read_profile(data: bytes) -> bytes:
    """Join the pieces of a JPEG's ICC profile; empty without one, or if pieces are missing."""
    pieces: dict[int, bytes] = {}
    counts = set[int]()
    for segment in jpeg_segments.read_segments(data):
        content = segment.content
        if segment.marker == jpeg_segments.APP2 and content.startswith(_ICC_PREFIX):
            number_and_count = content[len(_ICC_PREFIX) : _ICC_HEAD]
            if len(number_and_count) < _ICC_HEAD - len(_ICC_PREFIX):
                return b""
            number, count = number_and_count
            counts.add(count)
            pieces.setdefault(number, content[_ICC_HEAD:])
    if len(counts) != 1 or sorted(pieces) != list(range(1, counts.pop() + 1)):
        return b""
    return b"".join(pieces[number] for number in sorted(pieces))


def _picture_alone(data: bytes) -> tuple[bytes, bool]:
    """Cut off what lies behind the picture, and end it; tells whether it had an end of its own.

    Raises:
        Refused: It has too many scans, or lacks some.
    """
    scans = read_scans(data)
    if not are_all_there(data, scans):
        raise _damaged()
    end = scans[-1].end
    return data[:end] + EOI, data.startswith(EOI, end)


def _decode(stream: bytes, colours: str, *, has_end: bool) -> Pixels:
    """Decode without a complaint, after taking out what libjpeg complained of, if that was no harm."""
    allowance, whole = MOST_EXTRANEOUS, stream
    for _ in range(_MOST_PASSES):
        try:
            pixels = decode_with(stream, colours)
        except ValueError as error:
            complaint = str(error)
        else:
            if _is_overwritten(stream, whole, colours, has_end=has_end):
                break
            return pixels
        extraneous = _EXTRANEOUS.search(complaint)
        if extraneous is None:
            stream = whole = _without_words(stream, complaint)
            continue
        count, marker = int(extraneous[1]), int(extraneous[2], 16)
        is_within = marker != EOI[1]
        # Without an end of its own the file may go on with a maker's notes of any length.
        allowance -= count if has_end or is_within else 0
        if allowance < 0 or (is_within and count > _MOST_WITHIN):
            break
        stream = _without_bytes(stream, count, marker)
        # What was written over with zeros had needed the bytes that are too many.
        if has_hole(stream):
            break
        if marker in _RESTARTS:
            return _leniently(stream, colours)
    raise _damaged()


def _is_overwritten(stream: bytes, whole: bytes, colours: str, *, has_end: bool) -> bool:
    """Whether zeros stand in a picture that decodes without a complaint, and are none of an encoder's.

    Args:
        stream: The picture.
        whole: With the bytes that were too many.
        colours: What `simplejpeg` calls them.
        has_end: Whether the end of `whole` is the picture's own.
    """
    return has_hole(stream) or not end_as_written(stream, whole, colours, has_end=has_end)


def _leniently(stream: bytes, colours: str) -> Pixels:
    """Decode a picture in which some piece between two restarts is longer than it has to be: nobody tells which.

    What is missing as well would not be told of, so all pieces have to be there.
    """
    if not restarts_are_all_there(stream, read_scans(stream)):
        raise _damaged()
    try:
        return decode_with(stream, colours, strict=False)
    except ValueError:
        raise _damaged() from None


def _without_words(stream: bytes, complaint: str) -> bytes:
    """Drop the segments that libjpeg warns of: who wrote them, and the profile, which is read apart."""
    if not _HARMLESS.search(complaint):
        raise _damaged()
    segments = list(jpeg_segments.read_segments(stream))
    kept = [
        stream[s.start : s.end]
        for s in segments
        if s.marker not in {_APP0, jpeg_segments.APP2, _APP14}
    ]
    return b"".join([stream[:2], *kept, stream[segments[-1].end :]])


def _without_bytes(stream: bytes, count: int, marker: int) -> bytes:
    """Drop bytes from the end of the scan that stands before a marker; if it is not clear which, label the scans.

    Before a restart they stay: nobody tells which one it is.
    """
    if marker in _RESTARTS:
        return stream
    ends = [scan.end for scan in read_scans(stream)]
    if marker != EOI[1] and marker not in _LABELS:
        return _labelled(stream, ends)
    end = ends[-1] if marker == EOI[1] else ends[_LABELS.index(marker)]
    return stream[: end - count] + stream[end:]


def _labelled(stream: bytes, ends: list[int]) -> bytes:
    if len(ends) - 1 > len(_LABELS):
        raise _damaged()
    pieces = [stream[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    labels = [bytes([0xFF, label, 0, 2]) for label in _LABELS[: len(pieces) - 1]]
    return b"".join(
        [piece + label for piece, label in zip(pieces, [*labels, b""], strict=True)]
        + [stream[ends[-1] :]]
    )


def _damaged() -> Refused:
    return Refused(
        ErrorCode.FILE_DECODING_FAILURE,
        "The JPEG is damaged, or cut off: not all of its pixels are there.",
    )

"""The scans of a JPEG: where its picture ends, and whether they and the pieces between their restarts are all there.

A decoder shows a picture without its last scans coarse, and one without some pieces grey or shifted.
"""

from __future__ import annotations

import math
import re
import struct
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from shared.errors import ErrorCode, Refused
from shared.image_files import jpeg_segments
from shared.image_files.jpeg_segments import Segment

#: Cameras leave some before the end; more are what a hole in the data leaves over.
MOST_EXTRANEOUS = 2048
EOI = b"\xff\xd9"

_DQT, _DHT, _DRI, _COM = 0xDB, 0xC4, 0xDD, 0xFE
#: What may stand between two scans; anything else ends the picture.
_BETWEEN_SCANS = frozenset({_DQT, _DHT, _DRI, _COM, jpeg_segments.SOS, *range(0xE0, 0xF0)})
#: Of a photo there are about ten. A scan of 23 bytes can cost a pass over all pixels: 5 MB of them, 20 minutes.
_MAX_SCANS = 200
_COEFFICIENTS = 64
#: A Huffman table begins with how many codes it has of each length.
_CODE_LENGTHS = 16
_PROGRESSIVE = 0xC2
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_RESTART_NUMBERS = 8
_BLOCK = 8


class Scan(NamedTuple):
    """One scan, with all that its data depend on."""

    #: The start of scan, without its length.
    head: bytes
    #: Offsets of its data.
    start: int
    end: int
    #: Units of coding between two restarts; 0 if there are none.
    restart_interval: int
    #: Huffman table, by class and number → the symbol whose code is zero bits alone, the shortest one.
    zero_codes: Mapping[int, int]

    def coefficients(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield, for each component: its id, the first and the last coefficient, the bits still missing."""
        try:
            count = self.head[0]
            first, last, approximation = struct.unpack_from(">BBB", self.head, 1 + 2 * count)
        except (IndexError, struct.error):
            return
        for at in range(1, 1 + 2 * count, 2):
            yield self.head[at], first, min(last, _COEFFICIENTS - 1), approximation & 0x0F


def read_scans(data: bytes) -> list[Scan]:
    """Read the scans of the picture.

    Raises:
        MalformedJpeg: There is none.
        Refused: FILE_DECODING_FAILURE: there are too many.
    """
    scans: list[Scan] = []
    interval, segments = 0, list(jpeg_segments.read_segments(data))
    zero_codes: dict[int, int] = {}
    while segments:
        for segment in segments:
            if segment.marker == _DRI:
                (interval,) = struct.unpack(">H", segment.content)
            elif segment.marker == _DHT:
                zero_codes |= _zero_codes(segment.content)
        if len(scans) == _MAX_SCANS:
            raise Refused(ErrorCode.FILE_DECODING_FAILURE, "The JPEG has too many scans.")
        start = segments[-1].end
        end = jpeg_segments.find_end_of_scan(data, start)
        scans.append(Scan(segments[-1].content, start, end, interval, dict(zero_codes)))
        segments = _segments_of_next_scan(data, end)
    return scans


def are_all_there(data: bytes, scans: list[Scan]) -> bool:
    """Whether the scans hold all components, and of a progressive picture all coefficients to the last bit."""
    frame = _frame(data)
    components = set(_sampling(frame))
    if frame.marker != _PROGRESSIVE:
        return components == {c for scan in scans for c, *_ in scan.coefficients()}
    exact: defaultdict[int, set[int]] = defaultdict(set)
    for scan in scans:
        for component, first, last, missing_bits in scan.coefficients():
            if missing_bits == 0:
                exact[component].update(range(first, last + 1))
    return all(len(exact[component]) >= _COEFFICIENTS for component in components)


def read_sampling(data: bytes) -> dict[int, tuple[int, int]]:
    """Read how many blocks of each component, by its id, lie side by side and one above the other in a unit."""
    return _sampling(_frame(data))


def restarts_are_all_there(data: bytes, scans: list[Scan]) -> bool:
    """Whether the restarts of each scan are numbered without a gap, and as many as its size asks for."""
    frame = _frame(data)
    for scan in scans:
        numbers = [found[1][0] & 7 for found in _RESTART.finditer(data, scan.start, scan.end)]
        # Some write one more behind the last piece.
        if _RESTART.fullmatch(data, scan.end - 2, scan.end):
            numbers.pop()
        if numbers != [number % _RESTART_NUMBERS for number in range(_restarts(frame, scan))]:
            return False
    return True


def _segments_of_next_scan(data: bytes, position: int) -> list[Segment]:
    """Find what leads to the scan that goes on with the picture; nothing if it ends here."""
    segments: list[Segment] = []
    if data.startswith(EOI, position):
        return []
    try:
        for segment in jpeg_segments.read_segments(data, position):
            if segment.start != position or segment.marker not in _BETWEEN_SCANS:
                return []
            segments.append(segment)
            position = segment.end
    except jpeg_segments.MalformedJpeg:
        return []
    return segments


def _zero_codes(tables: bytes) -> dict[int, int]:
    """Of each table: its codes go up from zero, as the list of its symbols does."""
    first_symbols = {}
    while len(tables) > _CODE_LENGTHS:
        size = 1 + _CODE_LENGTHS + sum(tables[1 : 1 + _CODE_LENGTHS])
        if size <= len(tables) and size > 1 + _CODE_LENGTHS:
            first_symbols[tables[0]] = tables[1 + _CODE_LENGTHS]
        tables = tables[size:]
    return first_symbols


def _frame(data: bytes) -> Segment:
    segments = jpeg_segments.read_segments(data)
    return next(segment for segment in segments if segment.marker in jpeg_segments.FRAMES)


def _sampling(frame: Segment) -> dict[int, tuple[int, int]]:
    content = frame.content[6 : 6 + 3 * frame.content[5]]
    return {
        component: (factors >> 4, factors & 0x0F)
        for component, factors in zip(content[::3], content[1::3], strict=False)
    }


def _restarts(frame: Segment, scan: Scan) -> int:
    interval = scan.restart_interval
    return math.ceil(_units(frame, scan) / interval) - 1 if interval else 0


def _units(frame: Segment, scan: Scan) -> int:
    """How many units of coding a scan has: of a component that is alone in it, its blocks."""
    height, width = struct.unpack_from(">HH", frame.content, 1)
    sampling = _sampling(frame)
    components = [component for component, *_ in scan.coefficients()]
    across, down = sampling[components[0]] if len(components) == 1 else (1, 1)
    unit_width = _BLOCK * max(most_across for most_across, _ in sampling.values())
    unit_height = _BLOCK * max(most_down for _, most_down in sampling.values())
    units: int = math.ceil(width * across / unit_width) * math.ceil(height * down / unit_height)
    return units

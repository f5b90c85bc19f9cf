"""Whether zeros in a JPEG's data may be what was written over them, or are how a plain ground is coded.

A table made for one photo gives its shortest code, zero bits alone, to what is most frequent: on a white ground
"nothing new". The usual tables do not: to them zeros are one frequency after the other, all alike, as in no photo.
"""

from __future__ import annotations

from worker.imaging.jpeg_scans import Scan, read_scans

#: Of a plain ground; shorter stretches stand in many photos.
_ZEROS = bytes(64)
#: Forty frequencies at least.
_HOLE = bytes(32)
#: The class of a table for all coefficients but the first one.
_AC = 0x10
#: The lower half of a symbol: how many bits of a value follow.
_VALUE_BITS = 0x0F


def has_zeros(stream: bytes, scan: Scan) -> bool:
    """Whether a long stretch of zeros stands in the data of a scan."""
    return stream.find(_ZEROS, scan.start, scan.end) >= 0


def has_hole(stream: bytes) -> bool:
    """Whether such a stretch stands where an encoder writes none."""
    return any(
        stream.find(_HOLE, scan.start, scan.end) >= 0 and _says_values_by_zeros(scan)
        for scan in read_scans(stream)
    )


def _says_values_by_zeros(scan: Scan) -> bool:
    """Whether zeros are frequencies with a value; of brightness alone they may be a gradient."""
    count = scan.head[0]
    last, approximation = scan.head[2 + 2 * count : 4 + 2 * count]
    # A refinement has bits for each value besides: many zeros say that none of them changes.
    if last == 0 or approximation >> 4:
        return False
    tables = {_AC | selector & 0x0F for selector in scan.head[2 : 1 + 2 * count : 2]}
    return any(scan.zero_codes.get(table, 1) & _VALUE_BITS for table in tables)

"""Whether zeros in a JPEG's data may be what was written over them, or are how a plain ground is coded.

A table made for one photo gives its shortest code, zero bits alone, to what is most frequent: on a white ground
"nothing new". The usual tables do not.
"""

from __future__ import annotations

from worker.imaging.jpeg_scans import Scan, read_scans

#: Shorter stretches stand in many photos.
_HOLE = bytes(128)
#: The class of a table for all coefficients but the first one.
_AC = 0x10
#: The lower half of a symbol: how many bits of a value follow.
_VALUE_BITS = 0x0F


def has_zeros(stream: bytes) -> bool:
    """Whether a long stretch of zeros stands in the data of the picture."""
    return any(_has_zeros(stream, scan) for scan in read_scans(stream))


def has_hole(stream: bytes) -> bool:
    """Whether such a stretch stands where an encoder writes none."""
    return any(
        _has_zeros(stream, scan) and not _codes_plain_as_zeros(scan) for scan in read_scans(stream)
    )


def _has_zeros(stream: bytes, scan: Scan) -> bool:
    return stream.find(_HOLE, scan.start, scan.end) >= 0


def _codes_plain_as_zeros(scan: Scan) -> bool:
    """Whether an encoder writes zeros for a plain ground in this scan."""
    count = scan.head[0]
    selectors = scan.head[2 : 1 + 2 * count : 2]
    first, last, approximation = scan.head[1 + 2 * count : 4 + 2 * count]
    is_refinement_of_dc = first == 0 and last == 0 and approximation >> 4
    tables = set[int]()
    if first == 0 and not is_refinement_of_dc:
        tables.update(selector >> 4 for selector in selectors)
    if last > 0:
        tables.update(_AC | selector & 0x0F for selector in selectors)
    return all(scan.zero_codes.get(table, 1) & _VALUE_BITS == 0 for table in tables)

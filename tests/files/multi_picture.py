"""JPEGs that hold several pictures, as phones and cameras write them."""

from __future__ import annotations

import struct

from PIL import Image

from tests import pictures
from tests.files.file import UNSUPPORTED, File, refused, taken
from tests.pictures import jpeg, photo, with_segment

GAIN_MAP_XMP = (
    b'http://ns.adobe.com/xap/1.0/\0<rdf:Description xmlns:hdrgm="%s" %s</rdf:Description>'
)
HDR = b"http://ns.adobe.com/hdr-gain-map/1.0/"
ISO_GAIN_MAP = b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0"


def mpf(first: bytes, others: list[tuple[int, bytes]], *, order: str = ">") -> bytes:
    """A file of several pictures, with the list of them that CIPA DC-007 describes."""
    count = 1 + len(others)
    table_at = 8 + 2 + 3 * 12 + 4
    block_length = table_at + 16 * count
    # Behind the start, so that the list is where cameras put it; offsets count from the byte order mark.
    mark_at = 2 + 4 + 4
    offset = len(first) + 4 + 4 + block_length - mark_at
    entries = struct.pack(f"{order}IIIHH", 0x030000, offset + mark_at, 0, 0, 0)
    for kind, other in others:
        entries += struct.pack(f"{order}IIIHH", kind, len(other), offset, 0, 0)
        offset += len(other)
    directory = struct.pack(
        f"{order}H HHI4s HHII HHII I",
        3,
        *(0xB000, 7, 4, b"0100"),
        *(0xB001, 4, 1, count),
        *(0xB002, 7, 16 * count, table_at),
        0,
    )
    head = (b"MM" if order == ">" else b"II") + struct.pack(f"{order}HI", 42, 8)
    whole = with_segment(first, 0xE2, b"MPF\0" + head + directory + entries)
    return whole + b"".join(other for _, other in others)


def gain_map(part: int = 2) -> bytes:
    """Of a side that is so many times shorter than the photo's."""
    return jpeg(photo(photo().width // part, photo().height // part).convert("L"))


def with_xmp(data: bytes, words: bytes) -> bytes:
    return with_segment(data, 0xE1, GAIN_MAP_XMP % (HDR, words))


MULTI_PICTURES: dict[str, File] = {
    "iphone: HDR gain map": taken(
        lambda: mpf(
            jpeg(),
            [
                (
                    0,
                    with_xmp(
                        gain_map(),
                        b'apdi:AuxiliaryImageType="urn:com:apple:photo:2020:aux:hdrgainmap"/>',
                    ),
                )
            ],
        ),
        tolerance=4,
    ),
    "ultra hdr: gain map, version as an attribute": taken(
        lambda: with_xmp(mpf(jpeg(), [(0, gain_map(1))]), b'hdrgm:Version="1.0"/>'), tolerance=4
    ),
    "ultra hdr: other quotes, in the second picture": taken(
        lambda: mpf(jpeg(), [(0, with_xmp(gain_map(1), b"hdrgm:Version = '1.0'/>"))]), tolerance=4
    ),
    "ultra hdr: version as an element": taken(
        lambda: mpf(jpeg(), [(0, with_xmp(gain_map(1), b"><hdrgm:Version>1.0</hdrgm:Version>"))]),
        tolerance=4,
    ),
    "iso 21496-1: gain map": taken(
        lambda: mpf(jpeg(), [(0, with_segment(gain_map(1), 0xE2, ISO_GAIN_MAP))], order="<"),
        tolerance=4,
    ),
    "camera: large preview behind the photo": taken(
        lambda: mpf(jpeg(), [(0x010002, jpeg()), (0x010001, jpeg(photo(60, 60)))]), tolerance=4
    ),
    "camera: preview of no named kind": taken(
        lambda: mpf(jpeg(), [(0, jpeg(photo(60, 40)))]), tolerance=4
    ),
    "camera: preview, the photo stands on its side": taken(
        lambda: mpf(pictures.with_orientation(jpeg(), 6), [(0x010001, jpeg(photo(60, 40)))]),
        lambda: photo().transpose(Image.Transpose.ROTATE_270),
        tolerance=4,
    ),
    "network: the list of pictures is left, the pictures are gone": taken(
        lambda: mpf(jpeg(), [(0x020002, jpeg())])[: -len(jpeg())], tolerance=4
    ),
    "list of pictures cut off": taken(
        lambda: with_segment(jpeg(), 0xE2, b"MPF\0II*\0\x08\0\0\0\3\0"), tolerance=4
    ),
    "motion photo: a film behind the photo": taken(
        lambda: jpeg() + b"\0\0\0\x18ftypmp42" + bytes(50_000), tolerance=4
    ),
    "phone: depth map of no named kind, as large as the photo": taken(
        lambda: mpf(jpeg(), [(0, gain_map(1))]), tolerance=4
    ),
    "burst of grey pictures of no named kind": refused(
        UNSUPPORTED, lambda: mpf(gain_map(1), [(0, gain_map(1))]), "several pictures"
    ),
    "stereo pair": refused(
        UNSUPPORTED, lambda: mpf(jpeg(), [(0x020002, jpeg())]), "several pictures"
    ),
    "panorama": refused(
        UNSUPPORTED, lambda: mpf(jpeg(), [(0x020001, jpeg(photo(60, 40)))]), "several pictures"
    ),
    "several angles": refused(
        UNSUPPORTED, lambda: mpf(jpeg(), [(0x020003, jpeg())], order="<"), "several pictures"
    ),
    "phone: eight pictures that serve the first": taken(
        lambda: mpf(jpeg(), [(0, jpeg(photo(60, 40)))] * 8), tolerance=4
    ),
    "a list of hundreds of pictures": refused(
        UNSUPPORTED, lambda: mpf(jpeg(), [(0, jpeg(photo(60, 40)))] * 300), "several pictures"
    ),
    "burst of no named kind": refused(UNSUPPORTED, pictures.mpo, "several pictures"),
}

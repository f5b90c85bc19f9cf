"""Files as cameras, phones, editors and networks write them, made from scratch: each with what is right for it."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.errors import ErrorCode
from tests import pictures
from tests.pictures import encoded, jpeg, photo, png_chunk, raw_png, with_segment

EOI = b"\xff\xd9"
SIZE = 120, 80
GAIN_MAP_XMP = (
    b'http://ns.adobe.com/xap/1.0/\0<rdf:Description xmlns:hdrgm="%s" %s</rdf:Description>'
)
HDR = b"http://ns.adobe.com/hdr-gain-map/1.0/"
ISO_GAIN_MAP = b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0"

UNSUPPORTED = ErrorCode.UNSUPPORTED_FILE_TYPES
DAMAGED = ErrorCode.FILE_DECODING_FAILURE


@dataclass(frozen=True)
class File:
    """One row of the table."""

    #: Makes the bytes.
    make: Callable[[], bytes]
    #: What the decoded photo looks like; None: it is refused.
    looks_like: Callable[[], Image.Image] | None = None
    #: The mean difference that lossy coding may make, in levels of 255.
    tolerance: float = 0.0
    code: ErrorCode | None = None
    #: What the message has to say.
    words: str = ""


def refused(code: ErrorCode, make: Callable[[], bytes], words: str = "") -> File:
    return File(make, code=code, words=words)


def taken(
    make: Callable[[], bytes],
    looks_like: Callable[[], Image.Image] = photo,
    tolerance: float = 0.0,
) -> File:
    return File(make, looks_like, tolerance)


# JPEG


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
    return jpeg(photo(SIZE[0] // part, SIZE[1] // part).convert("L"))


def with_xmp(data: bytes, words: bytes) -> bytes:
    return with_segment(data, 0xE1, GAIN_MAP_XMP % (HDR, words))


@cache
def noisy(width: int = 400, height: int = 300) -> Image.Image:
    """A photo with so much in it that its data are many kilobytes, to the last row."""
    chance = np.random.default_rng(7)
    pixels = np.asarray(photo(width, height), np.int16)
    return Image.fromarray(
        np.clip(pixels + chance.integers(-40, 40, pixels.shape), 0, 255).astype(np.uint8)
    )


def scans(data: bytes) -> list[int]:
    return [match.start() for match in re.finditer(b"\xff\xda", data)]


def with_hole(data: bytes, size: int) -> bytes:
    middle = (scans(data)[0] + len(data)) // 2
    return data[:middle] + bytes(size) + data[middle + size :]


def cut(data: bytes, share: float) -> bytes:
    """Cut in the pixels, with an end glued on."""
    start = scans(data)[0] + 14
    return data[: start + int((len(data) - start) * share)] + EOI


def other_frame(data: bytes, marker: int) -> bytes:
    """Make a baseline JPEG say that it is of another kind."""
    return re.sub(rb"\xff\xc0(?=\x00\x11\x08)", bytes([0xFF, marker]), data, count=1)


def twelve_bits(data: bytes) -> bytes:
    return data.replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc1\x00\x11\x0c", 1)


# PNG

#: Adam7: the first column and row of each pass, and the steps between two.
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


def png_with(*chunks: bytes, image: Image.Image | None = None) -> bytes:
    """Put chunks before the pixels."""
    whole = encoded(image or photo())
    return whole[:33] + b"".join(chunks) + whole[33:]


def wrong_checksum(name: bytes, content: bytes) -> bytes:
    return png_chunk(name, content)[:-4] + b"\0\0\0\0"


def png_of(lines: bytes, image: Image.Image, *, interlaced: bool = False) -> bytes:
    """A PNG of these very lines, each with its filter before it, and with right checksums."""
    colour = {"L": 0, "RGB": 2, "RGBA": 6}[image.mode]
    head = struct.pack(">IIBBBBB", *image.size, 8, colour, 0, 0, int(interlaced))
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            png_chunk(b"IHDR", head),
            png_chunk(b"IDAT", zlib.compress(lines)),
            png_chunk(b"IEND", b""),
        ]
    )


def png_without_rows(count: int, image: Image.Image | None = None) -> bytes:
    """A PNG whose last rows are missing, with an end."""
    image = image or photo()
    return png_of(b"".join(b"\0" + row.tobytes() for row in np.asarray(image)[:-count]), image)


def interlaced_png(cut: int = 0) -> bytes:
    """In seven passes, without so many bytes at their end."""
    lines = b""
    for left, top, across, down in _PASSES:
        for row in np.asarray(photo())[top::down, left::across]:
            lines += b"\0" + row.tobytes()
    return png_of(lines[: len(lines) - cut], photo(), interlaced=True)


def one_frame_apng() -> bytes:
    control = png_chunk(b"acTL", struct.pack(">II", 1, 0))
    frame = png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, *SIZE, 0, 0, 1, 10, 0, 0))
    return png_with(control, frame)


def xcode_png() -> bytes:
    return encoded(photo())[:8] + png_chunk(b"CgBI", b"\x50\0\x20\x02") + encoded(photo())[8:]


def black_below() -> Image.Image:
    """A picture whose last rows are black, as what a decoder does not fill."""
    pixels = np.array(photo())
    pixels[60:] = 0
    return Image.fromarray(pixels)


def deep_key() -> bytes:
    """Three channels of 16 bits, of which one colour is transparent and its neighbour is not."""
    rows = np.full((60, 64 * 3), 0x1234, np.uint16)
    rows[10:20] = 0x1235
    return raw_png(rows, bits=16, colour=2, chunks={b"tRNS": b"\x12\x34" * 3})


# Colour profiles


def matrix_profile(
    description: str, gamma: float, primaries: tuple[tuple[float, float, float], ...] | None = None
) -> bytes:
    """An RGB profile of three primaries (XYZ, adapted to D50) and one power."""
    srgb = ((0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7139))
    fixed = [
        b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in column)
        for column in primaries or srgb
    ]
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    return _profile(
        description,
        b"RGB ",
        {
            b"rXYZ": fixed[0],
            b"gXYZ": fixed[1],
            b"bXYZ": fixed[2],
            **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
        },
    )


def grey_profile(gamma: float) -> bytes:
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    return _profile("Grey", b"GRAY", {b"kTRC": curve})


def _profile(description: str, space: bytes, tags: dict[bytes, bytes]) -> bytes:
    text = description.encode("ascii") + b"\0"
    described = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78)
    white = b"XYZ \0\0\0\0" + struct.pack(">iii", 63190, 65536, 54061)
    all_tags = {b"desc": described + bytes(-len(described) % 4), b"wtpt": white, **tags}
    table, contents = struct.pack(">I", len(all_tags)), b""
    offset = 128 + 4 + 12 * len(all_tags)
    for name, content in all_tags.items():
        table += name + struct.pack(">II", offset + len(contents), len(content))
        contents += content
    size = 128 + len(table) + len(contents)
    head = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02400000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">iii", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + contents


ADOBE_RGB = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))


GAMMA_1, GAMMA_2_2 = (png_chunk(b"gAMA", struct.pack(">I", n)) for n in (100_000, 45_455))
#: White, red, green and blue, x and y.
ADOBE_PRIMARIES, SRGB_PRIMARIES = (
    png_chunk(b"cHRM", struct.pack(">8I", 31_270, 32_900, 64_000, 33_000, *green, 15_000, 6_000))
    for green in ((21_000, 71_000), (30_000, 60_000))
)


def linear_light() -> Image.Image:
    """The photo as a linear profile makes its stored numbers look."""
    stored = np.asarray(photo(), np.float64) / 255
    shown = np.where(stored <= 0.0031308, 12.92 * stored, 1.055 * stored ** (1 / 2.4) - 0.055)
    return Image.fromarray(np.rint(shown * 255).astype(np.uint8))


def linear_grey() -> Image.Image:
    stored = np.asarray(photo().convert("L"), np.float64) / 255
    shown = np.where(stored <= 0.0031308, 12.92 * stored, 1.055 * stored ** (1 / 2.4) - 0.055)
    return Image.fromarray(np.rint(shown * 255).astype(np.uint8))


def adobe_stored() -> Image.Image:
    """The numbers that Adobe RGB (gamma 2.2) has for the photo's colours."""
    shown = np.asarray(photo(), np.float64) / 255
    light = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    srgb = np.array([[0.4360, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7139]])
    stored = np.clip(light @ (np.linalg.inv(np.array(ADOBE_RGB).T) @ srgb).T, 0, 1) ** (1 / 2.2)
    return Image.fromarray(np.rint(stored * 255).astype(np.uint8))


def deep_grey(image: Image.Image, chunks: dict[bytes, bytes]) -> bytes:
    return raw_png(np.asarray(image, np.uint16) * 257, bits=16, colour=0, chunks=chunks)


def profile_chunk(profile: bytes) -> bytes:
    return b"icc\0\0" + zlib.compress(profile)


# BMP


def bmp(
    pixels: NDArray[np.unsignedinteger[np.typing.NBitBase]],
    *,
    masks: tuple[int, ...] = (),
    header_bytes: int = 40,
    compression: int | None = None,
    top_down: bool = False,
) -> bytes:
    """A BMP of words, (H, W) of 16 or 32 bits, or of colours, (H, W, 3)."""
    height, width = pixels.shape[:2]
    bits = 24 if pixels.ndim == 3 else pixels.dtype.itemsize * 8
    lines = pixels[..., ::-1] if pixels.ndim == 3 else pixels
    lines = lines if top_down else lines[::-1]
    body = b"".join(row.tobytes() + bytes(-len(row.tobytes()) % 4) for row in lines)
    if header_bytes == 12:
        head = struct.pack("<IHHHH", 12, width, height, 1, bits)
    elif header_bytes == 16:
        head = struct.pack("<IIIHH", 16, width, height, 1, bits)
    else:
        packed = (3 if masks else 0) if compression is None else compression
        head = struct.pack(
            *("<IiiHHIIiiII", header_bytes, width, -height if top_down else height, 1, bits),
            *(packed, len(body), 2835, 2835, 0, 0),
        )
        within = struct.pack(f"<{len(masks)}I", *masks)
        head = (head + within).ljust(header_bytes if header_bytes > 40 else 0, b"\0")
    offset = 14 + len(head)
    return b"BM" + struct.pack("<IHHI", offset + len(body), 0, 0, offset) + head + body


def words_of(
    image: Image.Image, bits: tuple[int, int, int], masks: tuple[int, ...], word: str
) -> NDArray[np.unsignedinteger[np.typing.NBitBase]]:
    """Pack colours into words under masks."""
    channels = np.asarray(image, np.uint64)
    packed = np.zeros(channels.shape[:2], np.uint64)
    for channel, (depth, mask) in enumerate(zip(bits, masks, strict=False)):
        shift = (mask & -mask).bit_length() - 1
        stored = np.rint(channels[..., channel] / 255 * ((1 << depth) - 1)).astype(np.uint64)
        packed |= stored << np.uint64(shift)
    return packed.astype(word)


_5551 = (0x7C00, 0x03E0, 0x001F)
_565 = (0xF800, 0x07E0, 0x001F)
_4444 = (0x0F00, 0x00F0, 0x000F, 0xF000)
_RGBX = (0xFF000000, 0x00FF0000, 0x0000FF00)
_BGRX = (0x000000FF, 0x0000FF00, 0x00FF0000)
_10_BITS = (0x3FF00000, 0x000FFC00, 0x000003FF)


def packed_bmp(bits: tuple[int, int, int], masks: tuple[int, ...], word: str, **more: int) -> bytes:
    return bmp(words_of(photo(), bits, masks, word), masks=masks, **more)  # type: ignore[arg-type]


def opaque_4444() -> bytes:
    words = words_of(photo(), (4, 4, 4), _4444, "<u2") | np.uint16(0xF000)
    return bmp(words, masks=_4444, header_bytes=56)


def rle_bmp() -> bytes:
    """A picture of two colours, packed in runs."""
    runs = b"".join(bytes([100, row % 2]) + b"\0\0" for row in range(60)) + b"\0\1"
    palette = struct.pack("<BBBB", 0, 0, 0, 0) + struct.pack("<BBBB", 255, 255, 255, 0)
    head = struct.pack("<IiiHHIIiiII", 40, 100, 60, 1, 8, 1, len(runs), 0, 0, 2, 0)
    offset = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(runs), 0, 0, offset) + head + palette + runs


def stripes() -> Image.Image:
    rows = np.repeat(np.array([255, 0] * 30, np.uint8)[:, np.newaxis], 100, axis=1)
    return Image.fromarray(rows).convert("RGB")


FILES: dict[str, File] = {
    # Several pictures in one JPEG
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
    # Whole and cut JPEGs
    "jpeg without its end marker": taken(lambda: jpeg()[:-2], tolerance=4),
    "progressive jpeg without its end marker": taken(
        lambda: jpeg(progressive=True)[:-2], tolerance=4
    ),
    "jpeg with a maker's trailer in the place of its end": taken(
        lambda: jpeg()[:-2] + b"MAKER\0\1" * 900, tolerance=4
    ),
    "jpeg with a trailer full of markers in the place of its end": taken(
        lambda: jpeg()[:-2] + b"\xff\x02SEFT" + jpeg() + b"\xff\x01", tolerance=4
    ),
    "jpeg with two ends": taken(lambda: jpeg() + EOI, tolerance=4),
    "camera: ten bytes too many before the end": taken(
        lambda: jpeg()[:-2] + b"\0\1" * 5 + EOI, tolerance=4
    ),
    "camera: fill bytes before the end": taken(
        lambda: jpeg()[:-2] + b"\xff" * 30 + EOI, tolerance=4
    ),
    "jpeg of restarts, whole": taken(lambda: jpeg(restart_marker_blocks=3), tolerance=4),
    "jpeg with an end marker in a comment": taken(
        lambda: with_segment(jpeg(), 0xFE, EOI * 20), tolerance=4
    ),
    "jpeg of an unknown JFIF": taken(
        lambda: jpeg().replace(b"JFIF\0\1\1", b"JFIF\0\3\1", 1), tolerance=4
    ),
    **{
        f"jpeg cut at {share:.0%}, an end glued on": refused(
            DAMAGED,
            lambda share=share: cut(jpeg(noisy()), share),  # type: ignore[misc]
        )
        for share in (0.1, 0.5, 0.95, 0.99)
    },
    **{
        f"progressive jpeg cut at {share:.0%}, an end glued on": refused(
            DAMAGED,
            lambda share=share: cut(jpeg(noisy(), progressive=True), share),  # type: ignore[misc]
        )
        for share in (0.1, 0.5, 0.95, 0.99)
    },
    "jpeg of restarts cut at half, an end glued on": refused(
        DAMAGED, lambda: cut(jpeg(noisy(), restart_marker_blocks=4), 0.5)
    ),
    "grey jpeg cut at half, an end glued on": refused(
        DAMAGED, lambda: cut(jpeg(noisy().convert("L")), 0.5)
    ),
    "cmyk jpeg cut at half, an end glued on": refused(
        DAMAGED, lambda: cut(jpeg(noisy().convert("CMYK")), 0.5)
    ),
    "jpeg with a profile cut at half, an end glued on": refused(
        DAMAGED, lambda: cut(jpeg(noisy(), icc_profile=matrix_profile("A", 1.8)), 0.5)
    ),
    "progressive jpeg cut between two scans": refused(
        DAMAGED, lambda: (data := jpeg(noisy(), progressive=True))[: scans(data)[-1]] + EOI
    ),
    "progressive jpeg of its first scan alone": refused(
        DAMAGED, lambda: (data := jpeg(noisy(), progressive=True))[: scans(data)[1]] + EOI
    ),
    "jpeg with a hole of zeros": refused(DAMAGED, lambda: with_hole(jpeg(noisy()), 8000)),
    "jpeg with a hole of zeros of 4 KB": refused(DAMAGED, lambda: with_hole(jpeg(noisy()), 4096)),
    "progressive jpeg with a hole of zeros": refused(
        DAMAGED, lambda: with_hole(jpeg(noisy(), progressive=True), 8000)
    ),
    "jpeg of restarts with a hole of zeros": refused(
        DAMAGED, lambda: with_hole(jpeg(noisy(), restart_marker_blocks=4), 8000)
    ),
    "jpeg with 20 KB too many before the end": refused(
        DAMAGED, lambda: jpeg()[:-2] + b"ab" * 10_000 + EOI
    ),
    "jpeg cut at half": refused(DAMAGED, lambda: jpeg()[: len(jpeg()) // 2]),
    # JPEGs of other kinds
    "jpeg of 12 bits": refused(UNSUPPORTED, lambda: twelve_bits(jpeg()), "12 bits"),
    "lossless jpeg": refused(UNSUPPORTED, lambda: other_frame(jpeg(), 0xC3), "lossless"),
    "hierarchical jpeg": refused(UNSUPPORTED, lambda: other_frame(jpeg(), 0xC5), "hierarchical"),
    "cmyk jpeg": taken(lambda: jpeg(photo().convert("CMYK")), tolerance=6),
    "grey jpeg": taken(
        lambda: jpeg(photo().convert("L")), lambda: photo().convert("L"), tolerance=4
    ),
    # PNG
    "png with 1.5 MB of packed text": taken(
        lambda: png_with(
            png_chunk(
                b"zTXt", b"Comment\0\0" + zlib.compress(np.random.default_rng(1).bytes(1_500_000))
            )
        )
    ),
    "png with 1.5 MB of international text": taken(
        lambda: png_with(png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b"x" * 1_500_000))
    ),
    "png with packed text of 50 MB": taken(
        lambda: png_with(png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50_000_000))))
    ),
    "png with a colour profile of 1.3 MB": taken(
        lambda: png_with(
            png_chunk(
                b"iCCP",
                profile_chunk(pictures.icc_profile() + np.random.default_rng(2).bytes(1_300_000)),
            )
        )
    ),
    **{
        f"png with a wrong checksum in {name.decode()}": taken(
            lambda name=name, content=content: png_with(wrong_checksum(name, content))  # type: ignore[misc]
        )
        for name, content in {
            b"pHYs": struct.pack(">IIB", 2835, 2835, 1),
            b"iCCP": profile_chunk(matrix_profile("sRGB", 1.0)),
            b"tEXt": b"Comment\0words",
            b"eXIf": pictures.tiff({0x0112: 6}),
            b"sRGB": b"\0",
            b"tIME": struct.pack(">HBBBBB", 2026, 1, 1, 0, 0, 0),
            b"gAMA": struct.pack(">I", 45455),
        }.items()
    },
    "png with text behind the pixels that is cut off": taken(
        lambda: encoded(photo())[:-12] + png_chunk(b"tEXt", b"Comment\0" + b"x" * 500)[:-100]
    ),
    "png without its end": taken(lambda: encoded(photo())[:-12]),
    "png with a tail": taken(lambda: encoded(photo()) + b"<script>" * 100),
    "interlaced png": taken(interlaced_png),
    "interlaced png whose last pass is cut": refused(DAMAGED, lambda: interlaced_png(cut=1000)),
    "interlaced png without its last pass": refused(
        DAMAGED, lambda: interlaced_png(cut=40 * (1 + 3 * 120))
    ),
    "png of one frame of animation": taken(one_frame_apng),
    "animated png": refused(UNSUPPORTED, pictures.apng, "animated"),
    "png of Xcode's form": refused(UNSUPPORTED, xcode_png, "CgBI"),
    **{
        f"png without its last {count} rows": refused(DAMAGED, partial(png_without_rows, count))
        for count in (1, 40, 79)
    },
    "png without its last 40 rows, which are black": refused(
        DAMAGED, lambda: png_without_rows(40, image=black_below())
    ),
    "png whose last rows are black": taken(lambda: encoded(black_below()), black_below),
    "grey png without its last 40 rows": refused(
        DAMAGED, lambda: png_without_rows(40, image=photo().convert("L"))
    ),
    "transparent png without its last 40 rows": refused(
        DAMAGED, lambda: png_without_rows(40, image=photo().convert("RGBA"))
    ),
    "png with a wrong checksum in its pixels": refused(
        DAMAGED, lambda: (data := encoded(photo()))[:-16] + b"\0\0\0\0" + data[-12:]
    ),
    # Colours
    "jpeg with a linear profile named sRGB": taken(
        lambda: jpeg(icc_profile=matrix_profile("sRGB IEC61966-2.1", 1.0)),
        linear_light,
        tolerance=8,
    ),
    "png with a linear profile named sRGB": taken(
        lambda: png_with(png_chunk(b"iCCP", profile_chunk(matrix_profile("sRGB", 1.0)))),
        linear_light,
        tolerance=1,
    ),
    "png in Adobe RGB under a monitor's name": taken(
        lambda: encoded(
            adobe_stored(), icc_profile=matrix_profile("DELL U2720Q", 563 / 256, ADOBE_RGB)
        ),
        tolerance=2,
    ),
    "jpeg in Adobe RGB under the name of sRGB": taken(
        lambda: jpeg(adobe_stored(), icc_profile=matrix_profile("sRGB", 563 / 256, ADOBE_RGB)),
        tolerance=6,
    ),
    "png of 16-bit grey with a linear grey profile": taken(
        lambda: deep_grey(photo().convert("L"), {b"iCCP": profile_chunk(grey_profile(1.0))}),
        linear_grey,
        tolerance=1,
    ),
    "png of grey and alpha with a linear grey profile": taken(
        lambda: encoded(photo().convert("LA"), icc_profile=grey_profile(1.0)),
        linear_grey,
        tolerance=1,
    ),
    "grey jpeg with a linear grey profile": taken(
        lambda: jpeg(photo().convert("L"), icc_profile=grey_profile(1.0)), linear_grey, tolerance=4
    ),
    "colour png with a grey profile": taken(
        lambda: encoded(photo(), icc_profile=grey_profile(1.0))
    ),
    "jpeg with a cut profile": taken(
        lambda: jpeg(icc_profile=matrix_profile("x", 1.0)[:200]), tolerance=4
    ),
    **{
        f"png of linear light told by gAMA, {kind}": taken(
            lambda mode=mode: png_with(GAMMA_1, image=photo().convert(mode)),  # type: ignore[misc]
            looks_like,
            tolerance=1,
        )
        for kind, mode, looks_like in (
            ("colour", "RGB", linear_light),
            ("grey", "L", linear_grey),
        )
    },
    "png of 16-bit grey of linear light told by gAMA": taken(
        lambda: deep_grey(photo().convert("L"), {b"gAMA": struct.pack(">I", 100_000)}),
        linear_grey,
        tolerance=1,
    ),
    "png in Adobe RGB told by gAMA and cHRM": taken(
        lambda: png_with(GAMMA_2_2, ADOBE_PRIMARIES, image=adobe_stored()), tolerance=2
    ),
    "png of sRGB told by gAMA and cHRM": taken(lambda: png_with(GAMMA_2_2, SRGB_PRIMARIES)),
    "png with primaries and no gamma": taken(lambda: png_with(ADOBE_PRIMARIES)),
    "png with sRGB before another gAMA": taken(
        lambda: png_with(png_chunk(b"sRGB", b"\0"), GAMMA_1)
    ),
    "png with a profile before another gAMA": taken(
        lambda: png_with(GAMMA_2_2, png_chunk(b"iCCP", profile_chunk(matrix_profile("sRGB", 1.0)))),
        linear_light,
        tolerance=1,
    ),
    **{
        f"png with nonsense of {name}": taken(lambda chunks=chunks: png_with(*chunks))  # type: ignore[misc]
        for name, chunks in {
            "gamma 0": (png_chunk(b"gAMA", bytes(4)),),
            "a huge gamma": (png_chunk(b"gAMA", b"\xff" * 4),),
            "a short gamma": (png_chunk(b"gAMA", b"\0"),),
            "primaries of nothing": (GAMMA_2_2, png_chunk(b"cHRM", bytes(32))),
            "primaries of one colour": (
                GAMMA_2_2,
                png_chunk(b"cHRM", struct.pack(">8I", *[33_000] * 8)),
            ),
            "short primaries": (GAMMA_2_2, png_chunk(b"cHRM", bytes(31))),
        }.items()
    },
    # BMP
    "bmp of RGBX masks": taken(lambda: packed_bmp((8, 8, 8), _RGBX, "<u4")),
    "bmp of BGRX masks": taken(lambda: packed_bmp((8, 8, 8), _BGRX, "<u4", header_bytes=56)),
    "bmp of 10-10-10-2": taken(lambda: packed_bmp((10, 10, 10), _10_BITS, "<u4"), tolerance=0.01),
    "bmp of 5-6-5": taken(lambda: packed_bmp((5, 6, 5), _565, "<u2"), tolerance=3),
    "bmp of 5-5-5 without masks": taken(
        lambda: bmp(words_of(photo(), (5, 5, 5), _5551, "<u2")), tolerance=4
    ),
    "bmp of 4-4-4-4": taken(opaque_4444, tolerance=6),
    "bmp with a header of 12 bytes": taken(lambda: bmp(np.asarray(photo()), header_bytes=12)),
    "bmp with an OS/2 header of 16 bytes": taken(lambda: bmp(np.asarray(photo()), header_bytes=16)),
    "bmp with an OS/2 header of 64 bytes": taken(lambda: bmp(np.asarray(photo()), header_bytes=64)),
    "bmp with a header of 124 bytes": taken(lambda: bmp(np.asarray(photo()), header_bytes=124)),
    "bmp stored from the top down": taken(lambda: bmp(np.asarray(photo()), top_down=True)),
    "bmp packed in runs": taken(rle_bmp, stripes),
    "bmp of two colours": taken(
        lambda: encoded(photo().convert("1"), "BMP"), lambda: photo().convert("1")
    ),
    "bmp of 16 colours": taken(
        lambda: encoded(photo().quantize(16), "BMP"), lambda: photo().quantize(16).convert("RGB")
    ),
    "bmp that holds a jpeg": refused(
        UNSUPPORTED, lambda: bmp(np.asarray(photo()), compression=4), "holds a JPEG"
    ),
    "bmp that holds a png": refused(
        UNSUPPORTED, lambda: bmp(np.asarray(photo()), compression=5), "holds a PNG"
    ),
    "bmp cut off": refused(DAMAGED, lambda: bmp(np.asarray(photo()))[:-1000]),
}

"""JPEGs that are whole, that are not, and of kinds that few have."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
from PIL import Image

from tests.files.file import DAMAGED, UNSUPPORTED, File, refused, taken
from tests.files.icc import matrix_profile
from tests.pictures import jpeg, photo, with_segment

EOI = b"\xff\xd9"
RESTART, HUFFMAN_TABLE = rb"\xff[\xd0-\xd7]", rb"\xff\xc4"


@cache
def noisy(width: int = 400, height: int = 300) -> Image.Image:
    """A photo with so much in it that its data are many kilobytes, to the last row."""
    chance = np.random.default_rng(7)
    pixels = np.asarray(photo(width, height), np.int16)
    return Image.fromarray(
        np.clip(pixels + chance.integers(-40, 40, pixels.shape), 0, 255).astype(np.uint8)
    )


@cache
def on_white() -> Image.Image:
    """A product on a white ground, which an optimised JPEG codes as zero bits."""
    ground = Image.new("RGB", (900, 900), "white")
    ground.paste(photo(300, 400), (300, 200))
    return ground


def white_jpeg(**options: bool) -> bytes:
    return jpeg(on_white(), quality=85, subsampling=2, **options)


def scans(data: bytes) -> list[int]:
    return [match.start() for match in re.finditer(b"\xff\xda", data)]


def with_hole(data: bytes, size: int) -> bytes:
    middle = (scans(data)[0] + len(data)) // 2
    return data[:middle] + bytes(size) + data[middle + size :]


def cut(data: bytes, share: float) -> bytes:
    """Cut in the pixels, with an end glued on."""
    start = scans(data)[0] + 14
    return data[: start + int((len(data) - start) * share)] + EOI


def with_bytes_before(data: bytes, marker: bytes, count: int = 6) -> bytes:
    """Put bytes too many before the second of such markers in the pixels."""
    _, second, *_ = re.finditer(marker, data[scans(data)[0] :])
    at = scans(data)[0] + second.start()
    return data[:at] + (b"\0\1" * count)[:count] + data[at:]


def restarts(image: Image.Image | None = None) -> bytes:
    return jpeg(image or noisy(), restart_marker_rows=1)


def without(data: bytes, share: float, size: int) -> bytes:
    """Leave out what begins at some place in the pixels."""
    at = scans(data)[0] + int((len(data) - scans(data)[0]) * share)
    return data[:at] + data[at + size :]


def other_frame(data: bytes, marker: int) -> bytes:
    """Make a baseline JPEG say that it is of another kind."""
    return re.sub(rb"\xff\xc0(?=\x00\x11\x08)", bytes([0xFF, marker]), data, count=1)


def twelve_bits(data: bytes) -> bytes:
    return data.replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc1\x00\x11\x0c", 1)


def height_behind() -> bytes:
    """A JPEG of no height, with a segment behind its scan that defines the number of lines (DNL)."""
    whole = jpeg()
    at = whole.index(b"\xff\xc0") + 5
    lines = b"\xff\xdc\0\4" + whole[at : at + 2]
    return whole[:at] + b"\0\0" + whole[at + 2 : -2] + lines + EOI


def without_tables(data: bytes) -> bytes:
    """Leave out the usual Huffman tables."""
    return re.sub(rb"\xff\xc4(?:\x00\x1f.{29}|\x00\xb5.{179})", b"", data, flags=re.DOTALL)


#: How a photo on white may be written.
WAYS: dict[str, dict[str, bool]] = {
    "baseline": {},
    "optimised": {"optimize": True},
    "progressive": {"progressive": True},
}
ON_WHITE: dict[str, File] = {
    **{
        f"{way} jpeg on white, {name}": taken(
            lambda options=options, tail=tail: white_jpeg(**options)[:-2] + tail,  # type: ignore[misc]
            on_white,
            tolerance=6,
        )
        for way, options in WAYS.items()
        for name, tail in {
            "whole": EOI,
            "without its end": b"",
            "ten bytes too many before the end": b"\1\2" * 5 + EOI,
            "300 zeros before the end": bytes(300) + EOI,
            "2,000 zeros before the end": bytes(2000) + EOI,
            "zeros in the place of its end": bytes(700),
            "a maker's trailer in the place of its end": b"MAKER\0\1" * 90,
        }.items()
    },
    **{
        f"{way} jpeg on white, cut at {share:.0%}": refused(
            DAMAGED,
            lambda options=options, share=share: cut(white_jpeg(**options), share),  # type: ignore[misc]
        )
        for way, options in WAYS.items()
        for share in (0.1, 0.5, 0.9)
    },
    **{
        f"{way} jpeg on white with a hole of zeros of {size} bytes": refused(
            DAMAGED,
            lambda options=options, size=size: with_hole(white_jpeg(**options), size),  # type: ignore[misc]
        )
        for way, options in WAYS.items()
        for size in (2048, 8000)
    },
}
JPEGS: dict[str, File] = {
    **ON_WHITE,
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
    **{
        f"jpeg with {name}, {width} pixels wide": taken(
            lambda width=width, trailer=trailer: jpeg(photo(width, 80))[:-2] + trailer,  # type: ignore[misc]
            lambda width=width: photo(width, 80),  # type: ignore[misc]
            tolerance=4,
        )
        for name, trailer in {
            "50 KB of a maker's in the place of its end": b"MAKER\0\1" * 7000,
            "5 KB of zeros in the place of its end": bytes(5000),
            "2,000 bytes too many before its end": b"\0\1" * 1000 + EOI,
        }.items()
        for width in (112, 113, 115, 116, 119)
    },
    "jpeg of restarts with bytes too many before one of them": taken(
        lambda: with_bytes_before(restarts(), RESTART), noisy, tolerance=4
    ),
    "progressive jpeg with bytes too many behind a scan": taken(
        lambda: with_bytes_before(jpeg(noisy(), progressive=True), HUFFMAN_TABLE),
        noisy,
        tolerance=4,
    ),
    "jpeg of restarts with one more behind the last piece": taken(
        lambda: with_bytes_before(restarts(), RESTART)[:-2] + b"\xff\xd2" + EOI, noisy, tolerance=4
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
    "jpeg of restarts with bytes too many before one of them, cut at half": refused(
        DAMAGED, lambda: cut(with_bytes_before(restarts(), RESTART), 0.5)
    ),
    "jpeg of restarts with 500 bytes too many before one of them": refused(
        DAMAGED, lambda: with_bytes_before(restarts(), RESTART, 500)
    ),
    "progressive jpeg with bytes too many behind a scan, cut in its last scan": refused(
        DAMAGED,
        lambda: cut(with_bytes_before(jpeg(noisy(), progressive=True), HUFFMAN_TABLE), 0.95),
    ),
    **{
        f"jpeg of restarts without {size // 1000} KB at {share:.0%}": refused(
            DAMAGED,
            lambda share=share, size=size: without(restarts(), share, size),  # type: ignore[misc]
        )
        for size in (8000, 20_000)
        for share in (0.1, 0.2, 0.3, 0.4, 0.5)
    },
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
    "arithmetically coded jpeg": refused(
        UNSUPPORTED, lambda: other_frame(jpeg(), 0xC9), "arithmetically coded"
    ),
    "arithmetically coded progressive jpeg": refused(
        UNSUPPORTED, lambda: other_frame(jpeg(), 0xCA), "arithmetically coded"
    ),
    "jpeg-ls": refused(UNSUPPORTED, lambda: other_frame(jpeg(), 0xF7), "JPEG-LS"),
    "jpeg that says its height behind its pixels": refused(UNSUPPORTED, height_behind, "(DNL)"),
    "jpeg without a height": refused(DAMAGED, lambda: height_behind()[:-8] + EOI),
    "jpeg without tables, as cameras for films write": taken(
        lambda: without_tables(jpeg()), tolerance=4
    ),
    "lossless jpeg": refused(UNSUPPORTED, lambda: other_frame(jpeg(), 0xC3), "lossless"),
    "hierarchical jpeg": refused(UNSUPPORTED, lambda: other_frame(jpeg(), 0xC5), "hierarchical"),
    "cmyk jpeg": taken(lambda: jpeg(photo().convert("CMYK")), tolerance=6),
    "grey jpeg": taken(
        lambda: jpeg(photo().convert("L")), lambda: photo().convert("L"), tolerance=4
    ),
}

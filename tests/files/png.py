"""PNGs with what the pixels do not need, and without what they need."""

from __future__ import annotations

import struct
import zlib
from functools import partial

import numpy as np
from PIL import Image

from tests import pictures
from tests.files.file import DAMAGED, UNSUPPORTED, File, refused, taken
from tests.files.icc import matrix_profile, profile_chunk
from tests.pictures import encoded, photo, png_chunk, raw_png

#: Adam7: the first column and row of each pass, and the steps between two.
PASSES = (
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


def before_pixels(data: bytes, chunk: bytes) -> bytes:
    at = data.index(b"IDAT") - 4
    return data[:at] + chunk + data[at:]


def grey() -> Image.Image:
    return photo().convert("L")


def few_colours() -> Image.Image:
    return photo().quantize(16)


def wrong_checksum(name: bytes, content: bytes) -> bytes:
    return png_chunk(name, content)[:-4] + b"\0\0\0\0"


def wrong_palette(data: bytes) -> bytes:
    at = data.index(b"PLTE") + 4
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def other_head(at: int) -> bytes:
    """A PNG whose header has a 2 at some place."""
    whole = encoded(photo())
    head = whole[16:at] + b"\2" + whole[at + 1 : 29]
    return whole[:8] + png_chunk(b"IHDR", head) + whole[33:]


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
    for left, top, across, down in PASSES:
        for row in np.asarray(photo())[top::down, left::across]:
            lines += b"\0" + row.tobytes()
    return png_of(lines[: len(lines) - cut], photo(), interlaced=True)


def one_frame_apng() -> bytes:
    control = png_chunk(b"acTL", struct.pack(">II", 1, 0))
    frame = png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, *photo().size, 0, 0, 1, 10, 0, 0))
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


PNGS: dict[str, File] = {
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
            b"PLTE": bytes(range(48)),
        }.items()
    },
    **{
        f"{what} png with a colour key of {size} bytes": taken(
            lambda size=size, image=image: png_with(  # type: ignore[misc]
                png_chunk(b"tRNS", bytes(size)), image=image()
            ),
            image,
        )
        for what, image, size in (
            *(("coloured", photo, size) for size in (0, 2, 4, 5, 7)),
            *(("grey", grey, size) for size in (0, 1, 3, 6)),
        )
    },
    "png of few colours with more opacities than colours": taken(
        lambda: before_pixels(encoded(few_colours()), png_chunk(b"tRNS", bytes(17))),
        few_colours,
    ),
    "png of few colours with no opacities": taken(
        lambda: before_pixels(encoded(few_colours()), png_chunk(b"tRNS", b"")), few_colours
    ),
    "deep png with a colour key of 4 bytes": taken(
        lambda: raw_png(
            np.full((60, 64 * 3), 0x8080, np.uint16), bits=16, colour=2, chunks={b"tRNS": bytes(4)}
        ),
        lambda: Image.new("RGB", (64, 60), (128, 128, 128)),
    ),
    "png of few colours with a wrong checksum in its palette": refused(
        DAMAGED, lambda: wrong_palette(encoded(photo().quantize(16)))
    ),
    "png with a palette for screens of few colours": taken(
        lambda: png_with(png_chunk(b"PLTE", bytes(range(48))))
    ),
    "png with text behind the pixels that is cut off": taken(
        lambda: encoded(photo())[:-12] + png_chunk(b"tEXt", b"Comment\0" + b"x" * 500)[:-100]
    ),
    "png turned by EXIF behind the pixels": taken(
        lambda: (
            encoded(photo())[:-12]
            + png_chunk(b"eXIf", pictures.tiff({0x0112: 6}))
            + encoded(photo())[-12:]
        ),
        lambda: photo().transpose(Image.Transpose.ROTATE_270),
    ),
    "png of 60,000 empty chunks of pixels": refused(
        UNSUPPORTED,
        lambda: before_pixels(encoded(photo()), png_chunk(b"IDAT", b"") * 60_000),
        "50,000 chunks",
    ),
    "png of 5,000 empty chunks of pixels": taken(
        lambda: before_pixels(encoded(photo()), png_chunk(b"IDAT", b"") * 5_000)
    ),
    **{
        f"png of another {what}": refused(DAMAGED, partial(other_head, at))
        for what, at in {"packing": 26, "way to filter": 27, "way to interlace": 28}.items()
    },
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
}

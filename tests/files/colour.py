"""Files whose numbers mean other colours than sRGB."""

from __future__ import annotations

import struct

import numpy as np
from PIL import Image

from tests.files.file import File, taken
from tests.files.icc import ADOBE_RGB, grey_profile, matrix_profile, profile_chunk
from tests.files.png import png_with
from tests.pictures import encoded, jpeg, photo, png_chunk, raw_png

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


COLOURS: dict[str, File] = {
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
}

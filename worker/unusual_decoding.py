"""The photos OpenCV would get wrong: PNG, BMP, CMYK, and colours that are not sRGB. Pillow reads them.

Pillow's plugins are called directly: `Image.open` warns of large and of malformed pictures, and no thread can
silence a warning for itself alone. `shared.image_header` has refused those before.
"""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from shared import jpeg_segments
from shared.image_header import EXIF_PREFIX, ImageFormat, ImageHeader
from worker.photo import Pixels

Mask = NDArray[np.bool_]

#: What Pillow is known to raise on damaged files.
PILLOW_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
#: How descriptions of sRGB profiles begin; "c2" is the 500-byte one of Facebook and many CDNs.
_SRGB_NAMES = ("srgb", "c2")
_OPAQUE = 255


def decode_with_pillow(data: bytes, header: ImageHeader) -> tuple[Pixels, Pixels | None]:
    """Decode to colours (H, W, 3) in sRGB and opacity (H, W), None if opaque; not turned upright.

    Raises:
        PILLOW_ERRORS: Any of them, if the pixels cannot be read.
    """
    image = _open(data, header)
    image.load()
    if image.mode.startswith("I"):
        return _split_deep_grey(image)
    alpha = _alpha(image, header)
    coloured = image if image.mode in {"RGB", "L", "CMYK"} else _without_alpha(image)
    rgb = _to_srgb(coloured, image.info.get("icc_profile"))
    return np.asarray(rgb), alpha


def has_other_colours(data: bytes, header: ImageHeader) -> bool:
    """Whether the photo's ICC profile can be read and is not sRGB's."""
    profile = _open_profile(_open(data, header).info.get("icc_profile"))
    if profile is None:
        return False
    try:
        description = ImageCms.getProfileDescription(profile)
    except ImageCms.PyCMSError:
        return True
    return not description.strip().lower().startswith(_SRGB_NAMES)


def _open(data: bytes, header: ImageHeader) -> ImageFile:
    if header.format is ImageFormat.JPEG:
        return JpegImageFile(io.BytesIO(_without_exif(data)))
    plugin = PngImageFile if header.format is ImageFormat.PNG else BmpImageFile
    return plugin(io.BytesIO(data))


def _without_exif(data: bytes) -> bytes:
    """Take the EXIF out of a JPEG: Pillow looks up the resolution there, and warns of a damaged one."""
    segments = list(jpeg_segments.read_segments(data))
    kept = [
        data[segment.start : segment.end]
        for segment in segments
        if not segment.content.startswith(EXIF_PREFIX)
    ]
    return b"".join([b"\xff\xd8", *kept, data[segments[-1].end :]])


def _split_deep_grey(image: Image.Image) -> tuple[Pixels, Pixels | None]:
    """16-bit grey, scaled: Pillow's own conversion would clip it at 255."""
    deep = np.asarray(image).astype(np.uint32)
    grey = ((deep + 128) // 257).astype(np.uint8)
    key = image.info.get("transparency")
    alpha = None if key is None else _opaque_but(deep == key)
    return np.repeat(grey[..., np.newaxis], 3, axis=2), alpha


def _without_alpha(image: Image.Image) -> Image.Image:
    # By way of RGBA, since Pillow warns of a palette with transparency on its way to RGB.
    return image.convert("RGBA").convert("RGB")


def _alpha(image: Image.Image, header: ImageHeader) -> Pixels | None:
    """The opacity of each pixel, from an alpha channel, a palette or a colour key."""
    key = image.info.get("transparency")
    if image.mode in {"RGBA", "LA"} or (image.mode == "P" and key is not None):
        alpha: Pixels = np.asarray(image.convert("RGBA").getchannel("A"))
    elif image.mode in {"L", "1", "RGB"} and key is not None:
        alpha = _opaque_but(_matches(image, key, header.bits))
    else:
        return None
    # Many writers of 32-bit BMPs leave the fourth byte at zero and mean an opaque picture.
    unused = header.format is ImageFormat.BMP and not alpha.any()
    return None if unused or alpha.min() == _OPAQUE else alpha


def _matches(image: Image.Image, key: int | tuple[int, ...], bits: int) -> Mask:
    """Where the colour key lies; PNG gives it in the file's depth, Pillow the pixels in 8 bits."""
    pixels = np.asarray(image.convert("L") if image.mode == "1" else image)
    wanted = np.asarray(key)
    if bits > 8:  # noqa: PLR2004
        wanted = wanted >> 8
    elif image.mode != "1":
        wanted = wanted * _OPAQUE // ((1 << bits) - 1)
    same: Mask = np.asarray(pixels == wanted)
    return np.logical_and.reduce(same, axis=2) if image.mode == "RGB" else same


def _opaque_but(transparent: Mask) -> Pixels:
    return np.where(transparent, 0, _OPAQUE).astype(np.uint8)


def _to_srgb(image: Image.Image, icc_profile: bytes | None) -> Image.Image:
    """Convert to sRGB by the photo's profile; without a usable one, by Pillow's formulas."""
    profile = _open_profile(icc_profile)
    if profile is not None:
        try:
            converted = ImageCms.profileToProfile(
                image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except ImageCms.PyCMSError:
            converted = None  # a profile for other kinds of pixels than these
        if converted is not None:
            return converted
    return image.convert("RGB")


def _open_profile(icc_profile: bytes | None) -> ImageCms.ImageCmsProfile | None:
    if not icc_profile:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
    except (OSError, TypeError, ValueError):
        return None

"""Colours as the network and the clients expect them: sRGB, by what a profile says and not by its name."""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageCms

from worker.imaging.photo import Pixels

#: How far a profile may lie from sRGB to be taken for it, in levels of 255. Rounding alone is 1; profiles that copy
#: sRGB with shorter tables 2.
_SAME = 2
#: Values of a channel that are looked at, all combinations of them.
_STEPS = np.linspace(0, 255, 6).round().astype(np.uint8)
_REMEMBERED = 64


def to_srgb(pixels: Pixels, profile: bytes) -> Pixels:
    """Convert (H, W, 3), grey (H, W) or CMYK (H, W, 4) to sRGB (H, W, 3), C-contiguous.

    CMYK: 255 for full ink. A profile that cannot be used, or is for another kind of pixels, is ignored.
    """
    mode = "L" if pixels.ndim == 2 else {3: "RGB", 4: "CMYK"}[pixels.shape[2]]  # noqa: PLR2004
    transform = _transform(profile, mode) if profile else None
    # Pillow's pictures are copies: only the colour engine and CMYK need one.
    if transform is None and mode == "RGB":
        return np.ascontiguousarray(pixels)
    if transform is None and mode == "L":
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), np.uint8)
    stored = np.ascontiguousarray(pixels)
    image = Image.frombuffer(mode, pixels.shape[1::-1], stored, "raw", mode, 0, 1)
    if transform is None:
        return np.asarray(image.convert("RGB"), np.uint8)
    return np.asarray(ImageCms.applyTransform(image, transform), np.uint8)


def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """How to get from the profile to sRGB; None if that changes nothing, or is not to be known."""
    return _transforms(hashlib.sha256(profile).digest(), mode, _Profile(profile))


class _Profile:
    """Bytes that a cache does not look at: their hash stands beside them."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Profile)

    def __hash__(self) -> int:
        return 0


@lru_cache(_REMEMBERED)
def _transforms(_sha256: bytes, mode: str, profile: _Profile) -> ImageCms.ImageCmsTransform | None:
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile.content))
        transform = ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), mode, "RGB")
        return None if mode == "RGB" and _changes_nothing(transform) else transform
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return None
    finally:
        # The cache keeps its keys, and a profile may have megabytes.
        profile.content = b""


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    probe = np.stack(np.meshgrid(_STEPS, _STEPS, _STEPS), axis=-1).reshape(1, -1, 3)
    seen = np.asarray(ImageCms.applyTransform(Image.fromarray(probe), transform), np.int16)
    return bool(np.abs(seen - probe).max() <= _SAME)

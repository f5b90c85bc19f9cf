"""Each step of the image path on the whole photo, the plain way: what the path with patches and strips is held to."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from shared.wire.contract import ReturnForm
from worker.imaging import cutout, decontamination, mattes, refinement
from worker.imaging.downscaling import shrink_to, shrunk_size
from worker.imaging.patch import Patch
from worker.imaging.photo import Pixels, blend
from worker.imaging.picture import Picture
from worker.imaging.rendering import Renderer

Plane = refinement.Plane


def use_plain_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `cut_out` work on whole photos."""
    monkeypatch.setattr(Patch, "trimmed", lambda patch: patch)
    monkeypatch.setattr(refinement, "_applied", _apply_lines)
    monkeypatch.setattr(mattes, "_share_of", _share_of)
    monkeypatch.setattr(cutout, "decontaminate", _decontaminate)
    monkeypatch.setattr(Renderer, "draw", _draw)


def _apply_lines(lines: refinement._Lines, seen: Pixels, mix: Plane) -> Patch:
    height, width = seen.shape[:2]
    slope = cv2.resize(lines.slope, (width, height))
    level = cv2.resize(255 * lines.level, (width, height))
    guide = cv2.transform(seen.astype(np.float32), mix[np.newaxis])
    return Patch.of(np.rint(np.clip(guide * slope + level, 0, 255)).astype(np.uint8))


def _share_of(clothing: Patch, share: Pixels) -> Patch:
    height, width = clothing.shape
    enlarged = cv2.resize(share, (width, height))
    return Patch.of(np.asarray(cv2.multiply(clothing.whole(), enlarged, scale=1 / 255), np.uint8))


def _decontaminate(
    rgb: Pixels, overview: Pixels, clothing: Patch, own_alpha: Pixels | None = None
) -> Patch:
    alpha = clothing.whole()
    small = shrunk_size(alpha.shape, decontamination._SMALL_LONG_SIDE)
    inside, outside = decontamination._blurred_colours(
        shrink_to(overview, small), shrink_to(alpha, small)
    )
    rows, columns = (np.arange(side) for side in alpha.shape)
    nearest = np.ix_(rows * small[1] // len(rows), columns * small[0] // len(columns))
    opacity = alpha[..., np.newaxis] / np.float32(255)
    front = inside[nearest]
    front += opacity * (rgb - opacity * front - (1 - opacity) * outside[nearest])
    clean = np.clip(front + np.float32(0.5), 0, 255).astype(np.uint8)
    kept = (alpha == 0) | (alpha == 255)
    if own_alpha is not None:
        kept |= own_alpha < 255
    clean[kept] = rgb[kept]
    return Patch.of(clean)


def _draw(renderer: Renderer, alpha: Patch, form: ReturnForm) -> Picture:
    colours, placement = renderer.colours, renderer.placement
    if placement is not None:
        colours, alpha = placement.place(colours, alpha)
    rgb, opacity = colours.whole(), alpha.whole()
    if form is ReturnForm.MASK:
        return Picture.of(opacity)
    ground = (255,) * 3 if form is ReturnForm.WHITE else renderer.rendition.background
    if ground is not None:
        return Picture.of(blend(rgb, opacity, ground))
    rgba = np.dstack([rgb, opacity])
    rgba[opacity == 0] = 0
    return Picture.of(rgba)

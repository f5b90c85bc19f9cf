"""The worker's image path in steps, so that what comes out of each can be measured."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.errors import ErrorCode, Refused
from shared.job import CutoutOptions
from shared.manifest import Manifest, load_manifest
from shared.settings.settings import load_settings
from shared.wire.contract import ReturnForm
from worker.imaging.cutout import cut_out, segment
from worker.imaging.decoding import decode
from worker.imaging.downscaling import overview_of
from worker.imaging.letterbox import fit
from worker.imaging.photo import Photo
from worker.imaging.prepared_photo import OVERVIEW_LONG_SIDE, PreparedPhoto
from worker.imaging.refinement import refine
from worker.imaging.segmentation import Segmentation, interpret
from worker.network.segmenter import Segmenter
from worker.network.session import Network
from worker.network.test_time_augmentation import AugmentedNetwork

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]

_NEVER = -20.0


@dataclass(frozen=True, eq=False)
class Edges:
    """One coarse opacity brought to the photo's size in two ways, (H, W), 0..1."""

    plain: Plane
    refined: Plane


def load_network(onnx_file: Path) -> Segmenter:
    """Load a network that has its `model.toml` beside it; CUTWORK_SECOND_LOOK says, as in a worker, how it looks."""
    network = Network(load_manifest(str(onnx_file.parent), onnx_file.parent), "cpu")
    return AugmentedNetwork(network) if load_settings().second_look else network


def see(rgb: Pixels, network: Segmenter) -> Segmentation:
    """Let the network look once at a photo (H, W, 3)."""
    return segment(PreparedPhoto.of(Photo(rgb), network.manifest), network)


def see_truth(alpha: Plane, manifest: Manifest, softness: float) -> Segmentation:
    """Take the answer of a network that sees the opacity (H, W) rightly, as coarse and as soft as networks answer.

    `softness` is the standard deviation of its blur, in pixels of its answer.
    """
    letterbox = fit(alpha.shape[0], alpha.shape[1], manifest)
    size = (letterbox.logits_width, letterbox.logits_height)
    mean = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    share = np.clip(cv2.GaussianBlur(mean, (0, 0), softness), 1e-4, 1 - 1e-4)
    logits = np.full((manifest.output.planes, *share.shape), _NEVER, np.float32)
    labels = manifest.output.labels
    logits[labels.index("background")] = np.log(1 - share)
    logits[labels.index("tops")] = np.log(share)
    below = letterbox.frame_height // letterbox.output_stride - share.shape[0]
    beside = letterbox.frame_width // letterbox.output_stride - share.shape[1]
    padded = np.pad(logits, ((0, 0), (0, below), (0, beside)), mode="edge")
    return interpret(padded, letterbox, manifest.output)


def enlarge(seen: Segmentation, rgb: Pixels) -> Edges:
    """Bring the coarse opacity to the photo's size: by plain bilinear interpolation, and as the worker does."""
    height, width = rgb.shape[:2]
    refined = refine(seen.clothing, rgb, overview_of(rgb, OVERVIEW_LONG_SIDE))
    return Edges(
        plain=np.asarray(cv2.resize(seen.clothing, (width, height)), np.float32),
        refined=refined.whole().astype(np.float32) / np.float32(255),
    )


def mask_of(rgb: Pixels, network: Segmenter) -> Pixels | None:
    """Send a photo through the whole worker as a JPEG; the mask (H, W), or None if it shows no clothing."""
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=92)
    options = CutoutOptions(return_form=ReturnForm.MASK)
    try:
        png = cut_out(decode(file.getvalue()), options, network).image
    except Refused as refused:
        if refused.code is not ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED:
            raise
        return None
    return np.asarray(Image.open(io.BytesIO(png)), np.uint8)

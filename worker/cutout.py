"""The image path: from a photo to the pictures that are delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shared.contract import Category, OutMode, ReturnForm
from shared.errors import ErrorCode, Refused
from shared.job import CutoutOptions
from shared.manifest import Manifest
from worker.foreground import decontaminate
from worker.photo import Photo, Pixels
from worker.postprocessing import Opacities, to_opacities
from worker.preprocessing import to_frame
from worker.rendering import render
from worker.scene import Scene
from worker.segmentation import Segmentation, interpret
from worker.view import closer_view, wider_view


class Segmenter(Protocol):
    """Whatever runs a network on one frame."""

    @property
    def manifest(self) -> Manifest:
        """What the network expects and gives."""

    def segment(self, frame: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run (3, H, W) to logits (planes, H / stride, W / stride); may raise `InferenceFailed`."""


@dataclass(frozen=True, eq=False)
class Cutouts:
    """The pictures of one job: PNGs, all of the upright photo's size."""

    image: bytes
    #: The requested categories in their order; None where the photo shows none of it.
    categories: Mapping[Category, bytes | None]


def cut_out(photo: Photo, options: CutoutOptions, network: Segmenter) -> Cutouts:
    """Cut the clothing out of a photo.

    Raises:
        Refused: ERROR_NO_RECOGNITION_TARGET_DETECTED, if the photo shows no clothing at all;
            ERROR_INVALID_PARAMETER, if a category is asked for that the network does not know.
        InferenceFailed: The network did not give a usable answer.
    """
    known = tuple(network.manifest.output.labels_of)
    _check_known(options, known)
    scene = Scene.of(photo, network.manifest)
    opacities = _look(scene, network, _needed(options, known))
    if opacities is None:
        raise Refused(
            ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED, "The image shows no clothing."
        )
    colours = _clean_colours(scene, opacities, options.return_form)
    return _render_all(colours, opacities, options)


def _look(scene: Scene, network: Segmenter, needed: Sequence[Category]) -> Opacities | None:
    """Look at the whole photo, and again from nearer if the clothing is small in it; None if it shows none.

    A view that turns out to cut clothing off is looked at once more, wider.
    """
    part, segmentation = scene, segment(scene, network)
    view = closer_view(segmentation.inside, scene.letterbox, network.manifest)
    if view:
        part = scene.part(view, network.manifest)
        segmentation = segment(part, network)
        if wider := wider_view(segmentation.inside, view, scene.letterbox):
            view, part = wider, scene.part(wider, network.manifest)
            segmentation = segment(part, network)
    opacities = to_opacities(segmentation, part, needed)
    if not opacities.shows_clothing:
        return None
    return opacities.placed(view, scene.seen.shape) if view else opacities


def segment(scene: Scene, network: Segmenter) -> Segmentation:
    """Let the network look once at a scene."""
    frame = to_frame(scene.overview, scene.letterbox, network.manifest.input)
    return interpret(network.segment(frame), scene.letterbox, network.manifest.output)


def _check_known(options: CutoutOptions, known: Sequence[Category]) -> None:
    """Refuse what could only be answered with "the photo shows none", which nobody has looked for.

    The front end cannot refuse it: which network its workers run is their setting, not its own.
    """
    words = ", ".join(known) or "none"
    unknown = [category for category in options.cloth_class if category not in known]
    if unknown:
        raise Refused(
            ErrorCode.ERROR_INVALID_PARAMETER,
            f"cloth_class: the network of this service does not know {', '.join(unknown)}. It knows: {words}.",
        )
    if options.out_mode is OutMode.REQUESTED_CATEGORIES and not known:
        raise Refused(
            ErrorCode.ERROR_INVALID_PARAMETER,
            "out_mode: the network of this service knows no categories, so only 0 can be asked for.",
        )


def _needed(options: CutoutOptions, known: tuple[Category, ...]) -> tuple[Category, ...]:
    """The categories that some picture depends on: all of one mode's image, if none was named for it."""
    if options.out_mode is OutMode.REQUESTED_CATEGORIES and not options.cloth_class:
        return known
    return options.cloth_class


def _clean_colours(scene: Scene, opacities: Opacities, form: ReturnForm) -> Pixels:
    photo = scene.photo
    if form is ReturnForm.MASK:
        return photo.rgb
    return decontaminate(photo.rgb, scene.overview, opacities.clothing, photo.alpha)


def _render_all(colours: Pixels, opacities: Opacities, options: CutoutOptions) -> Cutouts:
    form = options.return_form
    by_mode = {
        OutMode.ALL_CLOTHING: lambda: opacities.clothing,
        OutMode.REQUESTED_CATEGORIES: opacities.of_categories,
    }
    shown = {
        category: render(colours, opacities.categories[category], form)
        for category in options.cloth_class
        if category in opacities.categories
    }
    return Cutouts(
        image=render(colours, by_mode[options.out_mode](), form),
        categories={category: shown.get(category) for category in options.cloth_class},
    )

"""The image path: from a photo to the pictures that are delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.errors import ErrorCode, Refused
from shared.job import CutoutOptions
from shared.wire.contract import Category, OutMode, ReturnForm
from shared.wire.rendition import OnCanvas
from worker.imaging.crop import closer_crop, wider_crop
from worker.imaging.decontamination import decontaminate
from worker.imaging.frame import to_frame
from worker.imaging.mattes import Mattes, to_mattes
from worker.imaging.patch import Patch
from worker.imaging.photo import Photo
from worker.imaging.placement import find_placement
from worker.imaging.prepared_photo import PreparedPhoto
from worker.imaging.quality_report import QualityReport, look_at
from worker.imaging.rendering import Renderer
from worker.imaging.segmentation import Segmentation, interpret
from worker.network.segmenter import Segmenter


@dataclass(frozen=True, eq=False)
class Pictures:
    """The pictures of one form, as files. All of a job have one size: the upright photo's, unless it is cropped."""

    image: bytes
    #: The requested categories in their order; None where the photo shows none of it.
    categories: Mapping[Category, bytes | None]


@dataclass(frozen=True, eq=False)
class Cutouts:
    """What one job delivers."""

    #: In the order in which they were asked for.
    by_form: Mapping[ReturnForm, Pictures]
    report: QualityReport

    @property
    def image(self) -> bytes:
        """The picture of the form that was asked for first, or alone."""
        return self._first.image

    @property
    def categories(self) -> Mapping[Category, bytes | None]:
        """Those of that form."""
        return self._first.categories

    @property
    def _first(self) -> Pictures:
        return next(iter(self.by_form.values()))


def cut_out(photo: Photo, options: CutoutOptions, network: Segmenter) -> Cutouts:
    """Cut the clothing out of a photo.

    Raises:
        Refused: ERROR_NO_RECOGNITION_TARGET_DETECTED, if the photo shows no clothing at all;
            ERROR_INVALID_PARAMETER, if a category is asked for that the network does not know.
        InferenceFailed: The network did not give a usable answer.
    """
    known = tuple(network.manifest.output.labels_of)
    _check_known(options, known)
    prepared = PreparedPhoto.of(photo, network.manifest)
    mattes = _look(prepared, network, _needed(options, known))
    if mattes is None:
        raise Refused(
            ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED, "The image shows no clothing."
        )
    return _deliver(prepared, mattes, options)


def _look(prepared: PreparedPhoto, network: Segmenter, needed: Sequence[Category]) -> Mattes | None:
    """Look at the whole photo, and again from nearer if the clothing is small in it; None if it shows none.

    A crop that turns out to cut clothing off is looked at once more, wider.
    """
    part, segmentation = prepared, segment(prepared, network)
    crop = closer_crop(segmentation.inside, prepared.letterbox, network.manifest)
    if crop:
        part = prepared.part(crop, network.manifest)
        segmentation = segment(part, network)
        if wider := wider_crop(segmentation.inside, crop, prepared.letterbox):
            crop, part = wider, prepared.part(wider, network.manifest)
            segmentation = segment(part, network)
    mattes = to_mattes(segmentation, part, needed)
    if not mattes.shows_clothing:
        return None
    height, width = prepared.seen.shape[:2]
    return mattes.placed(crop, (height, width)) if crop else mattes


def segment(prepared: PreparedPhoto, network: Segmenter) -> Segmentation:
    """Run the network once on a prepared photo."""
    frame = to_frame(prepared.overview, prepared.letterbox, network.manifest.input)
    return interpret(network.segment(frame), prepared.letterbox, network.manifest.output)


def _check_known(options: CutoutOptions, known: Sequence[Category]) -> None:
    """Refuse what could only be answered with "the photo shows none", which nobody has looked for.

    The front end cannot refuse it: it does not know which network the workers run.
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


def _deliver(prepared: PreparedPhoto, mattes: Mattes, options: CutoutOptions) -> Cutouts:
    of_mode = {
        OutMode.ALL_CLOTHING: lambda: mattes.clothing,
        OutMode.REQUESTED_CATEGORIES: mattes.of_categories,
    }
    alpha = of_mode[options.out_mode]()
    box, layout = alpha.visible_box(), options.rendition.layout
    # A picture that shows nothing is the photo's size.
    placement = find_placement(layout, box, alpha.shape) if layout and box else None
    renderer = Renderer(
        colours=_clean_colours(prepared, mattes, options.forms),
        rendition=options.rendition,
        placement=placement,
    )
    by_form, white = {}, None
    for form in options.forms:
        picture = renderer.draw(alpha, form)
        white = picture.share_of_white() if form is ReturnForm.WHITE else white
        by_form[form] = Pictures(
            renderer.write(picture), _categories(renderer, mattes, form, options)
        )
    found = {it: mattes.categories[it] for it in options.cloth_class if it in mattes.categories}
    asked = layout.fill if isinstance(layout, OnCanvas) else 1.0
    report = look_at(alpha, found, box, placement, white, doubt=mattes.doubt, fill=asked)
    return Cutouts(by_form, report)


def _clean_colours(prepared: PreparedPhoto, mattes: Mattes, forms: Sequence[ReturnForm]) -> Patch:
    photo = prepared.photo
    if set(forms) == {ReturnForm.MASK}:
        return Patch.of(photo.rgb)
    return decontaminate(photo.rgb, prepared.overview, mattes.clothing, photo.alpha)


def _categories(
    renderer: Renderer, mattes: Mattes, form: ReturnForm, options: CutoutOptions
) -> dict[Category, bytes | None]:
    shown = mattes.categories
    return {
        category: renderer.write(renderer.draw(shown[category], form))
        if category in shown
        else None
        for category in options.cloth_class
    }

from __future__ import annotations

import io
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from shared.errors import ErrorCode, Refused
from shared.job import CutoutOptions
from shared.manifest import load_manifest
from shared.wire.contract import Category, OutMode, ReturnForm
from tests import pictures
from tests.worker.networks import Seeing, orange, seeing
from worker.imaging.cutout import cut_out
from worker.imaging.decoding import decode
from worker.imaging.photo import Photo
from worker.network.session import Network

Pixels = NDArray[np.uint8]

PHOTO = Photo(np.asarray(pictures.photo(300, 400)))
OUTFIT = seeing(
    ("person", 0.4, 0.05, 0.6, 0.2),
    ("tops", 0.3, 0.2, 0.7, 0.5),
    ("pants", 0.3, 0.5, 0.7, 0.9),
    ("shoes", 0.3, 0.9, 0.7, 1.0),
)
MASK = ReturnForm.MASK
SECRET = b"52.5200 N, 13.4050 E"


def pixels(png: bytes | None) -> Pixels:
    assert png is not None
    return np.asarray(Image.open(io.BytesIO(png)))


def test_the_default_is_one_cut_out_of_all_clothing() -> None:
    cutouts = cut_out(PHOTO, CutoutOptions(), OUTFIT)
    rgba = pixels(cutouts.image)
    assert rgba.shape == (400, 300, 4)
    assert (rgba[100:380, 110:190, 3] == 255).all()
    assert not rgba[:60].any()
    assert np.array_equal(rgba[150:250, 120:180, :3], PHOTO.rgb[150:250, 120:180])
    assert not cutouts.categories


def test_requested_categories_come_in_their_order_and_none_if_not_shown() -> None:
    wanted = (Category.SHOES, Category.HAT, Category.TOPS)
    cutouts = cut_out(PHOTO, CutoutOptions(cloth_class=wanted, return_form=MASK), OUTFIT)
    assert tuple(cutouts.categories) == wanted
    assert cutouts.categories[Category.HAT] is None
    assert pixels(cutouts.categories[Category.TOPS])[150, 150] == 255
    assert pixels(cutouts.categories[Category.TOPS])[300, 150] == 0
    assert pixels(cutouts.categories[Category.SHOES])[390, 150] == 255


def test_the_categories_make_up_the_clothing() -> None:
    options = CutoutOptions(cloth_class=tuple(Category), return_form=MASK)
    cutouts = cut_out(PHOTO, options, OUTFIT)
    together = sum(pixels(png).astype(int) for png in cutouts.categories.values() if png)
    assert np.abs(together - pixels(cutouts.image)).max() <= 3


@pytest.mark.parametrize("form", ReturnForm)
def test_the_return_form_applies_to_every_picture(form: ReturnForm) -> None:
    options = CutoutOptions(cloth_class=(Category.PANTS,), return_form=form)
    cutouts = cut_out(PHOTO, options, OUTFIT)
    shape = {ReturnForm.CUTOUT: (400, 300, 4), MASK: (400, 300), ReturnForm.WHITE: (400, 300, 3)}
    assert pixels(cutouts.image).shape == shape[form]
    assert pixels(cutouts.categories[Category.PANTS]).shape == shape[form]


def test_the_other_mode_shows_the_requested_categories_only() -> None:
    options = CutoutOptions(
        cloth_class=(Category.TOPS, Category.SHOES),
        out_mode=OutMode.REQUESTED_CATEGORIES,
        return_form=MASK,
    )
    image = pixels(cut_out(PHOTO, options, OUTFIT).image)
    assert image[150, 150] == image[390, 150] == 255
    assert image[300, 150] == 0


def test_the_other_mode_shows_all_seven_if_none_is_requested() -> None:
    options = CutoutOptions(out_mode=OutMode.REQUESTED_CATEGORIES, return_form=MASK)
    cutouts = cut_out(PHOTO, options, OUTFIT)
    assert (pixels(cutouts.image)[100:380, 110:190] >= 253).all()
    assert not cutouts.categories


def test_the_other_mode_is_empty_if_only_other_clothing_is_shown() -> None:
    options = CutoutOptions(cloth_class=(Category.HAT,), out_mode=OutMode.REQUESTED_CATEGORIES)
    cutouts = cut_out(PHOTO, options, OUTFIT)
    assert pixels(cutouts.image).shape == (400, 300, 4)
    assert not pixels(cutouts.image).any()
    assert cutouts.categories == {Category.HAT: None}


@pytest.mark.parametrize(
    "network",
    [seeing(), seeing(("person", 0.2, 0.2, 0.8, 0.8)), seeing(("tops", 0, 0, 0.04, 0.04))],
)
def test_no_clothing_at_all_is_refused(network: Seeing) -> None:
    with pytest.raises(Refused) as refused:
        cut_out(PHOTO, CutoutOptions(), network)
    assert refused.value.code is ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED


def test_something_small_counts_as_shown_from_a_fraction_of_the_photo_on() -> None:
    outfit = ("coat", 0.2, 0.3, 0.8, 0.9)
    for side, shown in ((0.03, False), (0.1, True)):
        network = seeing(outfit, ("hat", 0.45, 0.1, 0.45 + side, 0.1 + side))
        cutouts = cut_out(PHOTO, CutoutOptions(cloth_class=(Category.HAT,)), network)
        assert (cutouts.categories[Category.HAT] is not None) is shown


def test_the_photos_own_transparency_stays() -> None:
    alpha = np.full((400, 300), 255, np.uint8)
    alpha[:, :150] = 100
    alpha[200:250] = 0
    photo = Photo(PHOTO.rgb, alpha)
    rgba = pixels(cut_out(photo, CutoutOptions(), OUTFIT).image)
    assert abs(int(rgba[150, 120, 3]) - 100) <= 1
    assert np.array_equal(rgba[150, 120, :3], PHOTO.rgb[150, 120])
    assert rgba[150, 180, 3] == 255
    assert not rgba[205:245].any()


def wide_scene() -> tuple[Photo, NDArray[np.bool_]]:
    """Something orange of 120 × 180 pixels in a photo of 2,400 × 1,200, and where it is."""
    rgb = np.full((1200, 2400, 3), 120, np.uint8)
    rgb[500:680, 700:820] = (230, 120, 20)
    mask = np.zeros((1200, 2400), np.bool_)
    mask[500:680, 700:820] = True
    return Photo(rgb), mask


def overlap(png: bytes | None, truth: NDArray[np.bool_]) -> float:
    mask = pixels(png) > 127
    return float((mask & truth).sum() / (mask | truth).sum())


def test_small_clothing_is_looked_at_again_from_nearer() -> None:
    photo, truth = wide_scene()
    shares = []

    def looking(frame: NDArray[np.float32]) -> NDArray[np.int64]:
        shares.append(float(orange(frame).mean()))
        return orange(frame)

    options = CutoutOptions(cloth_class=(Category.TOPS,), return_form=MASK)
    cutouts = cut_out(photo, options, Seeing(looking))

    assert len(shares) == 2
    assert shares[1] > 20 * shares[0]
    for png in (cutouts.image, cutouts.categories[Category.TOPS]):
        assert overlap(png, truth) > 0.97


def test_a_closer_look_that_cuts_clothing_off_is_followed_by_a_wider_one() -> None:
    photo, truth = wide_scene()
    looks = 0

    def upper_part_at_first(frame: NDArray[np.float32]) -> NDArray[np.int64]:
        nonlocal looks
        looks += 1
        labels = orange(frame)
        if looks == 1:
            rows = np.flatnonzero(labels.any(axis=1))
            labels[rows[len(rows) // 3] :] = 0
        return labels

    cutouts = cut_out(photo, CutoutOptions(return_form=MASK), Seeing(upper_part_at_first))

    assert looks == 3
    assert overlap(cutouts.image, truth) > 0.97


def test_clothing_that_is_none_from_near_is_none() -> None:
    photo, _ = wide_scene()
    looks = 0

    def first_only(frame: NDArray[np.float32]) -> NDArray[np.int64]:
        nonlocal looks
        looks += 1
        return orange(frame) if looks == 1 else 0 * orange(frame)

    with pytest.raises(Refused) as refused:
        cut_out(photo, CutoutOptions(), Seeing(first_only))
    assert refused.value.code is ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED
    assert looks == 2


def test_the_transparency_of_a_photo_stays_in_a_closer_look() -> None:
    photo, truth = wide_scene()
    alpha = np.full(truth.shape, 255, np.uint8)
    alpha[:, :760] = 100

    rgba = pixels(cut_out(Photo(photo.rgb, alpha), CutoutOptions(), Seeing(orange)).image)

    assert abs(int(rgba[600, 730, 3]) - 100) <= 1
    assert rgba[600, 790, 3] == 255


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_gives_the_upright_photos_mask(orientation: int) -> None:
    upright = pictures.astronaut().resize((160, 240))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = upright.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else upright
    data = pictures.with_orientation(pictures.jpeg(stored), orientation)
    options = CutoutOptions(return_form=MASK)
    turned = pixels(cut_out(decode(data), options, Seeing(orange)).image)
    expected = pixels(cut_out(decode(pictures.jpeg(upright)), options, Seeing(orange)).image)
    assert turned.shape == expected.shape == (240, 160)
    assert np.abs(turned.astype(int) - expected).mean() < 4


@pytest.mark.parametrize("size", [(51, 2999), (2999, 51), (51, 51), (700, 1300)])
def test_every_picture_has_the_photos_size(size: tuple[int, int]) -> None:
    photo = Photo(np.asarray(pictures.photo(*size)))
    network = seeing(("coat", 0, 0, 1, 1))
    for form in ReturnForm:
        options = CutoutOptions(cloth_class=(Category.COAT,), return_form=form)
        cutouts = cut_out(photo, options, network)
        for png in (cutouts.image, cutouts.categories[Category.COAT]):
            assert pixels(png).shape[1::-1] == size


@pytest.mark.parametrize("form", ReturnForm)
@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_nothing_of_the_inputs_metadata_comes_back(file_format: str, form: ReturnForm) -> None:
    data = _telling(file_format)
    assert data.count(SECRET) >= 3

    cutouts = cut_out(
        decode(data), CutoutOptions(cloth_class=(Category.TOPS,), return_form=form), OUTFIT
    )

    for png in (cutouts.image, cutouts.categories[Category.TOPS]):
        assert png is not None
        assert SECRET not in png
        assert set(_chunks(png)) == {b"IHDR", b"IDAT", b"IEND"}


def _telling(file_format: str) -> bytes:
    """A photo that says where it was taken, in every place that a format has for such things."""
    if file_format == "PNG":
        text = PngInfo()
        text.add_text("Comment", SECRET)
        text.add_itxt("XML:com.adobe.xmp", SECRET.decode())
        return pictures.encoded(
            pictures.photo(300, 400),
            pnginfo=text,
            exif=b"Exif\0\0" + pictures.tiff({0x0112: 1}) + SECRET,
            icc_profile=pictures.icc_profile(),
        )
    data = pictures.jpeg(
        pictures.photo(300, 400), icc_profile=pictures.icc_profile(), comment=SECRET
    )
    for marker, head in (
        (0xE1, b"Exif\0\0" + pictures.tiff({0x0112: 1})),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0"),
        (0xED, b"Photoshop 3.0\0"),
        (0xEF, b""),
    ):
        data = pictures.with_segment(data, marker, head + SECRET)
    return data


def _chunks(png: bytes) -> list[bytes]:
    names, at = [], 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        names.append(png[at + 4 : at + 8])
        at += length + 12
    return names


@pytest.mark.parametrize("name", ["cutwork-1", "cutwork-1-int8", "cutwork-1-shop"])
def test_the_bundled_networks_find_the_astronauts_suit(name: str, tmp_path: Path) -> None:
    photo = Photo(np.asarray(pictures.astronaut()))
    network = Network(load_manifest(name, tmp_path), "cpu")
    mask = pixels(cut_out(photo, CutoutOptions(return_form=MASK), network).image)
    assert mask[350, 100] == 255  # the suit
    assert mask[100, 300] == 0  # the wall
    assert mask[200, 470] == 0  # the table


@pytest.mark.parametrize("size", [(64, 64), (72, 64), (80, 64), (60, 90)])
def test_a_person_in_a_tiny_photo_wears_something(size: tuple[int, int], tmp_path: Path) -> None:
    photo = decode(pictures.jpeg(pictures.photo(*size)))
    network = Network(load_manifest("cutwork-1", tmp_path), "cpu")
    mask = pixels(cut_out(photo, CutoutOptions(return_form=MASK), network).image)
    assert mask.shape[::-1] == size
    assert (mask > 127).mean() > 0.02


def test_several_outputs_come_from_one_look() -> None:
    options = CutoutOptions(
        cloth_class=(Category.TOPS,), rendition_words={"outputs": "white,mask,cutout"}
    )

    cutouts = cut_out(PHOTO, options, OUTFIT)

    channels = {form: pixels(drawn.image).shape[2:] for form, drawn in cutouts.by_form.items()}
    assert channels == {ReturnForm.WHITE: (3,), MASK: (), ReturnForm.CUTOUT: (4,)}
    assert cutouts.image == cutouts.by_form[ReturnForm.WHITE].image
    for form, drawn in cutouts.by_form.items():
        alone = cut_out(PHOTO, replace(options, rendition_words={"outputs": form.word}), OUTFIT)
        assert drawn.image == alone.image
        assert drawn.categories == alone.categories


def test_all_pictures_of_a_job_lie_alike_on_their_canvas() -> None:
    words = {"canvas": "500x600", "fill": "0.8", "outputs": "mask", "format": "webp"}
    options = CutoutOptions(cloth_class=tuple(Category), rendition_words=words)

    cutouts = cut_out(PHOTO, options, OUTFIT)

    whole = np.asarray(Image.open(io.BytesIO(cutouts.image)).convert("L")).astype(int)
    assert whole.shape == (600, 500)
    together = sum(
        np.asarray(Image.open(io.BytesIO(data)).convert("L")).astype(int)
        for data in cutouts.categories.values()
        if data
    )
    assert np.abs(together - whole).max() <= 4
    # The shoes stand at the photo's lower end, so there is no margin below.
    assert cutouts.report.fill == pytest.approx(0.9, abs=0.01)


def test_a_picture_that_shows_nothing_has_the_photos_size() -> None:
    options = CutoutOptions(
        cloth_class=(Category.HAT,),
        out_mode=OutMode.REQUESTED_CATEGORIES,
        rendition_words={"canvas": "500x600"},
    )

    cutouts = cut_out(PHOTO, options, OUTFIT)

    assert pixels(cutouts.image).shape == (400, 300, 4)
    assert cutouts.report.as_json()["reasons"] == ["empty"]


def test_a_cutout_before_a_background_has_that_colour_around_it() -> None:
    options = CutoutOptions(rendition_words={"background": "204060"})

    picture = pixels(cut_out(PHOTO, options, OUTFIT).image)

    assert picture.shape == (400, 300, 3)
    assert (picture[:60] == (0x20, 0x40, 0x60)).all()
    assert np.array_equal(picture[150:250, 120:180], PHOTO.rgb[150:250, 120:180])

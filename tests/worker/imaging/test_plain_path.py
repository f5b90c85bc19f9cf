"""The path with patches and strips gives what the plain one does on the whole photo, but for a level here and there."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.job import CutoutOptions
from shared.manifest import load_manifest
from shared.wire.contract import Category, ReturnForm
from tests import pictures
from tests.worker.imaging.plain_path import use_plain_path
from tests.worker.networks import Seeing, orange, seeing
from worker.imaging.cutout import Cutouts, cut_out
from worker.imaging.photo import Photo
from worker.network.segmenter import Segmenter
from worker.network.session import Network

Pixels = NDArray[np.uint8]

#: Of 255: what a value may differ by at the most. And how many may differ.
LEVELS, SHARE = 2, 0.01

OUTFIT = seeing(
    ("person", 0.4, 0.05, 0.6, 0.2),
    ("tops", 0.3, 0.2, 0.7, 0.5),
    ("pants", 0.3, 0.5, 0.7, 0.9),
    ("shoes", 0.35, 0.85, 0.45, 1.0),
)
SIDEWAYS = seeing(("skirt", 0, 0.4, 1, 0.6))
ALL = tuple(Category)


def photo(width: int, height: int, *, is_transparent: bool = False) -> Photo:
    rgb = np.asarray(pictures.photo(width, height))
    if not is_transparent:
        return Photo(rgb)
    fading = np.linspace(0, 300, width).clip(0, 255).astype(np.uint8)
    return Photo(rgb, np.ascontiguousarray(np.broadcast_to(fading, (height, width))))


def drawn(cutouts: Cutouts) -> dict[tuple[ReturnForm, str], Pixels]:
    files = {
        (form, name): data
        for form, pictures_of in cutouts.by_form.items()
        for name, data in (("image", pictures_of.image), *pictures_of.categories.items())
        if data is not None
    }
    return {key: np.asarray(Image.open(io.BytesIO(data))) for key, data in files.items()}


def hold_to_the_plain_path(
    given: Photo, words: dict[str, str], network: Segmenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = CutoutOptions(cloth_class=ALL, rendition_words=words)
    ours = cut_out(given, options, network)
    use_plain_path(monkeypatch)
    plain = cut_out(given, options, network)

    assert ours.report.box == plain.report.box
    assert ours.report.share == pytest.approx(plain.report.share, abs=1e-4)
    assert ours.report.white == pytest.approx(plain.report.white, abs=1e-3)
    found, expected = drawn(ours), drawn(plain)
    assert found.keys() == expected.keys()
    for key, picture in found.items():
        assert picture.shape == expected[key].shape, key
        difference = np.abs(seen(picture) - seen(expected[key]))
        assert difference.max() <= LEVELS, key
        assert (difference > 0.5).mean() <= SHARE, key


def seen(picture: Pixels) -> NDArray[np.float64]:
    """As an eye sees it: colours count by their opacity."""
    levels = picture.astype(float)
    if picture.shape[2:] == (4,):
        levels[..., :3] *= levels[..., 3:] / 255
    return levels


@pytest.mark.parametrize("network", [OUTFIT, SIDEWAYS], ids=["outfit", "sideways"])
@pytest.mark.parametrize("size", [(300, 400), (641, 359), (900, 1200)])
def test_all_forms_and_categories(
    size: tuple[int, int], network: Segmenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {"outputs": "cutout,mask,white"}
    hold_to_the_plain_path(photo(*size), words, network, monkeypatch)


def test_a_photo_that_is_transparent_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    given = photo(600, 800, is_transparent=True)
    hold_to_the_plain_path(given, {"outputs": "cutout,mask,white"}, OUTFIT, monkeypatch)


def test_clothing_that_is_looked_at_from_nearer(monkeypatch: pytest.MonkeyPatch) -> None:
    rgb = np.full((1200, 2400, 3), 120, np.uint8)
    rgb[500:740, 700:860] = np.asarray(pictures.photo(160, 240)) // 4
    rgb[560:720, 720:820] += np.array((150, 60, 0), np.uint8)
    hold_to_the_plain_path(Photo(rgb), {"outputs": "cutout,mask"}, Seeing(orange), monkeypatch)


@pytest.mark.parametrize(
    "words",
    [
        {"canvas": "500x600", "fill": "0.8", "outputs": "cutout,white"},
        {"canvas": "1500x900", "outputs": "cutout,mask"},
        {"background": "204060"},
    ],
    ids=["smaller", "larger", "background"],
)
def test_a_picture_as_a_shop_wants_it(
    words: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_to_the_plain_path(photo(600, 800), words, OUTFIT, monkeypatch)


def test_what_the_bundled_network_sees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(load_manifest("cutwork-1", tmp_path), "cpu")
    hold_to_the_plain_path(photo(900, 1200), {"outputs": "cutout,mask"}, network, monkeypatch)

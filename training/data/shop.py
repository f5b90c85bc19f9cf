"""Photos of a shop: worn garments before white, some of them with a mask that is exact to the pixel.

Such a mask is the difference between two colours of the same photo. It says which pixels are the main garment, and
which are surely no ground: skin, hair and other garments. Where there is no mask, white that reaches the border is the
ground.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.augmentation import Sample
from training.data.dataset import Pixels, read_photo
from training.labels import ANY, BACKGROUND, ClassSets, bit

#: Of 256 articles, so many are never trained on: a fifth.
VALIDATION_SHARE = 51
#: Articles that are something else than the table says.
MISLABELLED = {"luma-wb01"}
#: Views whose mask wrongly holds the trousers, too: where the upper garment ends, as a share of the height.
HEMS = {
    "luma-mj10-main": 0.855, "luma-ms04-main": 0.885, "luma-ms10-main": 0.83, "luma-ms12-main": 0.82,
    "luma-mt02-main": 0.80, "luma-wh02-main": 0.795, "luma-wh10-main": 0.81, "luma-wj02-main": 0.85,
    "luma-ws01-main": 0.815, "luma-ws07-main": 0.845, "luma-ws08-main": 0.855, "luma-ws11-main": 0.825,
}  # fmt: skip
#: Within this distance from there the mask says nothing, as a share of the height.
HEM_DOUBT = 0.015
#: Views of which the mask lacks much of the garment, because all colours share it; they are not measured.
INCOMPLETE = {"luma-mh05-main", "luma-mh07-main", "venia-vp05-main"}
#: Values of the masks.
GROUND, OTHER, GARMENT, UNKNOWN = 0, 1, 2, 255
#: A pixel is white if no channel is darker than this, of 255.
WHITE = 244
#: A shadow on white: its darkest channel is at least the first, and its channels differ by at most the second.
SHADOW_LIGHT, SHADOW_GREY = 170, 14
#: White this near to other pixels may belong to the garment, as a share of the long side.
OPEN_EDGE = 0.003
NOT_GROUND = ANY & ~(1 << BACKGROUND)
#: Classes that a photo cannot show beside its main garment.
ABSENT = {
    bit("pants"): bit("skirt"),
    bit("skirt"): bit("pants"),
    bit("bag"): ANY & ~bit("bag"),
}


@dataclass(frozen=True, kw_only=True)
class ShopPhoto:
    """One colour of one view of an article."""

    photo: Path
    #: The same for all views and colours.
    article: str
    #: The same for all colours of a view.
    view: str
    #: The classes that the main garment may be.
    class_set: int
    mask: Path | None


def is_held_back(article: str) -> bool:
    """Say whether an article is kept from training, in all of its views and colours."""
    return hashlib.sha256(article.encode()).digest()[0] < VALIDATION_SHARE


def list_shop(data: Path, *, validation: bool) -> tuple[ShopPhoto, ...]:
    """List the photos of one side of the split, sorted by name; none if there is no folder `shop/`.

    Args:
        data: The folder that holds `shop/`.
        validation: Which side.
    """
    folder = data / "shop"
    if not folder.is_dir():
        return ()
    with (folder / "views.csv").open(newline="", encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["photo"])
    return tuple(
        photo
        for photo in (_photo_of(row, folder) for row in rows)
        if photo.article not in MISLABELLED and is_held_back(photo.article) == validation
    )


def _photo_of(row: dict[str, str], folder: Path) -> ShopPhoto:
    article = f"{row['shop']}-{row['sku']}"
    return ShopPhoto(
        photo=folder / "photos" / row["photo"],
        article=article,
        view=f"{article}-{row['view']}",
        class_set=sum(bit(name) for name in row["category"].split("|")),
        mask=folder / "masks" / row["mask"] if row["mask"] else None,
    )


def read_mask(photo: ShopPhoto) -> NDArray[np.uint8]:
    """Read what is known of each pixel at the photo's size: `GROUND`, `OTHER`, `GARMENT` or `UNKNOWN`.

    Raises:
        OSError: There is no mask.
    """
    values = cv2.imread(str(photo.mask), cv2.IMREAD_GRAYSCALE)
    if values is None:
        raise OSError(f"{photo.mask} is no image")
    mask = np.asarray(values, np.uint8)
    return cut_at(HEMS[photo.view], mask) if photo.view in HEMS else mask


def cut_at(hem: float, values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Take what lies below a hem, a share of the height, out of the garment of a mask."""
    shares = (np.arange(len(values)) + 0.5) / len(values)
    below, near = shares > hem, np.abs(shares - hem) < HEM_DOUBT
    cut = np.where((values == GARMENT) & below[:, None], OTHER, values)
    return np.where((values == GARMENT) & near[:, None], UNKNOWN, cut).astype(np.uint8)


def read_shop_photo(photo: ShopPhoto, long_side: int) -> Sample:
    """Read a photo with what its pixels may be, at a long side."""
    rgb = read_photo(photo.photo)
    values = read_mask(photo) if photo.mask else silhouette(rgb)
    sets = shop_sets(rgb, values, photo.class_set)
    small = read_photo(photo.photo, long_side)
    size = (small.shape[1], small.shape[0])
    nearest = cv2.resize(sets, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return Sample(rgb=small, sets=np.asarray(nearest, np.uint16))


def shop_sets(rgb: Pixels, values: NDArray[np.uint8], class_set: int) -> ClassSets:
    """Turn a mask, (H, W), into sets of classes; a shadow on the white ground may be anything."""
    sets = np.full(values.shape, ANY, np.uint16)
    sets[values == GROUND] = 1 << BACKGROUND
    sets[(values == OTHER) & ~_is_shadow(rgb)] = NOT_GROUND & ~ABSENT.get(class_set, 0)
    sets[values == GARMENT] = class_set
    return sets


def silhouette(rgb: Pixels) -> NDArray[np.uint8]:
    """Tell ground from what stands before it, (H, W): `GROUND`, `OTHER`, and `UNKNOWN` for enclosed white and edges."""
    white = (rgb.min(axis=2) >= WHITE).astype(np.uint8)
    _, labels = cv2.connectedComponents(white, connectivity=4)
    frame = np.ones(white.shape, np.bool_)
    frame[1:-1, 1:-1] = False
    outside = np.isin(labels, np.unique(labels[frame & (white > 0)])) & (white > 0)
    values = np.where(white > 0, UNKNOWN, OTHER).astype(np.uint8)
    values[outside] = GROUND
    side = 2 * max(1, round(OPEN_EDGE * max(white.shape))) + 1
    square = np.ones((side, side), np.uint8)
    near = cv2.dilate((values == OTHER).astype(np.uint8), square) > 0
    values[near & (values == GROUND)] = UNKNOWN
    return values


def _is_shadow(rgb: Pixels) -> NDArray[np.bool_]:
    darkest, lightest = rgb.min(axis=2), rgb.max(axis=2)
    return np.asarray((darkest >= SHADOW_LIGHT) & (lightest - darkest <= SHADOW_GREY), np.bool_)

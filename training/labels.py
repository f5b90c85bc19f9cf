"""The classes of the network, and what CCP's tags and the garment photos' classes say about a pixel.

A pixel's label is the *set* of classes that it may be, as bits: one bit where the label is certain, several where the
tag is ambiguous (a suit is a coat or pants or a top), all where nothing is known. The loss asks only that the
network's answer lies in the set.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: (H, W), sets of classes: bit i stands for class i.
ClassSets = NDArray[np.uint16]
#: (H, W), class numbers, or `NO_CLASS`.
ClassMap = NDArray[np.uint8]

#: Index = the network's output plane.
CLASSES = (
    "background", "tops", "coat", "skirt", "pants", "bag", "shoes", "hat", "accessory", "person",
)  # fmt: skip
CLASS_COUNT = len(CLASSES)
BACKGROUND = CLASSES.index("background")
ACCESSORY = CLASSES.index("accessory")
PERSON = CLASSES.index("person")
#: The seven categories that are scored.
CATEGORIES = CLASSES[1:8]
#: Clothing of which the category is not known.
CLOTHING = 254
#: The classes of a pixel's pseudo-label have at least this probability together.
TRUSTED = 0.9
#: A pixel of which the class is not known.
NO_CLASS = 255
ANY = (1 << CLASS_COUNT) - 1

TAGS = {
    "tops": "blouse bodysuit bra hoodie jumper shirt sweater sweatshirt t-shirt top vest cardigan intimate",
    "coat": "blazer coat cape jacket",
    "skirt": "dress skirt",
    "pants": "jeans leggings pants shorts panties",
    "bag": "bag purse wallet",
    "shoes": "boots clogs flats heels loafers pumps sandals shoes sneakers wedges",
    "hat": "hat",
    "accessory": "accessories belt bracelet earrings glasses gloves necklace ring scarf socks stockings sunglasses "
    "tie tights watch",
    "person": "skin hair",
    "background": "null",
}
#: Tags whose pixels are clothing of one of several categories.
AMBIGUOUS_TAGS = {
    "suit": ("tops", "coat", "skirt", "pants"),
    "romper": ("tops", "skirt", "pants"),
    "swimwear": ("tops", "skirt", "pants"),
}
GARMENTS = {
    "tops": "T-Shirt Longsleeve Shirt Polo Undershirt Hoodie Top Blouse Body",
    "coat": "Outwear Blazer",
    "skirt": "Dress Skirt",
    "pants": "Pants Shorts",
    "shoes": "Shoes",
    "hat": "Hat",
}

_CLASS_OF_TAG = {tag: name for name, tags in TAGS.items() for tag in tags.split()}
_CLASS_OF_GARMENT = {garment: name for name, words in GARMENTS.items() for garment in words.split()}


def bit(name: str) -> int:
    """Give the set that holds one class."""
    return 1 << CLASSES.index(name)


def class_of_garment(garment: str) -> int:
    """Give the class of a word of `clothing/images.csv`, or `NO_CLASS` ("Not sure", "Other", "Skip")."""
    name = _CLASS_OF_GARMENT.get(garment)
    return NO_CLASS if name is None else CLASSES.index(name)


def tag_sets(tags: list[str]) -> NDArray[np.uint16]:
    """Give for each line of `ccp/labels.txt` the set of classes that its pixels may be, (256,).

    Raises:
        KeyError: A tag is in no list above.
    """
    sets = np.full(256, ANY, np.uint16)
    for index, tag in enumerate(tags):
        sets[index] = set_of_tags([tag])
    return sets


def set_of_tags(tags: list[str]) -> int:
    """Give the set of classes that a photo with these tags may contain.

    Raises:
        KeyError: A tag is in no list above.
    """
    names = {name for tag in tags for name in AMBIGUOUS_TAGS.get(tag) or (_CLASS_OF_TAG[tag],)}
    return sum(bit(name) for name in names)


def smallest_sets(logits: NDArray[np.float32], allowed: int) -> ClassSets:
    """Give for each pixel the smallest set of allowed classes that has `TRUSTED` of the chance.

    Args:
        logits: (10, h, w).
        allowed: The set of classes that may be; background always may.

    Returns:
        (h, w).
    """
    planes = [i for i in range(CLASS_COUNT) if (allowed | 1 << BACKGROUND) >> i & 1]
    chance = np.exp(logits[planes] - logits[planes].max(axis=0))
    chance /= chance.sum(axis=0)
    order = np.argsort(-chance, axis=0)
    falling = np.take_along_axis(chance, order, axis=0)
    before = np.cumsum(falling, axis=0) - falling
    bits = np.array([1 << i for i in planes], np.uint16)[order]
    return np.asarray(np.where(before < TRUSTED, bits, 0).sum(axis=0), np.uint16)


def certain_classes(sets: ClassSets) -> ClassMap:
    """Give the class where the set has one, `CLOTHING` where it has several of clothing only, else `NO_CLASS`."""
    clothing = sum(bit(name) for name in CATEGORIES)
    table = np.full(1 << CLASS_COUNT, NO_CLASS, np.uint8)
    table[[i for i in range(1, ANY + 1) if not i & ~clothing]] = CLOTHING
    for index in range(CLASS_COUNT):
        table[1 << index] = index
    return table[sets]

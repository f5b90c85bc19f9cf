"""What the network saw, at its own resolution: logits turned into opacities, and tidied.

All of it works on the network's own grid, some ten thousand values of the bundled one, so it is cheap. Lengths
are shares of the photo's long side, because other networks answer at other sizes; there they have not been measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.manifest import ACCESSORY, BACKGROUND, GARMENT, PERSON, OutputKind, OutputSpec
from shared.wire.contract import Category
from worker.imaging.letterbox import Letterbox

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]

#: More likely than not.
_INSIDE = 0.5
#: Neither surely clothing nor surely none.
_UNDECIDED = (0.2, 0.8)
#: A strap that covers a twelfth of a logit is still a strap, if it hangs on a garment.
_SUSPICION = 0.08
#: A part of the clothing of which the network is, on average, less certain is no clothing. Without this rule 15 % of 75
#: photographs without clothes (and their quarters) showed some, with it 4 %; of 94 pictures of ground 12 % and 9 %. Of
#: 94 street photos and 94 of garments none lost its clothing; from 0.76 on stretched people of 64 pixels do. Close-ups
#: of cloth pay for it: of 94, 32 % are refused instead of 22 % (`tests.quality.certainty` has the values between).
#: Medians and upper quantiles tell clothing from things no better than the mean.
LEAST_CERTAIN = 0.74
#: How wide the network's edges are on their outer side: 2 logits of 108.
_SOFT_EDGE = 2 / 108
#: Parts and holes up to this share of the photo are noise: some 6 logits, a third of a small shoe.
_SPECK = 0.0008
#: A part of a category this small, as a share of the largest one, is a mistake if it lies in other clothing.
_ISLAND = 0.05
#: Of a connected piece of clothing that nobody wears: a category with less of it is a mistake about part of a garment.
#: On 98 photos of one garment each, the IoU of its category rose from 0.725 to 0.768.
_SECOND_GARMENT = 0.35
#: The same for what is small beside a garment that it touches.
_SECOND_THING = 0.1
_THINGS = {Category.BAG, Category.SHOES, Category.HAT}
#: Reaches across a belt, which is 2 to 3 logits of 108 wide between the clothes it holds together.
_BELT = 5 / 108
#: From here on a photo is one of a person, as a share of the main subject that is skin or hair. Of people it is a
#: twentieth at least; on pictures of garments the network sees a hundredth now and then.
_PERSON_SHARE = 0.02
#: As a share of the photo's long side: how far from the main subject things are still carried by it.
_REACH = 0.03
#: A second person of this share of the first one's size is no bystander.
_SECOND_SUBJECT = 0.4


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Opacities between 0 and 1, all (h, w), over the whole photo."""

    clothing: Plane
    #: Those that the network knows; they add up to `clothing` at most.
    categories: Mapping[Category, Plane]

    @property
    def inside(self) -> Mask:
        """Where there is more likely clothing than not, (h, w)."""
        return self.clothing > _INSIDE


def interpret(logits: Plane, letterbox: Letterbox, spec: OutputSpec) -> Segmentation:
    """Make opacities of the network's answer, (planes, frame_height / stride, frame_width / stride).

    Of labelled planes, bystanders, specks and pinholes are gone, and belts belong to the clothing that they hold. An
    opacity is taken as it is: stretching it to its own extremes, as is often done, would find a subject in everything.
    """
    own = logits[:, : letterbox.logits_height, : letterbox.logits_width]
    if spec.kind is OutputKind.ALPHA:
        return Segmentation(np.clip(own[0], 0, 1), {})
    planes = _softmax(own)
    categories = {category: _sum_of(planes, labels) for category, labels in spec.labels_of.items()}
    # A sleeve adds to no category: it belongs to whichever is likeliest there.
    clothing = np.add.reduce([*categories.values(), _labelled(planes, spec, GARMENT)])
    clothing = clothing + _belts(clothing, _labelled(planes, spec, ACCESSORY))
    person = _main_person(1 - _labelled(planes, spec, BACKGROUND), _labelled(planes, spec, PERSON))
    if person is not None:
        clothing = clothing * person
    clothing = _without_specks(clothing)
    if person is None:
        categories = _whole_garments(categories, clothing)
    return Segmentation(clothing, _without_islands(categories, clothing))


def _softmax(logits: Plane) -> Plane:
    powers = np.exp(logits - logits.max(axis=0))
    return np.asarray(powers / powers.sum(axis=0), np.float32)


def _labelled(planes: Plane, spec: OutputSpec, word: str) -> Plane:
    return _sum_of(planes, tuple(i for i, label in enumerate(spec.labels) if label == word))


def _sum_of(planes: Plane, labels: tuple[int, ...]) -> Plane:
    return np.asarray(planes[list(labels)].sum(axis=0), np.float32)


def _belts(clothing: Plane, accessory: Plane) -> Plane:
    """The accessories between pieces of clothing: without them a belt is a hole across the outfit."""
    side = _length(_BELT, clothing)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    worn = cv2.morphologyEx(_as_bytes(clothing > _INSIDE), cv2.MORPH_CLOSE, kernel)
    return np.where(worn > 0, accessory, np.float32(0))


def _main_person(subject: Plane, person: Plane) -> Mask | None:
    """Where the main person is with what belongs to them; None if the main subject is no person.

    In 559 street photos nearly all that lay apart from the largest person was a passer-by's, or no clothing at all;
    what that person carries lies close. Garments without a person are all kept: nothing says which is the main one.
    """
    parts = _Parts.of(subject > _INSIDE)
    largest = int(parts.sizes.argmax())
    main = parts.where(np.arange(len(parts.sizes)) == largest)
    if not main.any() or (person[main] > _INSIDE).mean() < _PERSON_SHARE:
        return None
    kept = parts.sizes >= _SECOND_SUBJECT * parts.sizes[largest]
    kept |= parts.touched_by(_grown(main, _length(_REACH, main)))
    return _grown(parts.where(kept), _length(_SOFT_EDGE, main))


def _whole_garments(categories: Mapping[Category, Plane], clothing: Plane) -> dict[Category, Plane]:
    """Give the lesser categories of a connected piece to its greatest: what lies there by itself is one garment.

    Unless a second one has its fair share, as trousers laid out under a shirt have.
    """
    words = list(categories)
    planes = np.stack(list(categories.values()))
    parts = _Parts.of(clothing > _INSIDE)
    count = len(parts.sizes)
    # Of each part and category: all of its probability.
    weights = np.stack([np.bincount(parts.labels.ravel(), p.ravel(), count) for p in planes])
    greatest = weights.argmax(axis=0)
    fair = np.array([_SECOND_THING if word in _THINGS else _SECOND_GARMENT for word in words])
    lesser = weights < fair[:, np.newaxis] * weights.sum(axis=0)
    lesser[:, 0] = False
    taken = np.where(lesser[:, parts.labels], planes, np.float32(0))
    planes = planes - taken
    winner = greatest[parts.labels][np.newaxis]
    gained = np.take_along_axis(planes, winner, axis=0) + taken.sum(axis=0)
    np.put_along_axis(planes, winner, gained, axis=0)
    return dict(zip(words, planes, strict=True))


def _suspected(opacity: Plane, large: Mask) -> Mask:
    """Where clothing is suspected without a gap from where it is: straps and fringe much thinner than a logit."""
    parts = _Parts.of(opacity > _SUSPICION)
    return parts.where(parts.touched_by(large))


def _without_specks(opacity: Plane) -> Plane:
    """Take out the tiny parts with whatever haze there is, and fill the tiny holes."""
    inside = opacity > _INSIDE
    parts, holes = _Parts.of(inside), _Parts.of(~inside)
    least = _SPECK * inside.size
    large = parts.where(parts.sizes >= least)
    kept = _grown(large, _length(_SOFT_EDGE, opacity)) | _grown(_suspected(opacity, large), 1)
    pinholes = holes.where(holes.sizes < least)
    return np.where(kept, np.where(pinholes, 1, opacity), 0).astype(np.float32)


def _without_islands(
    categories: Mapping[Category, Plane], clothing: Plane
) -> dict[Category, Plane]:
    """Leave small parts of one category within another one to that other one."""
    words = list(categories)
    likeliest = np.stack(list(categories.values())).argmax(axis=0)
    inside = clothing > _INSIDE
    cleaned = {}
    for index, word in enumerate(words):
        own = inside & (likeliest == index)
        if not own.any():
            cleaned[word] = categories[word]
            continue
        parts = _Parts.of(own)
        least = max(_SPECK * inside.size, _ISLAND * parts.sizes.max())
        # What touches nothing else stays: the strap of a sandal is a small part, but nobody else's.
        others = _grown(inside & (likeliest != index), 1)
        islands = parts.where(parts.touched_by(others) & (parts.sizes < least))
        cleaned[word] = np.where(islands, np.float32(0), categories[word])
    return cleaned


def without_doubtful(probability: Plane, least: float) -> Plane:
    """Take out the parts whose mean probability is below `least`, with the haze around them."""
    inside = probability > _INSIDE
    parts = _Parts.of(inside)
    sums = np.bincount(parts.labels.ravel(), probability.ravel(), len(parts.sizes))
    doubtful = sums < least * parts.sizes
    if not doubtful.any():
        return probability
    side = 2 * _length(_SOFT_EDGE, probability) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    gone = parts.where(doubtful)
    near_gone = cv2.dilate(_as_bytes(gone), disc) > 0
    near_kept = cv2.dilate(_as_bytes(inside & ~gone), disc) > 0
    return np.where(gone | (near_gone & ~near_kept), np.float32(0), probability)


def doubt_of(probability: Plane) -> float:
    """Tell how unsure the network was: what may or may not be clothing, edges included, as a share of the clothing."""
    least, most = _UNDECIDED
    undecided = int(np.count_nonzero((probability > least) & (probability < most)))
    return undecided / max(1, int(np.count_nonzero(probability > _INSIDE)))


@dataclass(frozen=True, eq=False)
class _Parts:
    """The connected parts of a mask."""

    #: (h, w), 0 outside the mask.
    labels: NDArray[np.int32]
    #: By label, in logits; 0 for the outside.
    sizes: NDArray[np.int32]

    @classmethod
    def of(cls, mask: Mask) -> _Parts:
        _, labels, stats, _ = cv2.connectedComponentsWithStats(_as_bytes(mask), connectivity=8)
        sizes = stats[:, cv2.CC_STAT_AREA].astype(np.int32)
        sizes[0] = 0
        return cls(labels.astype(np.int32, copy=False), sizes)

    def touched_by(self, mask: Mask) -> Mask:
        """Which labels lie somewhere in a mask."""
        touched = np.zeros(len(self.sizes), np.bool_)
        touched[self.labels[mask]] = True
        return touched

    def where(self, chosen: Mask) -> Mask:
        """Where the parts lie that are chosen by label; never outside the mask."""
        return np.asarray((chosen & (self.sizes > 0))[self.labels], np.bool_)


def _length(share: float, plane: Plane | Mask) -> int:
    longest: int = max(plane.shape)
    return max(1, round(share * longest))


def _grown(mask: Mask, reach: int) -> Mask:
    side = 2 * reach + 1
    return np.asarray(cv2.dilate(_as_bytes(mask), np.ones((side, side), np.uint8)) > 0, np.bool_)


def _as_bytes(mask: Mask) -> NDArray[np.uint8]:
    return mask.astype(np.uint8)

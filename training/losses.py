"""The loss: classes within each pixel's set, extent and outline of clothing, and the list of classes in the photo."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from training.labels import BACKGROUND, CATEGORIES, CLASS_COUNT, CLASSES, PERSON

#: Rare classes count more. Only a little: a weight moves the edges of its class outwards.
CLASS_WEIGHTS = {"background": 0.9, "bag": 1.2, "shoes": 1.1, "hat": 1.3}
DICE_SHARE = 0.7
#: Pixels, added to both parts of the fraction: for a class that a batch lacks they would be 0 / 0.
DICE_SMOOTHING = 50.0
OUTLINE_SHARE = 0.6
#: What a pixel near the outline of clothing counts in addition, and up to which distance, in pixels of the loss.
OUTLINE_WEIGHT, OUTLINE_REACH = 3.0, 2
PRESENCE_SHARE = 0.2
#: A frame counts as showing a class if at least so many of its pixels certainly have it.
SHOWN = 12


def allowed_classes(sets: Tensor) -> Tensor:
    """Unpack sets of classes (N, h, w) int32 into (N, 10, h, w) bool: bit i says that class i may be right."""
    bits = torch.arange(CLASS_COUNT, device=sets.device, dtype=sets.dtype)
    return ((sets[:, None] >> bits[None, :, None, None]) & 1).bool()


def set_loss(logits: Tensor, allowed: Tensor) -> Tensor:
    """Ask for an answer within the sets: weighted cross-entropy on unions of classes, plus Dice where certain.

    Args:
        logits: (N, 10, h, w) float32.
        allowed: (N, 10, h, w) bool, of `allowed_classes`: which classes may be right.

    Returns:
        A scalar.
    """
    log_share = torch.log_softmax(logits, dim=1)
    inside = torch.logsumexp(log_share.masked_fill(~allowed, -1e4), dim=1)
    certain = allowed.sum(dim=1) == 1
    weights = torch.tensor([CLASS_WEIGHTS.get(name, 1.0) for name in CLASSES], device=logits.device)
    best_weight = (allowed * weights[None, :, None, None]).amax(dim=1)
    known = (~allowed).any(dim=1)
    weight = torch.where(certain, best_weight, 0.5 * known)
    cross_entropy = -(inside * weight).sum() / weight.sum().clamp_min(1.0)
    return cross_entropy + DICE_SHARE * _dice(log_share.exp(), allowed, certain)


def outline_loss(logits: Tensor, allowed: Tensor) -> Tensor:
    """Ask which pixels are clothing, whatever it is, most of all beside the outline: mean weighted cross-entropy.

    Pixels of accessories do not count, and neither do pixels that may be clothing or not.

    Args:
        logits: As of `set_loss`.
        allowed: As of `set_loss`.
    """
    clothing = [CLASSES.index(name) for name in CATEGORIES]
    rest = [BACKGROUND, PERSON]
    truth = _is_within(allowed, clothing)
    known = truth | _is_within(allowed, rest)
    size = 2 * OUTLINE_REACH + 1
    planes = torch.stack([truth, known & ~truth], dim=1).float()
    near = functional.max_pool2d(planes, size, stride=1, padding=OUTLINE_REACH).amin(dim=1)
    weight = known * (1 + OUTLINE_WEIGHT * near)
    margin = logits[:, clothing].logsumexp(dim=1) - logits[:, rest].logsumexp(dim=1)
    losses = functional.binary_cross_entropy_with_logits(margin, truth.float(), reduction="none")
    return OUTLINE_SHARE * (losses * weight).sum() / weight.sum().clamp_min(1.0)


def _is_within(allowed: Tensor, classes: list[int]) -> Tensor:
    others = [index for index in range(CLASS_COUNT) if index not in classes]
    return ~allowed[:, others].any(dim=1)


def presence_loss(presence: Tensor, allowed: Tensor) -> Tensor:
    """Ask which classes a frame shows: mean binary cross-entropy over those of which it is known.

    Encoding a photo's list of classes: H. Zhang et al., "Context Encoding for Semantic Segmentation", 2018, its
    semantic encoding loss.

    Args:
        presence: (N, 10), logits.
        allowed: As of `set_loss`. Pixels that may have any class do not count.
    """
    allowed = allowed & (~allowed).any(dim=1, keepdim=True)
    certain = allowed & (allowed.sum(dim=1, keepdim=True) == 1)
    shown = certain.sum(dim=(2, 3)) >= SHOWN
    absent = ~allowed.any(dim=3).any(dim=2)
    known = (shown | absent).float()
    losses = functional.binary_cross_entropy_with_logits(presence, shown.float(), reduction="none")
    return PRESENCE_SHARE * (losses * known).sum() / known.sum().clamp_min(1.0)


def _dice(share: Tensor, allowed: Tensor, certain: Tensor) -> Tensor:
    """Mean of 1 - Dice over the classes of the batch, on the pixels whose class is certain."""
    truth = (allowed & certain[:, None]).float()
    answer = share * certain[:, None]
    over = (0, 2, 3)
    both, sizes = (truth * answer).sum(over), truth.sum(over) + answer.sum(over)
    present = truth.sum(over) > 0
    dice = (2 * both + DICE_SMOOTHING) / (sizes + DICE_SMOOTHING)
    return ((1 - dice) * present).sum() / present.sum().clamp_min(1)

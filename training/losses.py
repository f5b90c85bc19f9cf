"""What the network is asked for: an answer within each pixel's set of classes, and the right extent of each class."""

from __future__ import annotations

import torch
from torch import Tensor

from training.labels import CLASS_COUNT, CLASSES

#: Rare classes count more, background (half of all pixels) less.
CLASS_WEIGHTS = {"background": 0.7, "bag": 1.4, "shoes": 1.3, "hat": 1.6, "person": 0.9}
DICE_SHARE = 0.7
#: Pixels of a batch; keeps absent classes from dividing by nothing.
DICE_SMOOTHING = 50.0


def allowed_classes(sets: Tensor) -> Tensor:
    """Unpack sets of classes (N, h, w) int32 into (N, 10, h, w) bool."""
    bits = torch.arange(CLASS_COUNT, device=sets.device, dtype=sets.dtype)
    return ((sets[:, None] >> bits[None, :, None, None]) & 1).bool()


def set_loss(logits: Tensor, sets: Tensor) -> Tensor:
    """Ask for an answer within the sets: weighted cross-entropy on unions of classes, plus Dice where certain.

    Args:
        logits: (N, 10, h, w) float32.
        sets: (N, h, w) int32; bit i says that class i may be right.

    Returns:
        A scalar.
    """
    allowed = allowed_classes(sets)
    log_share = torch.log_softmax(logits, dim=1)
    inside = torch.logsumexp(log_share.masked_fill(~allowed, -1e4), dim=1)
    certain = allowed.sum(dim=1) == 1
    weights = torch.tensor([CLASS_WEIGHTS.get(name, 1.0) for name in CLASSES], device=logits.device)
    best_weight = (allowed * weights[None, :, None, None]).amax(dim=1)
    known = (~allowed).any(dim=1)
    weight = torch.where(certain, best_weight, 0.5 * known)
    cross_entropy = -(inside * weight).sum() / weight.sum().clamp_min(1.0)
    return cross_entropy + DICE_SHARE * _dice(log_share.exp(), allowed, certain)


def _dice(share: Tensor, allowed: Tensor, certain: Tensor) -> Tensor:
    """Mean of 1 - Dice over the classes of the batch, on the pixels whose class is certain."""
    truth = (allowed & certain[:, None]).float()
    answer = share * certain[:, None]
    over = (0, 2, 3)
    both, sizes = (truth * answer).sum(over), truth.sum(over) + answer.sum(over)
    present = truth.sum(over) > 0
    dice = (2 * both + DICE_SMOOTHING) / (sizes + DICE_SMOOTHING)
    return (1 - dice)[present].mean()

"""A network that has learnt nothing; needs torch."""

from __future__ import annotations

import torch

from training.config import BackboneName
from training.network.clothing_net import ClothingNet


def random_network(backbone: BackboneName = "mobilenet_v2") -> ClothingNet:
    """Give one of which no two weights are the same: an ONNX file holds equal ones, as new norms are, once."""
    network = ClothingNet(backbone)
    for parameter in network.parameters():
        parameter.data += 0.01 * torch.randn_like(parameter)
    return network

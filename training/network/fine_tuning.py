"""Go on from a network that was exported before, instead of from the backbone.

Export folds each batch norm into the convolution before it (`clothing_net.fold`). To learn on, the norms are put
back so that the function stays what it was: with the mean m and the variance v that a batch of photos shows at each,
scale √v and shift b + m undo what the norm does, and b is the folded convolution's bias.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from training.config import BACKBONES, BackboneName
from training.network.clothing_net import ClothingNet, Lateral, Separable

#: Where an ONNX file says what the network sees with.
BACKBONE = "backbone"


def exported_backbone(onnx_file: Path) -> BackboneName:
    """Tell which backbone a network has that `training.export` wrote; MobileNetV2 if the file says nothing."""
    for prop in onnx.load(str(onnx_file)).metadata_props:
        for name in BACKBONES:
            if (prop.key, prop.value) == (BACKBONE, name):
                return name
    return "mobilenet_v2"


def load_exported(network: ClothingNet, onnx_file: Path, images: Tensor) -> None:
    """Take the weights of a file that `training.export` wrote.

    Args:
        network: Where they go; it is in training mode after.
        onnx_file: Of a network of this very layout.
        images: (N, 3, H, W), normalised; what the norms are put back by.

    Raises:
        KeyError: The file lacks a weight of this layout.
    """
    load_weights(network, read_weights(onnx_file), images)


def read_weights(onnx_file: Path) -> dict[str, Tensor]:
    """Read the weights of a file by their names in the network, batch norms folded."""
    graph = onnx.load(str(onnx_file)).graph
    return {
        tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy())
        for tensor in graph.initializer
    }


def load_weights(network: ClothingNet, weights: dict[str, Tensor], images: Tensor) -> None:
    """Take weights as `read_weights` gives them; see `load_exported`."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    folded = {id(parameter) for norm in norms for parameter in norm.parameters()}
    for name, parameter in network.named_parameters():
        if id(parameter) not in folded:
            parameter.data.copy_(weights[name])
    _put_norms_back(network, weights, images)
    network.train()


def _put_norms_back(network: ClothingNet, weights: dict[str, Tensor], images: Tensor) -> None:
    network.eval()
    hooks = []
    for path, parent in network.named_modules():
        if not isinstance(parent, Separable | Lateral):
            continue
        for index, norm in enumerate(parent):
            if isinstance(norm, nn.BatchNorm2d):
                folded_bias = weights[f"{path}.{index - 1}.bias"]
                hooks.append(norm.register_forward_pre_hook(_undo(folded_bias)))
    # The norms are met in the order of the forward pass, each when all before it are as they should be.
    with torch.no_grad():
        network(images)
    for hook in hooks:
        hook.remove()


def _undo(folded_bias: Tensor) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
    def hook(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(norm, nn.BatchNorm2d), "only norms are hooked"
        (x,) = inputs
        mean, variance = x.mean(dim=(0, 2, 3)), x.var(dim=(0, 2, 3), unbiased=False)
        assert norm.running_mean is not None, "the norm keeps its statistics"
        assert norm.running_var is not None, "the norm keeps its statistics"
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.data.copy_(torch.sqrt(variance + norm.eps))
        norm.bias.data.copy_(folded_bias + mean)

    return hook

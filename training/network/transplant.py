"""Puts a trained decoder onto another backbone.

At each size the decoder is given one convolution of the backbone's features. These convolutions are fitted, by least
squares over the pixels of some photos, so that the new backbone's features give what the old ones gave. The result is
not good enough to be used, but it starts where a new decoder would be after many steps.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.network.clothing_net import ClothingNet, Lateral
from training.network.fine_tuning import (
    exported_backbone,
    load_exported,
    load_weights,
    read_weights,
)

#: Of the mean square of the features, added to each: keeps rare ones from large weights.
RIDGE = 1e-3
#: The first weights of a lateral that has no example are random, times this.
FAINT = 0.3


def transplant(network: ClothingNet, onnx_file: Path, images: Tensor) -> None:
    """Give a network the decoder of another one.

    Args:
        network: Whose backbone has learnt; in training mode after.
        onnx_file: Of `training.export`.
        images: (N, 3, H, W), normalised; the more, the better the fit.
    """
    old = ClothingNet(exported_backbone(onnx_file))
    load_exported(old, onnx_file, images)
    wanted = _outputs_of(old, images)
    given = _inputs_of(network, images)
    weights = {f"backbone.{name}": p.data for name, p in network.backbone.named_parameters()}
    learnt = read_weights(onnx_file)
    weights |= {name: w for name, w in learnt.items() if not name.startswith("backbone.")}
    for name, example in _examples(network, old).items():
        lateral = network.get_submodule(name)
        assert isinstance(lateral, Lateral), "laterals alone are fitted"
        kernel, bias = fit(lateral, given[name], wanted[example])
        weights |= {f"{name}.0.weight": kernel, f"{name}.0.bias": bias}
    if network.context is not None and old.context is None:
        coarse = network.coarse[0].weight.data
        weights |= {"coarse.0.weight": FAINT * coarse, "coarse.0.bias": torch.zeros(len(coarse))}
    load_weights(network, weights, images)


def _examples(network: ClothingNet, old: ClothingNet) -> dict[str, str]:
    """Name the laterals that are fitted, and those of the old network that they are to be like.

    Where only the new network looks from afar, that takes the place of the coarsest lateral of the old one.
    """
    names = {name for name, module in network.named_children() if isinstance(module, Lateral)}
    theirs = {name for name, module in old.named_children() if isinstance(module, Lateral)}
    if names == theirs:
        return {name: name for name in names}
    return {name: name for name in names & theirs - {"coarse"}} | {"context": "coarse"}


def fit(lateral: Lateral, given: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Find the kernel and the bias that make of (N, C, H, W) what is nearest to (N, D, h, w)."""
    conv = lateral[0]
    assert isinstance(conv, nn.Conv2d), "a lateral begins with its convolution"
    size = conv.kernel_size
    places = functional.unfold(given, size, stride=size).transpose(1, 2).flatten(0, 1)
    rows, columns = (side // step for side, step in zip(given.shape[2:], size, strict=True))
    values = functional.interpolate(wanted, (rows, columns), mode="area").flatten(2)
    values = values.transpose(1, 2).flatten(0, 1)
    mean, level = places.mean(dim=0), values.mean(dim=0)
    centred = places - mean
    products = centred.T @ centred
    products += RIDGE * products.diagonal().mean() * torch.eye(len(products))
    kernel = torch.linalg.solve(products, centred.T @ (values - level)).T
    return kernel.reshape(conv.weight.shape), level - kernel @ mean


def _outputs_of(network: ClothingNet, images: Tensor) -> dict[str, Tensor]:
    """Give what each lateral says, before its ReLU takes away what is negative."""
    return _seen(network, images, lambda inputs, lateral: lateral[1](lateral[0](inputs)))


def _inputs_of(network: ClothingNet, images: Tensor) -> dict[str, Tensor]:
    """Give what each lateral is given."""
    return _seen(network, images, lambda inputs, _: inputs)


def _seen(
    network: ClothingNet, images: Tensor, what: Callable[[Tensor, Lateral], Tensor]
) -> dict[str, Tensor]:
    seen: dict[str, list[Tensor]] = {}

    def note(name: str) -> Callable[[Lateral, tuple[Tensor, ...]], None]:
        return lambda lateral, inputs: seen.setdefault(name, []).append(what(inputs[0], lateral))

    laterals = [(n, m) for n, m in network.named_children() if isinstance(m, Lateral)]
    hooks = [lateral.register_forward_pre_hook(note(name)) for name, lateral in laterals]
    network.eval()
    with torch.no_grad():
        for image in images:
            network(image[None])
    for hook in hooks:
        hook.remove()
    return {name: torch.cat(parts) for name, parts in seen.items()}

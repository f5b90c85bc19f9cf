"""The state of a run: weights, averaged weights, optimiser. The file is always complete.

Random numbers need no state: each sample's are seeded by the run's seed, its step and its place.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.optim import Optimizer

from training.network.clothing_net import ClothingNet

CHECKPOINT = "checkpoint.pt"


@dataclass(kw_only=True)
class Checkpoint:
    """The state of a run beside the network itself."""

    file: Path
    #: Steps done.
    step: int
    #: The network with averaged weights, never trained; this is what is exported.
    averaged: ClothingNet

    @classmethod
    def start(cls, file: Path, network: ClothingNet, optimizer: Optimizer) -> Checkpoint:
        """Go on from the file if it is there, into `network` and `optimizer`; else begin."""
        averaged = deepcopy(network).requires_grad_(requires_grad=False)
        if not file.is_file():
            file.parent.mkdir(parents=True, exist_ok=True)
            return cls(file=file, step=0, averaged=averaged)
        state = torch.load(file, map_location="cpu", weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        averaged.load_state_dict(state["averaged"])
        return cls(file=file, step=state["step"], averaged=averaged)

    def advance(self, network: ClothingNet, decay: float) -> None:
        """Count a step and move the averaged weights towards the network's; faster in the first steps."""
        self.step += 1
        decay = min(decay, self.step / (self.step + 10))
        with torch.no_grad():
            theirs = network.state_dict()
            for name, mine in self.averaged.state_dict().items():
                if mine.is_floating_point():
                    mine.lerp_(theirs[name], 1 - decay)
                else:
                    mine.copy_(theirs[name])

    def save(self, network: ClothingNet, optimizer: Optimizer) -> None:
        """Replace the file."""
        state = {
            "step": self.step,
            "backbone": network.backbone_name,
            "network": network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": optimizer.state_dict(),
        }
        partial = self.file.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.file)


def load_averaged(file: Path) -> ClothingNet:
    """Read the averaged network of a checkpoint, in evaluation mode."""
    state = torch.load(file, map_location="cpu", weights_only=True)
    network = ClothingNet(state.get("backbone", "mobilenet_v2"))
    network.load_state_dict(state["averaged"])
    network.eval()
    return network

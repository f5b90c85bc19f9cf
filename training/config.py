"""Every number of a training run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Literal, get_args

BackboneName = Literal["mobilenet_v2", "efficientnet_lite0", "efficientnet_lite1"]
BACKBONES: tuple[BackboneName, ...] = get_args(BackboneName)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A part of the run at one size."""

    #: Of all steps; the shares of a run sum to 1.
    share: float
    #: Of the frame, pixels, multiples of 16.
    height: int
    width: int
    batch_size: int
    #: Of a batch's garment photos, the share without a garment: all of it is background.
    empty_share: float = 0.0
    #: How often something is pasted onto a street photo, as a factor of the shares in `training.data.mixing`.
    paste_factor: float = 1.0
    #: Of a batch's street photos, the share that shows heads and torsos, not whole people.
    close_share: float = 0.0
    #: Of a batch's street photos, the share of people before another background, half of them far away.
    elsewhere_share: float = 0.0
    #: Of a batch's street photos, the share with a second person beside the first.
    company_share: float = 0.0
    #: Whether the averaged network, before the stage begins, labels the photos that only have words, and drops the
    #: garment masks that it disagrees with.
    is_taught: bool = False

    @property
    def pixels(self) -> int:
        """The pixels of one batch."""
        return self.height * self.width * self.batch_size


#: All photos, at the size at which the network is used; the half-trained network helps to label them.
LAST_STAGE = Stage(
    share=0.3,
    height=384,
    width=288,
    batch_size=12,
    empty_share=0.3,
    paste_factor=0.5,
    close_share=0.2,
    elsewhere_share=0.12,
    company_share=0.05,
    is_taught=True,
)
#: Small first: most is learnt about categories there, at half of the cost. Half-way through the rest the photos without
#: pixel labels are labelled anew, by what is a better network then.
FROM_BACKBONE = (
    Stage(share=0.4, height=256, width=192, batch_size=16, close_share=0.1),
    LAST_STAGE,
    LAST_STAGE,
)
FROM_NETWORK = (replace(LAST_STAGE, share=1.0),)


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """One run. The defaults are for one that starts from the backbone."""

    #: The folder that holds `ccp/`, `clothing/` and `backbone/`.
    data: Path
    #: Checkpoints and the cache of masks go here.
    output: Path
    #: A folder of cut-outs that are no clothes, if there is one.
    things: Path | None = None
    #: A folder of photos that show no clothes, if there is one.
    scenes: Path | None = None
    seed: int = 1
    steps: int = 9000
    #: One of the backbones of `training.network.clothing_net`.
    backbone: BackboneName = "efficientnet_lite1"
    #: An ONNX file of `training.export`: the run goes on from it, and not from the backbone.
    start: Path | None = None
    #: An ONNX file of a network that labels before the first step, and whose decoder the new one begins with.
    teacher: Path | None = None
    #: Share of garment photos in a batch; the rest are street photos.
    garment_share: float = 0.4
    #: The long side at which photos are kept in memory.
    people_long_side: int = 560
    garment_long_side: int = 416
    decoder_rate: float = 1.2e-3
    backbone_rate: float = 3e-4
    weight_decay: float = 0.02
    warm_up_share: float = 0.03
    #: Share of the steps, at the end, over which the learning rates go down.
    cool_down_share: float = 0.4
    #: The learning rate at the last step, as a share of the peak.
    final_rate: float = 0.01
    gradient_norm: float = 2.0
    #: How much of the averaged weights stays at each step.
    ema_decay: float = 0.998
    checkpoint_seconds: float = 60.0
    threads: int = 2

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The parts of the run, in order."""
        return FROM_NETWORK if self.start else FROM_BACKBONE

    def spans(self) -> list[tuple[Stage, int, int]]:
        """List the stages, each with its first step and the step after its last."""
        ends = [round(share * self.steps) for share in accumulate(s.share for s in self.stages)]
        ends[-1] = self.steps
        return list(zip(self.stages, [0, *ends], ends, strict=False))

    def stage_at(self, step: int) -> Stage:
        """Give the stage that a step belongs to."""
        return next(stage for stage, _, end in self.spans() if step < end)

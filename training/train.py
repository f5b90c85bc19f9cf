"""`python -m training.train`: one run, from the backbone to averaged weights. Start it again and it goes on."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.optim import AdamW

from training.checkpoint import CHECKPOINT, Checkpoint
from training.config import BACKBONES, Stage, TrainingConfig
from training.data.agreement import find_disagreements
from training.data.mixing import Mixture
from training.data.preparation import add_pseudo_labels, prepare
from training.export import ONNX_FILE, export
from training.losses import allowed_classes, outline_loss, presence_loss, set_loss
from training.network.clothing_net import ClothingNet, load_backbone
from training.network.fine_tuning import exported_backbone, load_exported
from training.network.transplant import transplant
from training.prediction import Predictor
from training.progress import Progress

_log = logging.getLogger("training")

#: The loss uses one of every 2 × 2 pixels; each step draws which one.
LOSS_STRIDE = 2


class Run:
    """One run on one device; everything that it changes is in the checkpoint."""

    def __init__(self, config: TrainingConfig, mixture: Mixture) -> None:
        torch.manual_seed(config.seed)
        torch.set_num_threads(config.threads)
        cv2.setNumThreads(1)
        self.config = config
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.mixture = mixture
        self.is_half_precise = self.device.type == "cuda" or has_fast_bfloat16()
        self.network = ClothingNet(
            exported_backbone(config.start) if config.start else config.backbone
        )
        self._begin()
        self.network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = create_optimizer(self.network, config)
        file = config.output / CHECKPOINT
        self.checkpoint = Checkpoint.start(file, self.network, self.optimizer)
        self.progress = Progress(config, self.checkpoint.step)

    def finish(self) -> Path:
        """Go through the stages that are not done, and give the file of the checkpoint."""
        self.network.train()
        for stage, first_step, end in self.config.spans():
            if end <= self.checkpoint.step:
                continue
            self._learn_until(end, self._taught(stage, first_step))
        return self.checkpoint.file

    def _begin(self) -> None:
        """Take the weights of the first step. A run that goes on from another one may change its fine layers, too."""
        if self.config.start is not None:
            images, _ = _draw_batch(self.mixture, self.config, 0)
            load_exported(self.network, self.config.start, images)
            return
        load_backbone(self.network, self.config.data / "backbone")
        if self.config.teacher is not None:
            images = torch.cat([_draw_batch(self.mixture, self.config, i)[0] for i in range(4)])
            transplant(self.network, self.config.teacher, images)
        self.network.backbone.freeze_fine_layers()

    def _taught(self, stage: Stage, first_step: int) -> Mixture:
        """Let a network drop doubtful masks and add labels, if the stage asks for it; give the photos after that.

        Before the first step that network is the teacher, if there is one; else the averaged network.
        """
        is_begun_by_teacher = first_step == 0 and self.config.teacher is not None
        if not stage.is_taught and not is_begun_by_teacher:
            return self.mixture
        folder = self.config.output / f"taught-{first_step}"
        folder.mkdir(parents=True, exist_ok=True)
        file = self.config.teacher if first_step == 0 else None
        if file is None:
            # Photos have many shapes, and torch prepares for each: on a CPU it took four times as long as this.
            file = folder / ONNX_FILE
            export(self.checkpoint.averaged, folder, name="teacher")
        teacher = Predictor.load(file)
        wrong = find_disagreements(teacher, self.mixture, folder / "disagreed.json")
        return add_pseudo_labels(teacher, self.mixture.without_masks(wrong), self.config, folder)

    def _learn_until(self, end: int, mixture: Mixture) -> None:
        saved_at = time.monotonic()
        for image, sets in batches(mixture, self.config, self.checkpoint.step, end):
            set_rates(self.optimizer, self.config, self.checkpoint.step)
            loss = self._step(image.to(self.device), sets.to(self.device))
            self.checkpoint.advance(self.network, self.config.ema_decay)
            self.progress.add(loss)
            if time.monotonic() - saved_at > self.config.checkpoint_seconds:
                self.checkpoint.save(self.network, self.optimizer)
                saved_at = time.monotonic()
        self.checkpoint.save(self.network, self.optimizer)

    def _step(self, image: Tensor, sets: Tensor) -> float:
        """Learn from a batch: (N, 3, H, W) normalised, sets (N, H / 2, W / 2) int32. Gives the loss."""
        image = image.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.is_half_precise):
            logits, presence = self.network.look(image)
        logits = functional.interpolate(
            logits.float(), size=sets.shape[1:], mode="bilinear", align_corners=False
        )
        allowed = allowed_classes(sets)
        loss = set_loss(logits, allowed) + outline_loss(logits, allowed)
        loss = loss + presence_loss(presence.float(), allowed)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        trained = [p for group in self.optimizer.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(trained, self.config.gradient_norm)
        self.optimizer.step()
        return float(loss.detach())


def has_fast_bfloat16() -> bool:
    """Tell whether the processor has instructions for bfloat16; without them it is slower than float32."""
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def create_optimizer(network: ClothingNet, config: TrainingConfig) -> AdamW:
    """Give the backbone a smaller rate than the new decoder, and biases and norms no decay."""
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            rate = config.backbone_rate if name.startswith("backbone") else config.decoder_rate
            decay = config.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((rate, decay), []).append(parameter)
    return AdamW(
        [
            {"params": parameters, "lr": rate, "peak": rate, "weight_decay": decay}
            for (rate, decay), parameters in groups.items()
        ]
    )


def set_rates(optimizer: AdamW, config: TrainingConfig, step_index: int) -> None:
    """Warm up linearly, stay constant, go down linearly. While it is constant, a run can be made longer or shorter."""
    share = (step_index + 1) / config.steps
    left = min(1.0, (1 - share) / config.cool_down_share)
    factor = min(share / config.warm_up_share, config.final_rate + (1 - config.final_rate) * left)
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor


def batches(
    mixture: Mixture, config: TrainingConfig, first_step: int, end: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Give the batches of the steps before `end`; each is prepared during the step before it."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        following = thread.submit(_draw_batch, mixture, config, first_step)
        for index in range(first_step + 1, end + 1):
            batch = following.result()
            if index < end:
                following = thread.submit(_draw_batch, mixture, config, index)
            yield batch


def _draw_batch(mixture: Mixture, config: TrainingConfig, index: int) -> tuple[Tensor, Tensor]:
    stage = config.stage_at(index)
    samples = [
        mixture.draw(
            stage,
            config.garment_share,
            np.random.default_rng([config.seed, index, i]),
        )
        for i in range(stage.batch_size)
    ]
    down, right = np.random.default_rng([config.seed, index]).integers(0, LOSS_STRIDE, 2)
    sets = np.stack([s.sets[down::LOSS_STRIDE, right::LOSS_STRIDE] for s in samples])
    image = torch.from_numpy(np.stack([s.rgb for s in samples])).permute(0, 3, 1, 2)
    return image.float() / 127.5 - 1, torch.from_numpy(sets.astype(np.int32))


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="ccp/, clothing/ and backbone/")
    parser.add_argument("--output", type=Path, required=True, help="checkpoints and caches")
    parser.add_argument("--steps", type=int, default=TrainingConfig.steps)
    parser.add_argument("--backbone", choices=BACKBONES, default=TrainingConfig.backbone)
    parser.add_argument(
        "--start", type=Path, help="ONNX file of `training.export`, to learn on from"
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        help="ONNX file of a network that labels before the first step and lends its decoder",
    )
    parser.add_argument("--things", type=Path, help="folder of cut-outs that are no clothes")
    parser.add_argument("--scenes", type=Path, help="folder of photos that show no clothes")
    parser.add_argument("--seed", type=int, default=TrainingConfig.seed)
    parser.add_argument("--threads", type=int, default=TrainingConfig.threads)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    config = TrainingConfig(**vars(parser.parse_args()))
    _log.info("Reading photos")
    run = Run(config, prepare(config))
    _log.info("On %s, from step %d", run.device, run.checkpoint.step)
    file = run.finish()
    _log.info("Done: %s", file)


if __name__ == "__main__":
    main()

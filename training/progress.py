"""Logs now and then how far a run is, and when it will be done."""

from __future__ import annotations

import logging
import time

from training.config import TrainingConfig

_log = logging.getLogger("training")

REPORT_EVERY_STEPS = 20


class Progress:
    """Counts the steps of one process; steps of earlier processes do not count for its pace."""

    def __init__(self, config: TrainingConfig, first_step: int) -> None:
        self._config = config
        self._step = first_step
        self._started_at = time.monotonic()
        self._photos = 0
        self._pixels = 0
        self._losses: list[float] = []

    def add(self, loss: float) -> None:
        """Count a step, and report if it is time to."""
        stage = self._config.stage_at(self._step)
        self._step += 1
        self._photos += stage.batch_size
        self._pixels += stage.pixels
        self._losses.append(loss)
        if self._step % REPORT_EVERY_STEPS == 0:
            self._report()

    def _report(self) -> None:
        seconds = time.monotonic() - self._started_at
        left = pixels_left(self._config, self._step) / self._pixels * seconds
        _log.info(
            "step %d/%d  loss %.3f  %.1f photos/s  %d min left",
            self._step,
            self._config.steps,
            sum(self._losses) / len(self._losses),
            self._photos / seconds,
            round(left / 60),
        )
        self._losses.clear()


def pixels_left(config: TrainingConfig, step: int) -> int:
    """Give how many pixels the network will see from a step to the end; its time is proportional to them."""
    return sum(config.stage_at(index).pixels for index in range(step, config.steps))

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from shared.settings.settings import Settings
from tests.worker.networks import BUNDLED
from worker import app
from worker.imaging.letterbox import fit
from worker.network.segmenter import Frame, Logits
from worker.network.test_time_augmentation import AugmentedNetwork

#: Heights and widths of photos: usual ones, slivers, and what is smaller than the network's frame.
PHOTOS = [
    (3000, 2000),
    (2000, 3000),
    (1000, 1000),
    (1600, 900),
    (4000, 300),
    (30, 500),
    (90, 60),
    (24, 24),
]


class OnGpu:
    """Stands in for a network on a GPU, and notes what it ran (batch, height, width) and in which threads."""

    manifest = BUNDLED

    def __init__(self, *_: object) -> None:
        """Take what a network takes."""
        self.warm: set[tuple[int, ...]] = set()
        self.ran: set[tuple[int, ...]] = set()
        self.threads: set[int] = set()
        GPUS.append(self)

    def warm_up(self, shapes: Sequence[tuple[int, int]], batch_sizes: Sequence[int]) -> None:
        self.warm = {(size, *shape) for size in batch_sizes for shape in shapes}

    def run(self, batch: Frame) -> Logits:
        self.threads.add(threading.get_ident())
        size, _, height, width = batch.shape
        self.ran.add((size, height, width))
        return np.zeros((size, len(BUNDLED.output.labels), height // 4, width // 4), np.float32)


#: Those that were made in a test.
GPUS: list[OnGpu] = []


@pytest.mark.parametrize("takes_batches", [True, False])
@pytest.mark.parametrize("second_look", [True, False])
def test_a_gpu_runs_nothing_that_was_not_run_before_the_first_photo(
    monkeypatch: pytest.MonkeyPatch, takes_batches: bool, second_look: bool
) -> None:
    monkeypatch.setattr(OnGpu, "takes_batches", takes_batches, raising=False)
    monkeypatch.setattr(app, "Network", OnGpu)
    settings = Settings(execution_provider="cuda", second_look=second_look, max_batch_size=6)
    segmenter = app.create_segmenter(settings)
    network = GPUS.pop()

    def look(photo: tuple[int, int]) -> tuple[int, ...]:
        letterbox = fit(*photo, segmenter.manifest)
        shape = (3, letterbox.frame_height, letterbox.frame_width)
        logits = segmenter.segment(np.zeros(shape, np.float32))
        return logits.shape[1] * 4 - shape[1], logits.shape[2] * 4 - shape[2]

    with ThreadPoolExecutor(settings.worker_concurrency) as jobs:
        assert set(jobs.map(look, PHOTOS * 10)) == {(0, 0)}

    assert network.ran <= network.warm
    assert len(network.warm) <= 14 * 4
    assert max(size for size, _, _ in network.warm) == (6 if takes_batches else 1)
    assert len(network.threads) == 1


def test_a_batch_can_be_full_at_the_default_settings() -> None:
    settings = Settings(execution_provider="cuda")

    assert settings.worker_concurrency >= settings.max_batch_size > 1


def test_photos_are_looked_at_twice_where_that_is_set() -> None:
    assert isinstance(app.create_segmenter(Settings(second_look=True)), AugmentedNetwork)
    assert not isinstance(app.create_segmenter(Settings(second_look=False)), AugmentedNetwork)

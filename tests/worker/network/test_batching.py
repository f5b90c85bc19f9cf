from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import cast

import numpy as np
import pytest

from shared.errors import InferenceFailed
from shared.manifest import Manifest
from tests.conditions import eventually
from worker.network.batching import Batcher, batch_sizes
from worker.network.segmenter import Frame, Logits

LONG = timedelta(seconds=5)


class MeanNetwork:
    """Answers each frame with its mean; fails on every batch that holds a negative frame."""

    manifest = cast("Manifest", None)

    def __init__(self) -> None:
        self.batch_sizes: list[int] = []

    def run(self, batch: Frame) -> Logits:
        self.batch_sizes.append(len(batch))
        if (batch < 0).any():
            raise InferenceFailed("negative")
        means: Logits = batch.mean(axis=(2, 3), keepdims=True)
        return means


def frame(value: float, height: int = 16) -> Frame:
    return np.full((3, height, 16), value, np.float32)


def test_photos_that_wait_together_run_together_and_keep_their_answers() -> None:
    network = MeanNetwork()
    batcher = Batcher(network, max_batch_size=4, max_queue_delay=LONG)

    with ThreadPoolExecutor(4) as jobs:
        answers = list(jobs.map(lambda value: batcher.segment(frame(value))[0, 0, 0], range(4)))

    assert answers == [0, 1, 2, 3]
    assert network.batch_sizes == [4]


def test_a_batch_never_grows_past_its_limit() -> None:
    network = MeanNetwork()
    batcher = Batcher(network, max_batch_size=2, max_queue_delay=LONG)

    with ThreadPoolExecutor(6) as jobs:
        list(jobs.map(lambda value: batcher.segment(frame(value)), range(6)))

    assert network.batch_sizes == [2, 2, 2]


def test_a_photo_does_not_wait_for_company_longer_than_the_delay() -> None:
    batcher = Batcher(MeanNetwork(), max_batch_size=8, max_queue_delay=timedelta(milliseconds=1))

    assert batcher.segment(frame(3))[0, 0, 0] == 3


def test_photos_of_different_shapes_share_the_wait_but_not_the_run() -> None:
    network = MeanNetwork()
    batcher = Batcher(network, max_batch_size=3, max_queue_delay=LONG)

    with ThreadPoolExecutor(3) as jobs:
        list(jobs.map(lambda height: batcher.segment(frame(1, height)), [16, 32, 16]))

    assert sorted(network.batch_sizes) == [1, 2]


@pytest.mark.parametrize(
    ("largest", "sizes"),
    [(1, (1,)), (2, (1, 2)), (6, (1, 2, 4, 6)), (8, (1, 2, 4, 8)), (9, (1, 2, 4, 8, 9))],
)
def test_batches_have_few_sizes(largest: int, sizes: tuple[int, ...]) -> None:
    assert batch_sizes(largest) == sizes


def test_a_batch_of_another_size_is_filled_up_and_everybody_keeps_their_answer() -> None:
    network = MeanNetwork()
    batcher = Batcher(network, max_batch_size=8, max_queue_delay=timedelta(seconds=0.5))

    with ThreadPoolExecutor(3) as jobs:
        answers = list(jobs.map(lambda value: batcher.segment(frame(value))[0, 0, 0], range(3)))

    assert answers == [0, 1, 2]
    assert network.batch_sizes == [4]


class HeldNetwork(MeanNetwork):
    """Runs nothing before it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.was_asked, self.is_let_go = threading.Event(), threading.Event()

    def run(self, batch: Frame) -> Logits:
        self.was_asked.set()
        self.is_let_go.wait(30)
        return super().run(batch)


def test_among_photos_of_several_shapes_batches_are_full() -> None:
    network = HeldNetwork()
    batcher = Batcher(network, max_batch_size=4, max_queue_delay=timedelta(milliseconds=1))

    def segment(height: int) -> Logits:
        return batcher.segment(frame(height, height))

    with ThreadPoolExecutor(9) as jobs:
        jobs.submit(segment, 8)
        assert network.was_asked.wait(30)
        for height in (16, 32, 16, 32, 16, 32, 16, 32):
            jobs.submit(segment, height)
        eventually(lambda: batcher._queue.qsize() == 8)
        network.is_let_go.set()

    assert network.batch_sizes == [1, 4, 4]


def test_one_guilty_photo_does_not_fail_its_neighbours() -> None:
    batcher = Batcher(MeanNetwork(), max_batch_size=4, max_queue_delay=LONG)

    with ThreadPoolExecutor(4) as jobs:
        answers = [jobs.submit(batcher.segment, frame(value)) for value in (1, -1, 2, 3)]

    assert isinstance(answers[1].exception(), InferenceFailed)
    assert [answers[n].result()[0, 0, 0] for n in (0, 2, 3)] == [1, 2, 3]


def test_a_batch_that_does_not_fit_into_the_devices_memory_is_run_in_parts_that_do() -> None:
    class Small(MeanNetwork):
        def run(self, batch: Frame) -> Logits:
            if len(batch) > 2:
                self.batch_sizes.append(len(batch))
                raise InferenceFailed("Failed to allocate memory for requested buffer")
            return super().run(batch)

    network = Small()
    batcher = Batcher(network, max_batch_size=8, max_queue_delay=LONG)

    with ThreadPoolExecutor(8) as jobs:
        answers = list(jobs.map(lambda value: batcher.segment(frame(value))[0, 0, 0], range(8)))

    assert answers == list(range(8))
    assert network.batch_sizes == [8, 4, 2, 2, 4, 2, 2]


def test_a_network_that_loses_an_answer_fails_the_batch_rather_than_swap_photos() -> None:
    class Forgetful(MeanNetwork):
        def run(self, batch: Frame) -> Logits:
            return super().run(batch)[:-1]

    batcher = Batcher(Forgetful(), max_batch_size=2, max_queue_delay=LONG)
    arrived = threading.Barrier(2)

    def segment(value: float) -> Logits:
        arrived.wait()
        return batcher.segment(frame(value))

    with ThreadPoolExecutor(2) as jobs:
        answers = [jobs.submit(segment, value) for value in (1, 2)]

    for answer in answers:
        with pytest.raises(InferenceFailed, match="2 frames gave 1 answers"):
            answer.result()

from __future__ import annotations

import pytest

from shared.settings import Settings
from tests.worker.networks import BUNDLED
from worker import app
from worker.batching import Batcher
from worker.second_look import SecondLook


class OnGpu:
    """Loads like a network on a GPU."""

    manifest = BUNDLED

    def __init__(self, *_: object) -> None:
        """Take what a network takes."""

    def warm_up(self) -> None:
        """Be warm."""


@pytest.mark.parametrize("takes_batches", [True, False])
def test_photos_are_batched_on_a_gpu_if_the_network_takes_several(
    monkeypatch: pytest.MonkeyPatch, takes_batches: bool
) -> None:
    monkeypatch.setattr(OnGpu, "takes_batches", takes_batches, raising=False)
    monkeypatch.setattr(app, "Network", OnGpu)

    segmenter = app.create_segmenter(Settings(execution_provider="cuda"))

    assert isinstance(segmenter, Batcher) is takes_batches


def test_photos_are_looked_at_twice_where_that_is_set() -> None:
    assert isinstance(app.create_segmenter(Settings(second_look=True)), SecondLook)
    assert not isinstance(app.create_segmenter(Settings(second_look=False)), SecondLook)

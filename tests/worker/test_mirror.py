from __future__ import annotations

import numpy as np

from tests.worker.networks import BUNDLED
from worker.batching import Frame, Logits
from worker.mirror import Mirrored


class LeftSighted:
    """Sees, in one plane of a quarter of the size, what is left of the middle only."""

    manifest = BUNDLED

    def run(self, batch: Frame) -> Logits:
        seen = batch[:, :1, ::4, ::4].copy()
        seen[..., seen.shape[-1] // 2 :] = 0
        return seen


def test_what_is_missed_in_a_photo_is_seen_in_its_mirror_image() -> None:
    frame = np.zeros((3, 16, 16), np.float32)
    frame[:, :, 8:] = 4

    logits = Mirrored(LeftSighted()).segment(frame)

    assert logits.shape == (1, 4, 4)
    assert logits[0].tolist() == [[0, 0, 2, 2]] * 4


def test_every_frame_of_a_batch_gets_its_own_answer() -> None:
    batch = np.arange(3, dtype=np.float32)[:, None, None, None] * np.ones((1, 3, 16, 16))

    logits = Mirrored(LeftSighted()).run(batch.astype(np.float32))

    assert logits[:, 0, 0, 0].tolist() == [0, 0.5, 1]

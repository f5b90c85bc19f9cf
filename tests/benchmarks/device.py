"""`python -m tests.benchmarks.device [photos]`: how many photos a worker hands to a device that takes 2 ms a batch.

There is no GPU in it: a stand-in answers each batch after 2 ms with what the network said of the same photo before, and
uses no CPU meanwhile. All else is a worker's own: decoding, two looks, few shapes, batches, edges, pictures, by so many
threads. So what is found is the limit of everything around a GPU. Writes docs/benchmarks/device.md and device.json.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import cv2
import numpy as np

from shared.job import CutoutOptions
from shared.manifest import Manifest, load_manifest
from shared.settings.settings import Settings
from tests.benchmarks.ledger.photos import SIZES, write_photo
from tests.benchmarks.results import ON_THIS_MACHINE, described_machine, write_results
from worker.imaging.cutout import cut_out
from worker.imaging.decoding import decode
from worker.network.batching import Batcher
from worker.network.segmenter import Frame, Logits, Segmenter
from worker.network.session import Network
from worker.network.shape_buckets import ShapeBuckets, bucket_shapes
from worker.network.test_time_augmentation import AugmentedNetwork

_BATCH_SECONDS = 0.002
_LARGEST = 8
_HANDS = (1, 2, 4, 8, 16)
_PHOTOS = 64


class Device:
    """A network that says of each shape of frame what the real one said of the first such frame."""

    def __init__(self, network: Network) -> None:
        """Know nothing yet."""
        self.manifest: Manifest = network.manifest
        self._network = network
        self._known: dict[tuple[int, ...], Logits] = {}
        self.batches: list[int] = []
        #: CPU seconds of the thread that asks, at each batch.
        self.cpu: list[float] = []

    def run(self, batch: Frame) -> Logits:
        """Answer after 2 ms."""
        shape = batch.shape[1:]
        if shape not in self._known:
            self._known[shape] = self._network.run(batch[:1])[0]
        self.batches.append(len(batch))
        self.cpu.append(time.thread_time())
        time.sleep(_BATCH_SECONDS)
        return np.broadcast_to(self._known[shape], (len(batch), *self._known[shape].shape))


def main(photos: int) -> None:
    """Measure, and write down."""
    cv2.setNumThreads(1)
    settings = Settings()
    network = Network(load_manifest(settings.model, settings.models_dir), "cpu")
    with described_machine() as machine:
        measured = {
            size: [_measure(network, write_photo(size), hands, photos) for hands in _HANDS]
            for size in SIZES
        }
    found = {"machine": {**machine, "photos": photos}, "sizes": measured}
    write_results("device", found, _page(found))


def _measure(network: Network, photo: bytes, hands: int, photos: int) -> dict[str, float]:
    device = Device(network)
    segmenter = _around(device)

    def work(_: int) -> None:
        cut_out(decode(photo), CutoutOptions(), segmenter)

    work(0)  # learns the shapes
    device.batches.clear()
    device.cpu.clear()
    began, cpu = time.monotonic(), time.process_time()
    with ThreadPoolExecutor(hands) as pool:
        list(pool.map(work, range(photos)))
    seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    return {
        "hands": hands,
        "photos_per_second": round(photos / seconds, 1),
        "cpu_ms": round(cpu / photos * 1000, 1),
        "cores_busy": round(cpu / seconds, 2),
        "frames_a_batch": round(sum(device.batches) / len(device.batches), 2),
        "batcher_ms_a_frame": round(
            (device.cpu[-1] - device.cpu[0]) / sum(device.batches[1:]) * 1000, 2
        ),
        "device_busy": round(len(device.batches) * _BATCH_SECONDS / seconds, 3),
    }


def _around(device: Device) -> Segmenter:
    """Put before it what a worker on a GPU does."""
    shapes = bucket_shapes(device.manifest.input, second_look=True)
    delay = timedelta(seconds=Settings().max_queue_delay)
    batcher = Batcher(device, max_batch_size=_LARGEST, max_queue_delay=delay)
    return AugmentedNetwork(ShapeBuckets(batcher, shapes))


def _page(found: Mapping[str, Any]) -> str:
    head = f"""# Around a GPU

Written by `python -m tests.benchmarks.device`, {ON_THIS_MACHINE.format(**found["machine"])}:
others used the machine too. No GPU was there: a stand-in answers each batch after 2 ms, and takes no CPU. Everything
else is a worker's own, two looks a photo, {found["machine"]["photos"]} photos a row.

The thread that gathers batches is the one thing around the device that only one does: what it takes for a frame is the
wall that more cores would meet.

| photo | hands | photos/s | CPU a photo, ms | cores busy | frames a batch | gathering, ms a frame | device busy |
|---|---|---|---|---|---|---|---|
"""
    return head + "".join(_rows(found["sizes"]))


def _rows(sizes: Mapping[str, Sequence[Mapping[str, float]]]) -> Iterator[str]:
    for size, rows in sizes.items():
        for row in rows:
            cells = (
                f"{row['hands']}",
                f"{row['photos_per_second']:.1f}",
                f"{row['cpu_ms']:.0f}",
                f"{row['cores_busy']:.2f}",
                f"{row['frames_a_batch']:.1f}",
                f"{row['batcher_ms_a_frame']:.2f}",
                f"{row['device_busy']:.0%}",
            )
            yield f"| {size} | {' | '.join(cells)} |\n"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _PHOTOS)

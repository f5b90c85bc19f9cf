"""What an experiment says, under the names of unit_costs.toml."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from deploy.capacity.measuring.experiment import Batch, Results
from deploy.capacity.measuring.fit import fit


def findings_of(results: Results) -> dict[str, float]:
    """Name all that can be said of what was counted."""
    return dict(_findings(results))


def _findings(results: Results) -> Iterator[tuple[str, float]]:
    batches, poll = results.batches, results.poll
    yield "photo.polls", _mean(batches, lambda it: it.polls)
    megapixels = sum(it.megapixels for it in batches)
    yield "photo.bytes_in_per_megapixel", sum(it.bytes_in for it in batches) / megapixels
    drawn = sum(it.megapixels * it.pictures for it in batches)
    yield "photo.bytes_out_per_megapixel", sum(it.bytes_out for it in batches) / drawn
    if "cpu.worker" in poll:
        yield from _worker(results)
    for part in ("front_end", "database", "object_store"):
        if f"cpu.{part}" in poll:
            yield f"cpu.{part}_per_photo", _mean(batches, _without_polls(results, f"cpu.{part}"))
    for part in ("front_end", "database"):
        if f"cpu.{part}" in poll:
            yield f"cpu.{part}_per_poll", poll[f"cpu.{part}"]
    if "database.commits" in poll:
        commits = _without_polls(results, "database.commits")
        yield "database.transactions_per_photo", _mean(batches, commits)
    if results.message_bytes is not None:
        yield "broker.bytes_per_message", results.message_bytes


def _worker(results: Results) -> Iterator[tuple[str, float]]:
    """Tell apart what a photo costs, what its size does, and what each picture does."""
    costs = fit(
        [(1, it.megapixels, it.megapixels * it.pictures) for it in results.batches],
        [it.counted["cpu.worker"] for it in results.batches],
    )
    names = ("photo", "megapixel", "picture_megapixel")
    yield from ((f"cpu.worker_per_{name}", cost) for name, cost in zip(names, costs, strict=True))


def _without_polls(results: Results, name: str) -> Callable[[Batch], float]:
    return lambda batch: batch.counted[name] - batch.polls * results.poll[name]


def _mean(batches: Sequence[Batch], what: Callable[[Batch], float]) -> float:
    return sum(map(what, batches)) / len(batches)

"""Photos of several sizes through an installation, and what each of them cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import redis

from deploy.capacity.measuring.client import Client, Delivery
from deploy.capacity.measuring.counters import Counters, Reading, between, without_idle
from shared.image_files.header import read_header
from shared.job import Queue

_POLLS = 300
_MEGA = 1e6


@dataclass(frozen=True)
class Batch:
    """What jobs of one photo and one number of pictures cost, each in the mean."""

    megapixels: float
    bytes_in: int
    pictures: float
    bytes_out: float
    polls: float
    #: From the first upload to the last picture.
    seconds: float
    jobs: int
    counted: Reading


@dataclass(frozen=True)
class Results:
    """All that was found."""

    batches: Sequence[Batch]
    #: What a poll costs.
    poll: Reading
    #: Of a message that waits, if the broker told.
    message_bytes: float | None


class Experiment:
    """One, on one installation."""

    def __init__(
        self,
        client: Client,
        counters: Counters,
        broker: redis.Redis,
        say: Callable[[str], None],
    ) -> None:
        """Prepare it."""
        self._client = client
        self._counters = counters
        self._broker = broker
        self._say = say
        self._message_bytes: float | None = None

    def run(
        self,
        photos: Sequence[bytes],
        options: Sequence[Mapping[str, str]],
        jobs: int,
        idle_seconds: float,
    ) -> Results:
        """Send each photo with each of the options so many times, after a while in which nothing is sent."""
        self._say(f"idle for {idle_seconds:g} s")
        self._client.fetch(self._client.submit(photos[0], {}))  # the first one opens connections
        before = self._counters.read()
        time.sleep(idle_seconds)
        idle = between(before, self._counters.read())
        batches = list(self._batches(photos, options, jobs, idle))
        poll = self._poll(self._client.submit(photos[0], {}), idle)
        return Results(batches, poll, self._message_bytes)

    def _batches(
        self,
        photos: Sequence[bytes],
        options: Sequence[Mapping[str, str]],
        jobs: int,
        idle: Reading,
    ) -> Iterator[Batch]:
        for photo in photos:
            for chosen in options:
                batch = self._send(photo, chosen, jobs, idle)
                self._say(
                    f"{jobs} × {batch.megapixels:.2f} MP, {batch.pictures:g} pictures: {batch.seconds:.1f} s"
                )
                yield batch

    def _send(self, photo: bytes, options: Mapping[str, str], jobs: int, idle: Reading) -> Batch:
        before, began = self._counters.read(), time.monotonic()
        job_ids = [self._client.submit(photo, options) for _ in range(jobs)]
        self._look_at_messages()
        deliveries = [self._client.fetch(job_id) for job_id in job_ids]
        seconds = time.monotonic() - began
        counted = without_idle(between(before, self._counters.read()), idle)
        return Batch(
            megapixels=_megapixels(photo),
            bytes_in=len(photo),
            pictures=_mean(deliveries, lambda it: it.pictures),
            bytes_out=_mean(deliveries, lambda it: it.bytes_out),
            polls=_mean(deliveries, lambda it: it.polls),
            seconds=seconds,
            jobs=jobs,
            counted={name: count / jobs for name, count in counted.items()},
        )

    def _poll(self, job_id: str, idle: Reading) -> Reading:
        self._client.fetch(job_id)
        before = self._counters.read()
        for _ in range(_POLLS):
            self._client.ask(job_id)
        counted = without_idle(between(before, self._counters.read()), idle)
        return {name: count / _POLLS for name, count in counted.items()}

    def _look_at_messages(self) -> None:
        """Ask the broker how much memory the messages take that wait just now, if this user may."""
        for queue in Queue:
            try:
                waiting = int(self._broker.llen(queue.value))
                taken = self._broker.memory_usage(queue.value, samples=0) if waiting else None
            except redis.ResponseError:
                return
            if taken:
                self._message_bytes = float(taken) / waiting


def _megapixels(photo: bytes) -> float:
    header = read_header(photo)
    return header.width * header.height / _MEGA


def _mean(deliveries: Sequence[Delivery], what: Callable[[Delivery], float]) -> float:
    return sum(map(what, deliveries)) / len(deliveries)

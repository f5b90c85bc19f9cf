"""The workers' signs of life: each says in Redis, every few seconds, what it is and how busy it is.

Nothing depends on it: what a worker holds is in the job table.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from shared.messaging.broker import SHORT_SOCKET_SECONDS, connect, translated
from shared.settings.settings import Settings

#: Between two signs of a worker.
BEAT_SECONDS = 5.0
#: How long the last sign of a worker is kept that says nothing any more.
_KEPT_MS = 15 * 60 * 1000
#: A worker that has said nothing for so long does not live, or does not reach Redis.
SILENT_SECONDS = 30.0
_NAMES, _ONE = "cutwork:workers", "cutwork:worker:"


@dataclass(frozen=True, kw_only=True)
class Worker:
    """What a worker says of itself."""

    #: As in leases and logs: its machine and process.
    name: str
    release: str
    #: The name of its network, and what it runs on.
    model: str
    provider: str
    #: How many jobs it works on at once, at most and now.
    hands: int
    busy: int
    up_seconds: int

    @property
    def kind(self) -> str:
        """What changes when it is replaced by another one that is not the same."""
        return f"{self.release} {self.model} {self.provider}"


_READER = TypeAdapter(Worker)


class Seen(NamedTuple):
    """A worker, and when it last said something."""

    worker: Worker
    seconds_ago: float

    @property
    def is_silent(self) -> bool:
        """Whether it should have said something since."""
        return self.seconds_ago > SILENT_SECONDS


class Fleet:
    """Both ends: workers that say something, and whoever looks."""

    def __init__(self, settings: Settings) -> None:
        """Prepare a client; nothing is connected yet."""
        self._redis = connect(settings, SHORT_SOCKET_SECONDS)

    def say(self, worker: Worker) -> None:
        """Leave a sign of life.

        Raises:
            BrokerUnavailable: Redis did not take it.
        """
        with translated(), self._redis.pipeline(transaction=False) as pipeline:
            pipeline.sadd(_NAMES, worker.name)
            pipeline.set(_ONE + worker.name, json.dumps(asdict(worker)), px=_KEPT_MS)
            pipeline.execute()

    def leave(self, name: str) -> None:
        """Take the sign back: this worker ends as it should.

        Raises:
            BrokerUnavailable: Redis did not take it.
        """
        with translated():
            self._redis.srem(_NAMES, name)

    def look(self) -> list[Seen]:
        """List the workers that have said something lately, by name.

        Raises:
            BrokerUnavailable: Redis does not answer.
        """
        with translated():
            names = sorted(name.decode(errors="replace") for name in self._members())
            signs = self._read(names)
            forgotten = [name for name, (text, _) in zip(names, signs, strict=True) if not text]
            if forgotten:
                self._redis.srem(_NAMES, *forgotten)
        return [seen for text, left in signs if (seen := _seen(text, left))]

    def _members(self) -> set[bytes]:
        members: Any = self._redis.smembers(_NAMES)
        return set(members)

    def _read(self, names: list[str]) -> list[tuple[bytes | None, int]]:
        with self._redis.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.get(_ONE + name)
                pipeline.pttl(_ONE + name)
            answers = pipeline.execute()
        return list(zip(answers[::2], answers[1::2], strict=True))


def kinds_of(fleet: list[Seen]) -> Mapping[str, int]:
    """Count those that live, by what they are."""
    return dict(sorted(Counter(it.worker.kind for it in fleet if not it.is_silent).items()))


def own_release() -> str:
    """Name the release that this process is of."""
    try:
        return version("cutwork")
    except PackageNotFoundError:
        return "unknown"


def _seen(text: bytes | None, left: int) -> Seen | None:
    """Read a sign; None for what is none: a newer release says it, or somebody else wrote it."""
    try:
        worker = _READER.validate_json(text or b"")
    except ValidationError:
        return None
    return Seen(worker, max(0, _KEPT_MS - left) / 1000)

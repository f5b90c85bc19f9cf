"""Backlogs that one front-end process counted, for all others: in Redis, for seconds.

Nothing depends on it: a process that finds none, or nonsense, or no Redis, counts by itself.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple

import redis

from api.resilience.circuit_breaker import CircuitBreaker, CircuitOpen
from shared.jobs.backlog import Backlog

_KEY = "cutwork:backlog"
#: Of all tenants together; no tenant has this name.
_ALL = ""
#: How long nobody else counts after somebody began to, and how long what was counted is kept.
_TURN_MS, _KEPT_MS = 1000, 3000
#: What Redis and the way there may raise.
_ERRORS = (CircuitOpen, redis.RedisError, OSError)


class Lookup(NamedTuple):
    """What was found."""

    #: What another process counted; None if nobody did lately.
    backlog: Backlog | None
    #: Whether this process is the one to count now, for the others too.
    is_my_turn: bool


_NOTHING = Lookup(None, is_my_turn=False)


class BacklogCache:
    """Backlogs of single tenants, and of all together under None."""

    def __init__(self, client: redis.Redis, circuit: CircuitBreaker) -> None:
        """Use a client whose calls end soon."""
        self._client = client
        self._circuit = circuit

    def look(self, tenant: str | None) -> Lookup:
        """Look for a count; if there is none and nobody is counting, this process is the one to count."""
        key = _key(tenant)
        try:
            with self._circuit.call(), self._client.pipeline(transaction=False) as pipeline:
                pipeline.set(f"{key}:turn", 1, nx=True, px=_TURN_MS)
                pipeline.get(key)
                is_my_turn, counted = pipeline.execute()
        except _ERRORS:
            return _NOTHING
        if is_my_turn:
            return Lookup(None, is_my_turn=True)
        return Lookup(_read(counted), is_my_turn=False)

    def store(self, tenant: str | None, backlog: Backlog) -> None:
        """Let the others know what this process counted."""
        written = json.dumps(
            [backlog.queued, backlog.oldest_age.total_seconds(), backlog.finished_lately]
        )
        with suppress(*_ERRORS), self._circuit.call():
            self._client.set(_key(tenant), written, px=_KEPT_MS)


def _key(tenant: str | None) -> str:
    return f"{_KEY}:{_ALL if tenant is None else tenant}"


def _read(written: bytes | None) -> Backlog | None:
    with suppress(ValueError, TypeError, OverflowError, RecursionError):
        queued, age, finished = json.loads(written or b"null")
        backlog = Backlog(
            queued=int(queued), oldest_age=timedelta(seconds=age), finished_lately=int(finished)
        )
        if min(backlog.queued, backlog.finished_lately, backlog.oldest_age.days) >= 0:
            return backlog
    return None

"""How many requests a minute a tenant, or a key, may send, counted in Redis for all front ends together.

It protects the service and is not worth an outage: while Redis is away, everything is let through.
"""

from __future__ import annotations

from math import floor
from typing import NamedTuple

import redis
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from api.resilience.circuit_breaker import CircuitBreaker, CircuitOpen
from api.resilience.redis_pool import impatient_pool, redis_circuit
from shared.settings.settings import Settings
from shared.telemetry.logs import get_logger

log = get_logger(__name__)

_KEY_PREFIX = "cutwork:rate"
#: `rate_per_minute` counts so long back.
WINDOW_SECONDS = 60


class Count(NamedTuple):
    """What a request found that was counted."""

    #: Whether it may pass.
    passes: bool
    #: How many more may.
    remaining: int
    #: Seconds until the minute that is counted ends; where none may pass, until the next one may.
    seconds: float


class RateLimiter:
    """A sliding window a tenant: this minute's requests, and the share of the last minute that it still covers.

    Two counters in Redis, whatever the rate: a tenant that floods costs Redis no more than any other.
    """

    def __init__(
        self,
        storage: RedisStorage | MemoryStorage,
        per_minute: int,
        circuit: CircuitBreaker | None = None,
    ) -> None:
        """Use a store.

        Args:
            storage: Where requests are counted.
            per_minute: So many of a tenant's may pass; 0: there is no limit.
            circuit: Guards the store; None: one of its own.
        """
        self.per_minute = per_minute
        self._storage = storage
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        self._circuit = circuit or redis_circuit()
        self._let_through = 0

    def hit(self, who: str, per_minute: int | None = None) -> Count | None:
        """Count a request, if it may pass; None: nothing is counted, and everything passes.

        Args:
            who: Whose it is.
            per_minute: So many of theirs may pass; None: as many as a tenant's; 0: all.
        """
        amount = self.per_minute if per_minute is None else per_minute
        if not amount:
            return None
        limit = RateLimitItemPerMinute(amount)
        try:
            with self._circuit.call():
                passes = self._limiter.hit(limit, who)
                count = self._look(limit, who, passes=passes)
        except (CircuitOpen, redis.RedisError, OSError, ValueError) as error:
            self._let_pass(error)
            return None
        self._note_return()
        return count

    def _look(self, limit: RateLimitItem, who: str, *, passes: bool) -> Count:
        """Compute what is left and when there is more, the way the limiter will count it.

        It counts `current + previous × (what is left of the previous minute / 60)`. Where nothing is left, either the
        last minute's share has to shrink until a place is free, or, where this minute is full by itself, it has to end.
        """
        key = limit.key_for(who)
        previous, previous_seconds, current, current_seconds = self._storage.get_sliding_window(
            key, WINDOW_SECONDS
        )
        free = limit.amount - current
        remaining = (
            max(0, free - floor(previous * previous_seconds / WINDOW_SECONDS)) if passes else 0
        )
        if remaining or free <= 0:
            seconds = current_seconds - WINDOW_SECONDS
        else:
            seconds = previous_seconds - free * WINDOW_SECONDS / max(1, previous)
        return Count(passes, remaining, max(0.0, seconds))

    def _let_pass(self, error: Exception) -> None:
        self._let_through += 1
        if self._let_through == 1:
            log.warning("limiter.open", reason=type(error).__name__)

    def _note_return(self) -> None:
        let_through, self._let_through = self._let_through, 0
        if let_through:
            log.info("limiter.closed", let_through=let_through)


def connect_storage(settings: Settings) -> RedisStorage:
    """Prepare the store that all front ends share; nothing is connected yet."""
    url = settings.redis_url.get_secret_value()
    return RedisStorage(url, connection_pool=impatient_pool(settings), key_prefix=_KEY_PREFIX)

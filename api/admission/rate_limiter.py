"""How many requests a minute a tenant may send, counted in Redis for all front ends together.

It protects the service and is not worth an outage: while Redis is away, everything is let through.
"""

from __future__ import annotations

import redis
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from api.resilience.circuit_breaker import CircuitBreaker, CircuitOpen
from api.resilience.redis_pool import impatient_pool, redis_circuit
from shared.logs import get_logger
from shared.settings import Settings

log = get_logger(__name__)

_KEY_PREFIX = "cutwork:rate"
_WINDOW_SECONDS = 60.0


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
            per_minute: So many may pass; 0: there is no limit, and the store is never asked.
            circuit: Guards the store; None: one of its own.
        """
        self.per_minute = per_minute
        self._storage = storage
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        self._limit = RateLimitItemPerMinute(max(1, per_minute))
        self._circuit = circuit or redis_circuit()
        self._let_through = 0

    def hit(self, tenant: str) -> float:
        """Count a request, if it may pass; 0 if so, otherwise the seconds until the next one may."""
        if not self.per_minute:
            return 0
        try:
            with self._circuit.call():
                passes = self._limiter.hit(self._limit, tenant)
                seconds = 0.0 if passes else self._seconds_left(tenant)
        except (CircuitOpen, redis.RedisError, OSError, ValueError) as error:
            self._let_pass(error)
            return 0
        self._note_return()
        return seconds

    def _seconds_left(self, tenant: str) -> float:
        """Compute when the window has a place again, the way the limiter will count it.

        It counts `current + previous × (what is left of the previous minute / 60)`. Either the last minute's share
        has to shrink until a place is free, or, where this minute is full by itself, this minute has to end.
        """
        key = self._limit.key_for(tenant)
        previous, previous_seconds, current, current_seconds = self._storage.get_sliding_window(
            key, int(_WINDOW_SECONDS)
        )
        free = self._limit.amount - current
        if free <= 0:
            return max(0.0, current_seconds - _WINDOW_SECONDS)
        return max(0.0, previous_seconds - free * _WINDOW_SECONDS / max(1, previous))

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

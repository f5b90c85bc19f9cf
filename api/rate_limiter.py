"""How many requests a minute a tenant may send, counted in Redis for all front ends together.

It protects the service and is not worth an outage: while Redis is away, everything is let through.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import redis
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from api.redis_pool import impatient_pool
from shared.logs import get_logger
from shared.settings import Settings

log = get_logger(__name__)

#: How long a Redis that did not answer is left alone.
_PAUSE_SECONDS = 5.0
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
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Use a store; with `per_minute` 0 there is no limit, and the store is never asked."""
        self.per_minute = per_minute
        self._storage = storage
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        self._limit = RateLimitItemPerMinute(max(1, per_minute))
        self._monotonic = monotonic
        self._open_until = 0.0
        self._let_through = 0

    def hit(self, tenant: str) -> float:
        """Count a request, if it may pass; 0 if so, otherwise the seconds until the next one may."""
        if not self.per_minute:
            return 0
        if self._monotonic() < self._open_until:
            self._let_through += 1
            return 0
        try:
            seconds = 0.0 if self._limiter.hit(self._limit, tenant) else self._seconds_left(tenant)
        except (
            redis.RedisError,
            OSError,
            ValueError,
        ) as error:  # what Redis holds may be no number
            self._open(error)
            return 0
        self._close()
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

    def _open(self, error: Exception) -> None:
        now = self._monotonic()
        self._let_through += 1
        # Of the requests that were on their way together, one says so.
        if now >= self._open_until:
            self._open_until = now + _PAUSE_SECONDS
            log.warning("limiter.open", reason=type(error).__name__, let_through=self._let_through)

    def _close(self) -> None:
        if self._let_through:
            log.info("limiter.closed", let_through=self._let_through)
            self._let_through = 0


def connect_storage(settings: Settings) -> RedisStorage:
    """Prepare the store that all front ends share; nothing is connected yet."""
    url = settings.redis_url.get_secret_value()
    return RedisStorage(url, connection_pool=impatient_pool(settings), key_prefix=_KEY_PREFIX)

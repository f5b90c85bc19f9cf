"""Connections to Redis for what a request can do without: a call that gets no answer costs it a moment."""

from __future__ import annotations

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.settings import Settings

#: What a request may lose to a Redis that stands still; connecting and asking take this long each.
_SOCKET_SECONDS = 0.2


def impatient_pool(settings: Settings) -> redis.ConnectionPool:
    """Prepare a pool; nothing is connected yet."""
    return redis.ConnectionPool.from_url(
        settings.redis_url.get_secret_value(),
        socket_timeout=_SOCKET_SECONDS,
        socket_connect_timeout=_SOCKET_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )

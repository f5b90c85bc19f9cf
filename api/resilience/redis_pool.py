"""Redis for what a request can do without: a call that gets no answer costs it a moment, and soon nobody makes one."""

from __future__ import annotations

import time
from collections.abc import Callable

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from api.resilience.circuit_breaker import CircuitBreaker
from shared.settings.settings import Settings

#: To connect to Redis, and to get an answer: what a request may lose to a Redis that hangs.
_SOCKET_SECONDS = 0.2


def redis_circuit(monotonic: Callable[[], float] = time.monotonic) -> CircuitBreaker:
    """Make the one through which a front end asks Redis whatever it asks for a request."""
    # An error that Redis sent, and what it holds being nonsense, are no silence.
    answers = (redis.ResponseError, ValueError)
    return CircuitBreaker("redis", answers=answers, monotonic=monotonic)


def impatient_pool(settings: Settings) -> redis.ConnectionPool:
    """Prepare a pool; nothing is connected yet."""
    return redis.ConnectionPool.from_url(
        settings.redis_url.get_secret_value(),
        socket_timeout=_SOCKET_SECONDS,
        socket_connect_timeout=_SOCKET_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )

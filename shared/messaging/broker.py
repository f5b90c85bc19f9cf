"""Redis as the broker: Celery's settings, the names both sides use, and publishing in bounded time.

A message says that a job waits in a queue, and not which one: the worker takes the one whose turn it is. Losing it
costs time, not a job: the row is the truth, and the sweeper publishes again.
"""

from __future__ import annotations

import math
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

import redis
from celery import Celery

from shared.errors import BrokerUnavailable, Misconfigured
from shared.job import Queue
from shared.messaging.messages import MessageWriter
from shared.settings.settings import Settings

#: The one task there is. The front end knows its name, the worker its body.
TASK = "cutwork.process_job"


class Duty(StrEnum):
    """What somebody must do again and again; the key that holds when it was done last, in seconds since the epoch."""

    SWEEP = "cutwork:swept"
    RETENTION = "cutwork:retained"
    BATCHES = "cutwork:batches-moved-on"
    WEBHOOKS = "cutwork:webhooks-sent"


_MISSED_SWEEPS = 10
#: A sweeper is missing after ten sweeps, and after this time at the soonest: a restart is no alarm.
_LEAST_PATIENCE_SECONDS = 30.0

#: Tells the time that all processes share, in seconds since the epoch.
BrokerClock = Callable[[redis.Redis], float]

#: To connect to the broker, and to get an answer: longer than the second for which a worker's read blocks.
_SOCKET_SECONDS = 2.0
#: The same where somebody waits who needs no answer: a client whose job is stored, a worker whose job has ended.
SHORT_SOCKET_SECONDS = 0.7
#: After which an idle connection to the broker is asked whether it lives.
_HEALTH_CHECK_SECONDS = 25
#: More than a front end serves at once.
_MOST_CONNECTIONS = 4096


def create_celery(settings: Settings) -> Celery:
    """Build the Celery application of a worker, or of who writes messages for it."""
    url = settings.redis_url.get_secret_value()
    app = Celery("cutwork", broker=url, set_as_current=False)
    app.conf.update(_celery_settings())
    if url.startswith("rediss://"):
        # kombu's default takes any certificate; what the URL says about it wins.
        app.conf.broker_use_ssl = {"ssl_cert_reqs": ssl.CERT_REQUIRED}
    return app


def redis_clock(client: redis.Redis) -> float:
    """Ask Redis for the time."""
    seconds, microseconds = client.time()
    return float(seconds) + float(microseconds) / 1e6


def duties_of(settings: Settings) -> tuple[Duty, ...]:
    """List what has to be done in an installation: webhooks are sent where something signs them."""
    return tuple(duty for duty in Duty if duty is not Duty.WEBHOOKS or settings.signing_secrets)


def patience_of(settings: Settings) -> float:
    """Say after how many seconds a duty is missed that nobody has done."""
    return max(_LEAST_PATIENCE_SECONDS, _MISSED_SWEEPS * settings.sweep_interval)


class Broker:
    """What front ends and the sweeper do with the broker."""

    def __init__(self, settings: Settings, clock: BrokerClock = redis_clock) -> None:
        """Prepare a publisher; nothing is connected yet."""
        self._clock = clock
        self._writer = MessageWriter(create_celery(settings), TASK)
        self._redis = connect(settings)
        # Not through Celery: of its few connections each is tried three times, while all others wait for one.
        self._for_one = connect(settings, SHORT_SOCKET_SECONDS)

    def publish(self, queue: Queue) -> None:
        """Publish a message: one more job waits in this queue.

        Raises:
            BrokerUnavailable: The broker did not take the message, or not soon enough; then it may be there.
        """
        try:
            self._for_one.lpush(queue.value, *self._writer.write(queue.value, 1))
        except Exception as error:
            # Whatever it is: the job is stored, and no client may hear that it failed.
            raise BrokerUnavailable("Redis did not take the message") from error

    def publish_many(self, queue: Queue, count: int) -> None:
        """Publish many messages in one request: so many more jobs wait in this queue.

        Raises:
            BrokerUnavailable: The broker did not take them, or its answer was lost: then they may be there.
        """
        with translated():
            self._redis.lpush(queue.value, *self._writer.write(queue.value, count))

    def count_messages(self, queue: Queue) -> int:
        """Count the messages that wait in a queue; those that a worker holds are not among them.

        Raises:
            BrokerUnavailable: The broker did not answer.
        """
        with translated():
            return int(self._redis.llen(queue.value))

    def note(self, duty: Duty) -> None:
        """Leave word that this was done just now.

        Raises:
            BrokerUnavailable: The broker did not take it.
        """
        with translated():
            self._redis.set(duty, self._clock(self._redis))

    def seconds_since(self, duty: Duty) -> float | None:
        """Tell how long ago this was done last; None if the broker knows nothing of it, or has forgotten it.

        Raises:
            BrokerUnavailable: The broker did not answer.
        """
        with translated():
            done = self._redis.get(duty)
            now = self._clock(self._redis)
        try:
            seconds = now - float(done or "nan")
        except ValueError:
            return None
        # Whatever else somebody wrote there.
        return seconds if 0 <= seconds < math.inf else None

    def ping(self) -> None:
        """Ask the broker something.

        Raises:
            BrokerUnavailable: It did not answer.
        """
        with translated():
            self._redis.ping()


@contextmanager
def translated() -> Iterator[None]:
    """Raise errors of ours in place of the driver's."""
    try:
        yield
    except redis.RedisError as error:
        raise BrokerUnavailable("Redis does not answer") from error


def connect(settings: Settings, socket_seconds: float = _SOCKET_SECONDS) -> redis.Redis:
    """Make a client with a pool of its own, whose calls end within seconds.

    Raises:
        Misconfigured: The URL is not one of Redis.
    """
    try:
        return redis.Redis.from_url(
            settings.redis_url.get_secret_value(),
            socket_timeout=socket_seconds,
            socket_connect_timeout=socket_seconds,
            # Without both a listener would not notice that the other end is gone.
            socket_keepalive=True,
            health_check_interval=_HEALTH_CHECK_SECONDS,
            # One more than redis-py's hundred would be refused as if Redis were away.
            max_connections=_MOST_CONNECTIONS,
        )
    except ValueError:
        # Its text may hold the password.
        raise Misconfigured(
            "CUTWORK_REDIS_URL is not a usable Redis URL: redis://host:port/0"
        ) from None


def _celery_settings() -> dict[str, Any]:
    return {
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_ignore_result": True,
        "result_backend": None,
        "worker_hijack_root_logger": False,
        "worker_send_task_events": False,
        "worker_enable_remote_control": False,
        "broker_transport_options": {
            "socket_timeout": _SOCKET_SECONDS,
            "socket_connect_timeout": _SOCKET_SECONDS,
            "socket_keepalive": True,
            "health_check_interval": _HEALTH_CHECK_SECONDS,
        },
        "task_default_queue": Queue.BULK.value,
        "task_create_missing_queues": True,
    }

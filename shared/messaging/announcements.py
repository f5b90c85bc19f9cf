"""The Redis channel on which workers say that a job has finished.

Waiting clients are answered sooner by it. It may lose messages: whoever waits also looks at the job table.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

import redis
from redis.client import PubSub

from shared.errors import BrokerUnavailable
from shared.messaging.broker import SHORT_SOCKET_SECONDS, connect
from shared.settings.settings import Settings
from shared.telemetry.logs import get_logger

_log = get_logger(__name__)

_CHANNEL = "cutwork:finished"
#: One read of the channel of finished jobs; a stop is noticed in this time.
_READ_SECONDS = 1.0


class Announcer:
    """The speaking end."""

    def __init__(self, settings: Settings) -> None:
        """Prepare a client; nothing is connected yet."""
        self._redis = connect(settings, SHORT_SOCKET_SECONDS)

    def announce(self, job_id: uuid.UUID) -> None:
        """Say that a job has finished.

        Raises:
            BrokerUnavailable: Redis did not take it; who waits will see the job table instead.
        """
        try:
            self._redis.publish(_CHANNEL, job_id.hex)
        except redis.RedisError as error:
            raise BrokerUnavailable("Redis does not answer") from error


def listen(
    settings: Settings, on_finished: Callable[[uuid.UUID], None], is_stopping: Callable[[], bool]
) -> None:
    """Pass every announcement on, until told to stop.

    Raises:
        BrokerUnavailable: The connection broke; call again after a while.
    """
    try:
        with PubSub(connect(settings).connection_pool, ignore_subscribe_messages=True) as channel:
            channel.subscribe(_CHANNEL)
            while not is_stopping():
                message = channel.get_message(timeout=_READ_SECONDS)
                if message is not None:
                    _pass_on(message["data"], on_finished)
    except (redis.RedisError, OSError) as error:
        raise BrokerUnavailable("Redis does not answer") from error


def _pass_on(word: bytes, on_finished: Callable[[uuid.UUID], None]) -> None:
    try:
        job_id = uuid.UUID(hex=word.decode("ascii"))
    except ValueError:
        _log.warning("announcement.malformed")
        return
    on_finished(job_id)

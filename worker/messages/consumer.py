"""How a worker reads messages: Celery's consumer, on a Redis transport that trusts the server with nothing.

A message says no more than "look into the table", and three things follow.

It is gone from Redis once it is read: the sweeper publishes again what a worker took along when it died. kombu's own
way, a hash of unacknowledged messages in Redis, cannot do better (the table decides who works), and does worse: an
acknowledgement that meets a dead server leaves its slot taken for ever, and a worker without a free slot never listens
again.

Nothing in it is needed but the queue it lay in. So Celery gets a message that is made here, and what is not ours is
dropped before it can harm anything.

A broken connection costs nothing but time. So it is made anew at once, again and again, whatever was wrong with it.
"""

from __future__ import annotations

import base64
import contextlib
import json
import math
import time
import uuid
import warnings
from queue import Empty
from typing import Any

import redis
from celery import Celery
from celery.exceptions import CPendingDeprecationWarning
from celery.worker import state
from celery.worker.consumer import Consumer
from kombu.exceptions import OperationalError
from kombu.transport import redis as kombu_redis

from shared.messaging.broker import TASK
from shared.telemetry.logs import get_logger

_log = get_logger(__name__)

#: Ours have about 800.
_MOST_BYTES = 10_000
#: Between two tries to connect to the broker.
_RETRY_SECONDS = 1.0
#: A connection to the broker is dead when an answer is this late; checked as often.
_HEALTH_CHECK_SECONDS = 3


def is_ours(raw: bytes, queue: str) -> bool:
    """Tell whether these are the bytes of a message that a front end or a sweeper published in this queue."""
    if len(raw) > _MOST_BYTES:
        return False
    try:
        message = json.loads(raw)
        arguments, *_ = json.loads(base64.b64decode(message["body"]))
        return bool(message["headers"]["task"] == TASK and arguments == [queue])
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return False


def is_stopping() -> bool:
    """Tell whether this process was asked to end, and reads what it asked for before."""
    return any(
        flag is not None and flag is not False
        for flag in (state.should_stop, state.should_terminate)
    )


class Client(redis.Redis):
    """Reads messages; drops those that are none, and gives back those that come too late."""

    def parse_response(self, connection: Any, command_name: Any, **options: Any) -> Any:
        """Read the answer to a command; to a BRPOP it is a message of ours, or nothing."""
        answer = super().parse_response(connection, command_name, **options)  # type: ignore[no-untyped-call]
        if command_name != "BRPOP" or not answer:
            return answer
        key, raw = answer
        if is_stopping():
            # Celery may cancel what it is given now. The end that is read from is the right one.
            self.rpush(key, raw)
            return None
        queue = key.decode()
        if not is_ours(raw, queue):
            _log.warning("message.malformed", queue=queue, size=len(raw))
            return None
        return key, json.dumps(_message(queue))


class Channel(kombu_redis.Channel):
    """Reads from the queues; a slot is taken by each job that the worker works on, counted in memory."""

    #: When the connection breaks, jobs are still worked on: their messages need not come again.
    do_restore = False

    def basic_cancel(self, consumer_tag: str) -> None:
        """Stop reading a queue; after the last one, read what may just be on its way, to give it back."""
        super().basic_cancel(consumer_tag)  # type: ignore[no-untyped-call]
        if self._in_poll and not self.active_queues:
            with contextlib.suppress(Empty, *self.connection_errors):
                self._brpop_read()  # type: ignore[no-untyped-call]

    def _get_client(self) -> type[redis.Redis]:
        return Client


class Transport(kombu_redis.Transport):
    """Makes such channels."""

    Channel = Channel


class PatientConsumer(Consumer):  # type: ignore[misc]
    """Celery's consumer, which does not wait the longer for a server the longer that is away."""

    _connected_at = -math.inf

    def ensure_connected(self, connection: Any) -> Any:
        """Connect, however long that takes."""
        began = time.monotonic()
        if began - self._connected_at < _RETRY_SECONDS:
            self._wait()  # it let us in, and refused what came next
        tries = 1
        while not self._connects(connection, tries):
            tries += 1
            self._wait()
        self._connected_at = time.monotonic()
        self.first_connection_attempt = False
        if tries > 1:
            _log.info("broker.back", waited_s=round(self._connected_at - began, 1))
        return connection

    def on_connection_error_after_connected(self, error: Exception) -> None:
        """Close the connection; Celery says so, and need not add how another version of it will."""
        warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)
        super().on_connection_error_after_connected(error)

    def _connects(self, connection: Any, tries: int) -> bool:
        try:
            connection.ensure_connection(max_retries=1, interval_start=0)
        except OperationalError as error:
            if tries == 1:
                _log.warning("broker.away", reason=type(error.__cause__).__name__)
            return False
        return True

    def _wait(self) -> None:
        state.maybe_shutdown()
        time.sleep(_RETRY_SECONDS)
        state.maybe_shutdown()


def read_with(app: Celery) -> None:
    """Let the worker of this application read messages in this way."""
    app.conf.update(_SETTINGS)
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, **_OPTIONS}


_SETTINGS = {
    "broker_transport": f"{__name__}:{Transport.__name__}",
    "worker_consumer": f"{__name__}:{PatientConsumer.__name__}",
    # At the end of a job, which gives its slot back and wakes the loop that reads.
    "task_acks_late": True,
    "worker_prefetch_multiplier": 1,
    # A worker reads a message when it has a free hand, after a reconnect too, and leaves the others to other workers.
    "worker_disable_prefetch": True,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    # A server that refuses to be read from (a replica, after a failover) is one to connect to anew.
    "broker_channel_error_retry": True,
}

_OPTIONS = {
    # No hash of unacknowledged messages.
    "ack_emulation": False,
    # The queues are read in the order in which the worker names them, and each is one list.
    "queue_order_strategy": "priority",
    "priority_steps": [0],
    "health_check_interval": _HEALTH_CHECK_SECONDS,
}


def _message(queue: str) -> dict[str, Any]:
    """Make what Celery takes for a message of its protocol 2."""
    task_id = str(uuid.uuid4())
    nothing_else = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
    body = json.dumps([[queue], {}, nothing_else])
    return {
        "body": base64.b64encode(body.encode()).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"lang": "py", "task": TASK, "id": task_id, "root_id": task_id},
        "properties": {
            "body_encoding": "base64",
            "correlation_id": task_id,
            "delivery_tag": task_id,
            "delivery_info": {"exchange": "", "routing_key": queue},
        },
    }

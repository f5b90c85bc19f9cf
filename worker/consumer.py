"""How a worker reads messages: Celery's consumer, on a Redis transport that acknowledges in memory.

A message says no more than "look into the table", so it is gone from Redis once it is read: the sweeper publishes
again what a worker took along when it died. kombu's own way, a hash of unacknowledged messages in Redis, cannot do
better (the table decides who works), and does worse: an acknowledgement that meets a dead server leaves its slot
taken for ever, and a worker without a free slot never listens again.
"""

from __future__ import annotations

import contextlib
from queue import Empty

from celery import Celery
from kombu.transport import redis


class Channel(redis.Channel):
    """Reads from the queues; a slot is taken by each job that the worker works on, counted in memory."""

    #: When the connection breaks, jobs are still worked on: their messages need not come again.
    do_restore = False

    def basic_cancel(self, consumer_tag: str) -> None:
        """Stop reading a queue; after the last one, give back the message that may just be on its way."""
        super().basic_cancel(consumer_tag)  # type: ignore[no-untyped-call]
        if self._in_poll and not self.active_queues:
            with contextlib.suppress(Empty, *self.connection_errors):
                self._brpop_read()  # type: ignore[no-untyped-call]


class Transport(redis.Transport):
    """Makes such channels."""

    Channel = Channel


def read_with(app: Celery) -> None:
    """Let the worker of this application read messages with this transport."""
    app.conf.update(_SETTINGS)
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, **_OPTIONS}


_SETTINGS = {
    "broker_transport": f"{__name__}:{Transport.__name__}",
    # At the end of a job, which gives its slot back and wakes the loop that reads.
    "task_acks_late": True,
    "worker_prefetch_multiplier": 1,
    # A worker reads a message when it has a free hand, after a reconnect too, and leaves the others to other workers.
    "worker_disable_prefetch": True,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
}

_OPTIONS = {
    # No hash of unacknowledged messages.
    "ack_emulation": False,
    # The queues are read in the order in which the worker names them.
    "queue_order_strategy": "priority",
}

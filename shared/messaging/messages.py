"""Celery's messages, many at a time: kombu writes one, and the others are copies of it with ids of their own.

To write each by itself takes longer than to store its job.
"""

from __future__ import annotations

import uuid
from typing import Any

from celery import Celery
from kombu.connection import Connection
from kombu.transport import virtual
from kombu.utils.json import dumps


class _Channel(virtual.Channel):
    """Keeps what it is given to send."""

    def _put(self, queue: str, message: dict[str, Any], **_: Any) -> None:  # noqa: ARG002
        self.connection.written.append(message)


class _Transport(virtual.Transport):
    Channel = _Channel

    def __init__(self, client: Connection, **options: Any) -> None:
        super().__init__(client, **options)  # type: ignore[no-untyped-call]
        self.written: list[dict[str, Any]] = []


class MessageWriter:
    """Writes messages as Celery does, for a task with one argument."""

    def __init__(self, celery: Celery, task: str) -> None:
        """Write nothing yet."""
        self._celery = celery
        self._task = task

    def write(self, queue: str, count: int) -> list[str]:
        """Write messages that name a queue, as they lie in that queue's list in Redis."""
        task_id = str(uuid.uuid4())
        with Connection(transport=_Transport) as connection:  # type: ignore[no-untyped-call]
            producer = self._celery.amqp.Producer(connection.default_channel)
            self._celery.send_task(
                self._task,
                args=[queue],
                queue=queue,
                task_id=task_id,
                ignore_result=True,
                producer=producer,
            )
            [message] = connection.transport.written
        text: str = dumps(message)  # type: ignore[no-untyped-call]
        tag = message["properties"]["delivery_tag"]
        return [
            text.replace(task_id, str(uuid.uuid4())).replace(tag, str(uuid.uuid4()))
            for _ in range(count)
        ]

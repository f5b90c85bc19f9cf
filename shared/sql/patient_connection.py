"""A connection to PostgreSQL that gives up on a server that hangs.

`statement_timeout` is the server's own promise, and one that is paused keeps none; its kernel goes on confirming what
arrives, so TCP notices nothing either.
"""

from __future__ import annotations

import time
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

_Answer = TypeVar("_Answer")


class Unanswered(psycopg.OperationalError):
    """Raised when an answer did not come in time."""


class PatientConnection(psycopg.Connection[Any]):
    """psycopg's connection, with an end to its patience."""

    #: Seconds that one answer may take.
    patience: float = 60

    def wait(self, gen: PQGen[_Answer], *args: Any, **options: Any) -> _Answer:
        """Wait for one answer of the server, as every method of a connection does.

        Raises:
            Unanswered: It did not come in time. The connection is closed, so that a late answer is not
                taken for that of another statement.
        """
        try:
            return super().wait(_bounded(gen, self.patience), *args, **options)
        except Unanswered:
            self.close()
            raise


def _bounded(waiting: PQGen[_Answer], seconds: float) -> PQGen[_Answer]:
    """Pass on what psycopg and its socket have to say to each other, until nothing was said for too long.

    psycopg looks up from an idle socket ten times a second, and says so with an empty `ready`.
    """
    deadline = time.monotonic() + seconds
    try:
        wanted = next(waiting)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > deadline:
                raise Unanswered("the server did not answer in time")
            wanted = waiting.send(ready)
    except StopIteration as end:
        answer: _Answer = end.value
        return answer

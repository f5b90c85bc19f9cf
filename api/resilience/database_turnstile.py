"""What every transaction of a front end passes, so that a slow database keeps a bounded number of requests waiting.

As many are inside as there are connections, so nobody waits for one of these in the pool, where the order is not fair.
Uploads have places of their own: thousands may poll, and photos are taken meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import g, has_request_context, request

from api.resilience.turnstile import NoPlace, Turnstile
from shared.errors import DatabaseUnavailable

#: How long a request waits for a place among the connections, for all its transactions together.
PATIENCE_SECONDS = 8.0
#: A long poll, which looks many times, waits this long at each look at least.
_LEAST_PATIENCE_SECONDS = 1.0
#: One place in so many is for what is no upload.
_FOR_QUESTIONS = 3
#: How many may wait. An upload has its photo in memory meanwhile, so there are fewer.
QUESTIONS_IN_LINE, UPLOADS_IN_LINE = 1000, 200
#: What is no request, as a look at whether the database is there.
_NOBODY = ""


class DatabaseTurnstile:
    """The turnstiles of one process; `passing` is the `admission` of its `Database`."""

    def __init__(self, places: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Share out as many places as there are connections; of two or more each kind has one."""
        questions = max(1, places // _FOR_QUESTIONS)
        self._questions = Turnstile(questions, QUESTIONS_IN_LINE)
        self._uploads = Turnstile(max(1, places - questions), UPLOADS_IN_LINE)
        self._monotonic = monotonic

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Be inside, as who sent the request that is being answered.

        Raises:
            DatabaseUnavailable: Too many ask at once.
        """
        if not has_request_context():
            with _admitted(self._questions, _NOBODY, PATIENCE_SECONDS):
                yield
            return
        turnstile = self._uploads if request.method == "POST" else self._questions
        tenant = g.caller.tenant if "caller" in g else g.get("likely_tenant", _NOBODY)
        again = "database_patience" in g
        left: float = g.get("database_patience", PATIENCE_SECONDS)
        began = self._monotonic()
        with _admitted(turnstile, tenant, left, again=again):
            g.database_patience = max(_LEAST_PATIENCE_SECONDS, left - (self._monotonic() - began))
            yield


@contextmanager
def _admitted(
    turnstile: Turnstile, tenant: str, patience: float, *, again: bool = False
) -> Iterator[None]:
    try:
        with turnstile.passing(tenant, patience, again=again):
            yield
    except NoPlace:
        raise DatabaseUnavailable("too many ask at once") from None

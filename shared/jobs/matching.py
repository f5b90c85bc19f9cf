"""Which jobs an operator means, in pieces each of which lies in one index.

Without a tenant a state is looked for along the index that the workers or the sweeper have of it. What that index does
not know (one of the ends, a code) is looked for among the newest rows of it alone: nobody waits for more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Select, select

from shared.errors import ErrorCode
from shared.job import FINISHED, JobStatus
from shared.jobs.listing import seen_as
from shared.sql.planning import in_state
from shared.sql.tables import jobs
from shared.wire.contract import RESULT_LIFETIME

#: Rows of an index that one question may look at.
WINDOW = 10_000
#: What is compared outside of an index: enough for counting.
COMPARED = (jobs.c.status, jobs.c.error_code)


@dataclass(frozen=True, kw_only=True)
class Matching:
    """Which jobs are meant; by default all that wait, are worked on, or were worked off."""

    #: As the table has it.
    status: JobStatus | None = None
    #: Empty: anybody's.
    tenant: str = ""
    code: ErrorCode | None = None
    #: From this moment on, and before that one: of a tenant's jobs when they were stored, of all others when they came
    #: into their state.
    since: datetime | None = None
    until: datetime | None = None


class Piece(NamedTuple):
    """A piece of an index, in its order."""

    guard: ColumnElement[bool]
    order: ColumnElement[datetime]
    #: By how much later that is than the moment that counts.
    later: timedelta = timedelta(0)
    #: What the index does not know.
    states: frozenset[JobStatus] = frozenset()
    code: ErrorCode | None = None

    def rows(
        self, which: Matching, window: int, columns: Sequence[ColumnElement[Any]] = ()
    ) -> Select[Any]:
        """Ask for its rows, the newest first; of all columns, or of some with those that are compared."""
        newest = select(*(columns or jobs.columns)).where(self.guard).order_by(self.order.desc())
        if which.since is not None:
            newest = newest.where(self.order >= which.since + self.later)
        if which.until is not None:
            newest = newest.where(self.order < which.until + self.later)
        if not self.states and self.code is None:
            return newest
        some = newest.limit(window).subquery()
        return select(some).where(*self._what_else(some))

    def _what_else(self, some: FromClause) -> Iterator[ColumnElement[bool]]:
        if self.states:
            yield some.c.status.in_(sorted(self.states))
        if self.code is not None:
            yield some.c.error_code == self.code


_WAITING = Piece(in_state(JobStatus.QUEUED), jobs.c.created_at)
_AT_WORK = Piece(in_state(JobStatus.PROCESSING), jobs.c.started_at)
#: By `not_before`, which has an index: one is the other and a day.
ENDED = Piece(in_state(*FINISHED), jobs.c.not_before, RESULT_LIFETIME)
_GONE = Piece(in_state(JobStatus.EXPIRED), jobs.c.expires_at, RESULT_LIFETIME)
_WORKED_OFF = frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED})


def pieces_of(which: Matching, deadline: timedelta) -> list[Piece]:
    """Find the pieces in which all of these jobs are.

    Args:
        which: The jobs.
        deadline: How long the bytes of a withdrawn job are kept.
    """
    status = which.status
    if status is None and which.code is not None:
        status = JobStatus.FAILED
    if which.tenant:
        own = jobs.c.tenant == which.tenant if status is None else seen_as(status, which.tenant)
        pieces = [Piece(own, jobs.c.created_at)]
    elif status is None:
        pieces = [_WAITING, _AT_WORK, ENDED._replace(states=_WORKED_OFF)]
    elif status is JobStatus.CANCELLED:
        pieces = [ENDED._replace(later=deadline, states=frozenset({status}))]
    else:
        pieces = [_PIECES.get(status) or ENDED._replace(states=frozenset({status}))]
    return [piece._replace(code=which.code) for piece in pieces]


_PIECES = {
    JobStatus.QUEUED: _WAITING,
    JobStatus.PROCESSING: _AT_WORK,
    JobStatus.EXPIRED: _GONE,
}

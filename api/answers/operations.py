"""The whole installation in numbers, as an operator is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from api.answers.envelope import for_data
from api.answers.overseen import Help
from shared.documents import address_of_error
from shared.errors import ErrorCode
from shared.jobs.envelope import Envelope
from shared.operations.alarms import is_ours
from shared.operations.fleet import Seen
from shared.operations.overview import Overview
from shared.operations.samples import Sample
from shared.operations.series import Span, marks_of, points_of
from shared.wire.types import Count, Time, rfc3339

Seconds = Annotated[float, Field(ge=0)]
Rate = Annotated[float, Field(ge=0, description="A minute.")]


class CodeCount(TypedDict):
    """How many jobs failed with a code."""

    code: ErrorCode
    count: Count
    is_ours: Annotated[bool, Field(description="Neither the photo nor its sender is to blame.")]
    help: Help


class Failing(TypedDict):
    """How jobs ended in the last hour: all, or the newest ten thousand."""

    ended: Count
    codes: list[CodeCount]


class WorkerState(TypedDict):
    """What a worker said last."""

    name: str
    release: str
    model: str
    provider: str
    hands: Annotated[Count, Field(description="Jobs that it works on at once, at most.")]
    busy: Count
    up_seconds: Count
    silent_seconds: Annotated[Seconds, Field(description="Since it said so.")]
    is_silent: Annotated[bool, Field(description="It should have said more since.")]


class DutyState(TypedDict):
    """What a sweeper does again and again."""

    name: str
    seconds_ago: Annotated[Seconds | None, Field(description="`null`: nobody knows.")]


class AlarmState(TypedDict):
    """A number that is a bad one."""

    about: str
    message: str
    help: Help


class OverviewState(TypedDict):
    """All numbers of this moment."""

    queued: Count
    is_more: Annotated[bool, Field(description="More wait than are counted.")]
    oldest_seconds: Seconds
    at_work: Count
    finished_lately: Annotated[Count, Field(description="In the last minute.")]
    failures: Failing
    workers: Annotated[list[WorkerState] | None, Field(description="`null`: Redis is away.")]
    duties: list[DutyState]
    alarms: list[AlarmState]


class PointState(TypedDict):
    """A minute, or several together."""

    at: Time
    queued: Count
    oldest_seconds: Count
    arrived: Rate
    done: Rate
    failed: Rate
    workers: Count | None


class MarkState(TypedDict):
    """Something else began to run."""

    at: Time
    what: Annotated[str, Field(description="Release, network and provider; empty: nothing runs.")]


class SeriesState(TypedDict):
    """How it was."""

    span: Span
    points: list[PointState]
    marks: list[MarkState]


def for_overview(overview: Overview) -> Envelope:
    """Tell all numbers."""
    backlog, fleet = overview.backlog, overview.fleet
    return for_data(
        OverviewState(
            queued=backlog.queued,
            is_more=overview.is_more,
            oldest_seconds=max(0.0, backlog.oldest_age.total_seconds()),
            at_work=overview.at_work,
            finished_lately=backlog.finished_lately,
            failures=_failures(overview),
            workers=None if fleet is None else [_worker(seen) for seen in fleet],
            duties=[
                DutyState(name=duty.name.lower(), seconds_ago=seconds)
                for duty, seconds in overview.duties.items()
            ],
            alarms=[
                AlarmState(about=alarm.about, message=alarm.message, help=alarm.help_at)
                for alarm in overview.alarms
            ],
        )
    )


def for_series(span: Span, samples: Sequence[Sample]) -> Envelope:
    """Tell how it was."""
    points = [
        PointState(
            at=rfc3339(point.at),
            queued=point.queued,
            oldest_seconds=point.oldest_seconds,
            arrived=point.arrived,
            done=point.done,
            failed=point.failed,
            workers=point.workers,
        )
        for point in points_of(samples)
    ]
    marks = [MarkState(at=rfc3339(mark.at), what=mark.what) for mark in marks_of(samples)]
    return for_data(SeriesState(span=span, points=points, marks=marks))


def _failures(overview: Overview) -> Failing:
    by_code = overview.failures.by_code
    return Failing(
        ended=overview.failures.ended,
        codes=[
            CodeCount(code=code, count=count, is_ours=is_ours(code), help=address_of_error(code))
            for code, count in sorted(by_code.items(), key=lambda it: -it[1])
        ],
    )


def _worker(seen: Seen) -> WorkerState:
    worker = seen.worker
    return WorkerState(
        name=worker.name,
        release=worker.release,
        model=worker.model,
        provider=worker.provider,
        hands=worker.hands,
        busy=worker.busy,
        up_seconds=worker.up_seconds,
        silent_seconds=seen.seconds_ago,
        is_silent=seen.is_silent,
    )

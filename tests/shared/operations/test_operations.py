"""How an installation is told in numbers: rates, marks, and which number is a bad one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from shared.documents import ROOT
from shared.errors import ErrorCode
from shared.jobs.backlog import Backlog
from shared.jobs.overseeing import Failures
from shared.messaging.broker import Duty
from shared.operations.alarms import find_alarms
from shared.operations.fleet import Seen, Worker
from shared.operations.samples import Sample
from shared.operations.series import marks_of, points_of

START = datetime(2026, 11, 23, 23, 50, tzinfo=UTC)
CALM = Backlog(queued=0, oldest_age=timedelta(0), finished_lately=0)
NONE = Failures(100, {})
DONE: Mapping[Duty, float | None] = dict.fromkeys(Duty, 1.0)
WORKER = Worker(name="w", release="1", model="net", provider="cpu", hands=2, busy=0, up_seconds=1)
FLEET = [Seen(WORKER, 1.0)]


def sample(minute: int, accepted: int = 0, **more: object) -> Sample:
    values = {"queued": 0, "oldest_seconds": 0, "done": 0, "failed": 0, "cancelled": 0}
    at = START + timedelta(minutes=minute)
    return Sample(**{"minute": at, "accepted": accepted, "fleet": None, **values, **more})  # type: ignore[arg-type]


def test_a_rate_is_the_growth_of_a_days_count_over_the_minutes_between() -> None:
    points = points_of([sample(0, 100), sample(1, 160), sample(3, 200)])

    assert [point.arrived for point in points] == [60, 20]


def test_a_day_that_begins_counts_from_nothing() -> None:
    points = points_of([sample(9, 5000), sample(10, 30)])

    assert [point.arrived for point in points] == [30]


def test_many_minutes_are_few_points_that_hide_no_peak() -> None:
    days = [sample(minute, queued=7 if minute == 1000 else 1) for minute in range(1441)]

    points = points_of(days)

    assert len(points) <= 240
    assert max(point.queued for point in points) == 7


def test_what_comes_into_service_is_a_mark_and_what_stays_is_none() -> None:
    kinds = [{"1 a cpu": 2}, {"1 a cpu": 1}, None, {"1 a cpu": 1, "2 a cpu": 1}, {}, {"2 a cpu": 3}]

    marks = list(marks_of([sample(at, fleet=kind) for at, kind in enumerate(kinds)]))

    assert [mark.what for mark in marks] == ["2 a cpu", "", "2 a cpu"]
    assert marks[0].at == START + timedelta(minutes=3)


@pytest.mark.parametrize(
    ("about", "changes"),
    {
        "oldest": {
            "backlog": Backlog(queued=1, oldest_age=timedelta(minutes=6), finished_lately=0)
        },
        "failures": {"failures": Failures(100, {ErrorCode.PROCESSING_FAILURE: 2})},
        "redis": {"fleet": None},
        "workers": {"fleet": []},
        "sweeper": {"missed": {Duty.WEBHOOKS: 99.0}},
    }.items(),
)
def test_a_bad_number_says_what_is_wrong_and_where_it_stands_how_to_mend_it(
    about: str, changes: dict[str, object]
) -> None:
    usual = {"backlog": CALM, "failures": NONE, "fleet": FLEET, "missed": DONE, "patience": 30.0}

    assert list(find_alarms(**usual)) == []  # type: ignore[arg-type]
    [alarm] = find_alarms(**{**usual, **changes})  # type: ignore[arg-type]

    assert alarm.about == about
    page, _, anchor = alarm.help_at.partition("#")
    headings = (ROOT / page.lstrip("/")).with_suffix(".md").read_text().lower()
    assert anchor.replace("-", "") in "".join(it for it in headings if it.isalnum() or it == "_")


def test_a_worker_that_fell_silent_is_told_and_bad_photos_are_no_alarm() -> None:
    silent = [*FLEET, Seen(WORKER, 60.0)]
    photos = Failures(100, {ErrorCode.FILE_DECODING_FAILURE: 90})

    [alarm] = find_alarms(CALM, photos, silent, DONE, 30.0)

    assert alarm.message == "1 of 2 workers say nothing any more."

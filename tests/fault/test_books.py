"""What the books do not let pass."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from shared.errors import ErrorCode
from shared.job import JobStatus
from shared.jobs.store import ATTEMPTS_SPENT
from tests.fault.audit import Audit, Stored, compare, leftovers
from tests.fault.ledger import Ending, Entry, Ledger
from tests.fault.listener import Listener
from tests.fault.order import RIGHT_ERROR, Kind, Order
from tests.fault.report import Report
from tests.webhook_receiver import running_receiver

KINDS = tuple(RIGHT_ERROR)


def entry_of(kind: Kind) -> Entry:
    """A job that its client knows the end of."""
    order = Order(kind=kind, picture=b"", width=64, height=64, fields={}, key=None)
    return Entry(str(uuid.uuid4()), order, time.time(), Ending(2, ""))


def row(**changes: Any) -> dict[str, Any]:
    return {
        "status": JobStatus.SUCCEEDED,
        "error_code": None,
        "error_message": None,
        "attempt": 1,
        "lease_owner": None,
        "lease_expires_at": None,
        "queue": "bulk",
        "created_at": datetime.now(UTC),
        "finished_at": datetime.now(UTC),
        **changes,
    }


def right_row(kind: Kind) -> dict[str, Any]:
    error = RIGHT_ERROR[kind]
    return row() if error is None else row(status=JobStatus.FAILED, error_code=error)


def spent_row() -> dict[str, Any]:
    return row(
        status=JobStatus.FAILED,
        error_code=ErrorCode.PROCESSING_FAILURE,
        error_message=ATTEMPTS_SPENT,
    )


def books(*kinds: Kind) -> tuple[Ledger, dict[str, dict[str, Any]]]:
    """A ledger with a job of each of these kinds, and a table in which each has ended rightly."""
    ledger = Ledger()
    ledger.entries = {entry.task_id: entry for entry in map(entry_of, kinds)}
    return ledger, {id_: right_row(entry.order.kind) for id_, entry in ledger.entries.items()}


def report(ledger: Ledger, rows: Mapping[str, Mapping[str, Any]]) -> Report:
    return Report(
        seed="",
        seconds=1,
        storm_seconds=1,
        began=0,
        ledger=ledger,
        faults=[],
        rows=rows,
        changed=[],
        repacked=0,
        webhooks={},
        inputs_left=0,
        inputs_unknown=0,
        results_superseded=0,
        ended_by_themselves=0,
        logged={},
    )


def test_jobs_that_ended_rightly_for_their_photos_are_balanced() -> None:
    ledger, rows = books(*KINDS)

    assert list(compare(ledger, rows)) == []
    assert report(ledger, rows).is_balanced


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_whose_attempts_were_all_cut_off_is_a_violation(kind: Kind) -> None:
    ledger, rows = books(*KINDS, kind)
    task_id = list(rows)[-1]
    rows[task_id] = spent_row()

    [violation] = compare(ledger, rows)

    assert violation.startswith(f"{task_id}, {kind}: failed")


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_in_which_no_photo_of_a_kind_ended_shows_nothing(kind: Kind) -> None:
    ledger, rows = books(*(other for other in KINDS if other != kind))

    assert report(ledger, rows).troubles == [f"no photo of the kind '{kind}' came to its end"]
    assert not report(ledger, rows).is_balanced


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": JobStatus.PROCESSING},
        {"lease_owner": "host:1"},
        {"status": JobStatus.FAILED, "error_code": ErrorCode.AI_SERVICE_TIMEOUT},
    ],
    ids=["live", "held", "failed"],
)
def test_a_good_photo_whose_job_is_not_done_and_let_go_of_is_a_violation(
    wrong: dict[str, Any],
) -> None:
    ledger, rows = books("person")
    rows[next(iter(rows))] |= wrong

    assert list(compare(ledger, rows))


def test_an_accepted_job_without_a_row_or_an_end_is_a_violation() -> None:
    ledger, rows = books("person", "person")
    gone, endless = ledger.entries.values()
    del rows[gone.task_id]
    endless.ending = None

    assert len(list(compare(ledger, rows))) == 2
    assert report(ledger, rows).lost == [gone.task_id, endless.task_id]


def test_an_end_that_was_not_told_or_told_as_another_is_a_violation() -> None:
    ledger, _ = books("person", "person", "damaged")
    entries = [
        replace(entry, order=replace(entry.order, is_told=True))
        for entry in ledger.entries.values()
    ]
    with running_receiver() as receiver:
        listener = Listener(receiver, "")
    for entry in entries[1:]:
        listener._taken[f"msg_{uuid.UUID(entry.task_id).hex}"] += ["job.succeeded"] * 2
    entries[2].ending = Ending(3, "FILE_DECODING_FAILURE")

    assert [line.split()[0] for line in listener.missing(entries)] == [
        entries[0].task_id,
        entries[2].task_id,
    ]
    assert listener.figures() == {"told": 2, "told again": 2}


class Moment:
    """What an audit would see."""

    def __init__(self) -> None:
        self.table: dict[str, dict[str, Any]] = {}
        self.messages = {"bulk": 0}
        self.uploads: set[str] = set()
        self.stored: list[Stored] = []

    def rows(self) -> dict[str, dict[str, Any]]:
        return self.table

    def waiting(self) -> dict[str, int]:
        return self.messages

    def inputs(self) -> set[str]:
        return self.uploads

    def results(self) -> list[Stored]:
        return self.stored


def left_at(moment: Moment, *, drained: bool = False) -> list[str]:
    return list(leftovers(cast("Audit", moment), drained=drained))


def test_jobs_that_wait_with_message_and_upload_are_nothing_left_over_unless_workers_run() -> None:
    moment = Moment()
    moment.table = {"a": row(), "b": row(status=JobStatus.QUEUED)}
    moment.messages, moment.uploads = {"bulk": 1}, {"b"}
    moment.stored = [Stored("a", 1, "image.png", "")]

    assert left_at(moment) == []
    assert left_at(moment, drained=True) == ["b waits"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("table", {"a": row(status=JobStatus.PROCESSING)}),
        ("table", {"a": row(lease_owner="host:1")}),
        ("table", {"a": row(lease_expires_at=datetime.now(UTC))}),
        ("messages", {"bulk": 1}),
        ("uploads", {"a"}),
        ("uploads", {"of no job"}),
        ("stored", [Stored("a", 2, "image.png", "")]),
        ("stored", [Stored("of no job", 1, "image.png", "")]),
    ],
)
def test_a_lease_a_message_or_an_object_that_stands_for_nothing_is_left_over(
    field: str, value: object
) -> None:
    moment = Moment()
    moment.table = {"a": row()}

    setattr(moment, field, value)

    assert len(left_at(moment)) == 1

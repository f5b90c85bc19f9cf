"""Rows that a newer release has written: passed on as they are, and left to who understands them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Table, update

from shared.batches.batch import Batch, Outcome
from shared.batches.store import BatchStore
from shared.batches.tables import batch_items
from shared.errors import ErrorCode, FromNewerRelease
from shared.job import CutoutOptions, Job, JobStatus, Queue
from shared.jobs.store import JobStore
from shared.sql.database import Database
from shared.sql.tables import jobs
from shared.wire.option_words import OptionWords
from tests.batches import DEADLINE, accepted
from tests.clock import HandClock
from tests.factories import new_job, publish

#: What a newer release may let clients ask for.
NEWER = {
    "a category": OptionWords(cloth_class=("tops", "scarf")),
    "a form": OptionWords(return_form="sticker"),
    "an out mode": OptionWords(out_mode=7),
    "an option": OptionWords(rendition={"format": "png", "frame": "gold"}),
    "a format": OptionWords(rendition={"format": "jxl"}),
}
BACKOFF = timedelta(seconds=2)

of_any_kind = pytest.mark.parametrize("words", NEWER.values(), ids=NEWER)


def stored(store: JobStore, words: OptionWords = NEWER["an option"]) -> Job:
    job = store.create(replace(new_job(), options=words))
    assert job is not None
    return job


def claimed(store: JobStore, queue: Queue = Queue.INTERACTIVE) -> Job:
    job = store.claim(queue, "worker")
    assert job is not None
    return job


def write(connection: Connection, table: Table, **columns: Any) -> None:
    connection.execute(update(table).values(**columns))


@of_any_kind
def test_a_worker_gives_back_what_it_does_not_know_as_it_was_and_takes_what_it_knows(
    job_store: JobStore, clock: HandClock, words: OptionWords
) -> None:
    newer, known = stored(job_store, words), job_store.create(new_job(tenant="other"))
    assert known is not None
    met = claimed(job_store)
    assert met.id == newer.id
    with pytest.raises(FromNewerRelease):
        _ = met.options

    assert job_store.release(met.lease, BACKOFF)

    assert claimed(job_store).id == known.id
    assert job_store.claim(Queue.INTERACTIVE, "worker") is None
    clock.now += BACKOFF
    assert publish(job_store) == [newer.id]
    of_the_newer_worker = claimed(job_store)
    assert of_the_newer_worker.option_words == words
    assert (of_the_newer_worker.attempt, of_the_newer_worker.releases) == (2, 1)
    assert job_store.complete(of_the_newer_worker.lease, {})


def test_what_was_asked_for_is_written_and_read_in_the_same_words(job_store: JobStore) -> None:
    options = CutoutOptions(rendition_words={"preset": "amazon-main", "format": "jpeg"})
    job = job_store.create(new_job(options=options))
    assert job is not None

    assert claimed(job_store).options == options


@of_any_kind
def test_a_sweeper_moves_on_what_only_a_newer_worker_knows(
    job_store: JobStore, clock: HandClock, words: OptionWords
) -> None:
    job = stored(job_store, words)
    claimed(job_store)
    clock.advance(seconds=31)
    assert [rescued.id for rescued in job_store.rescue(10)] == [job.id]
    clock.advance(hours=1)

    assert [late.id for late in job_store.fail_late(10)] == [job.id]

    clock.advance(days=1)
    due = job_store.take_for_expiry(10, timedelta(minutes=1))
    assert [expired.id for expired in due] == [job.id]
    assert job_store.expire([job.id]) == 1
    clock.advance(days=8)
    assert job_store.prune(timedelta(days=7), 10) == 1


def test_what_a_newer_worker_has_made_is_read_as_far_as_it_is_known(
    job_store: JobStore, database: Database
) -> None:
    job = stored(job_store, NEWER["a category"])
    assert job_store.complete(claimed(job_store).lease, {})
    with database.writing() as connection:
        write(connection, jobs, shown={"tops": True, "scarf": True})

    found = job_store.find(job.id, "shop")

    assert found is not None
    assert (found.status, found.shown) == (JobStatus.SUCCEEDED, {"tops": True})


def test_a_failure_of_a_kind_that_is_not_known_is_a_failure_like_any_other(
    job_store: JobStore, database: Database
) -> None:
    job = stored(job_store)
    assert job_store.fail(claimed(job_store).lease, ErrorCode.PROCESSING_FAILURE, "Too dark.")
    with database.writing() as connection:
        write(connection, jobs, error_code="TOO_DARK")

    found = job_store.find(job.id, "shop")

    assert found is not None
    assert (found.error_code, found.error_message) == (ErrorCode.PROCESSING_FAILURE, "Too dark.")


class TestBatches:
    """Items that a newer front end has stored, and that this release's sweeper lets in and counts."""

    @pytest.fixture
    def batches(self, database: Database, clock: HandClock) -> BatchStore:
        return BatchStore(database, DEADLINE, clock)

    @pytest.fixture
    def batch(self, batches: BatchStore, database: Database) -> Batch:
        batch = accepted(batches, 1)
        words = NEWER["a form"].as_row()
        more: dict[str, Any] = {
            "metadata": {},
            "image_url": "https://photos.example/1",
            "callback_url": None,
        }
        with database.writing() as connection:
            write(connection, batch_items, request={**words, **more, "fingerprint": "1" * 64})
        return batch

    def test_an_item_becomes_a_job_in_the_words_that_it_came_with(
        self, batches: BatchStore, batch: Batch, job_store: JobStore
    ) -> None:
        batches.release(batch.id, 10, 10)

        assert claimed(job_store, Queue.BULK).option_words == NEWER["a form"]

    def test_an_end_that_is_not_known_is_counted_and_kept_as_it_is(
        self, batches: BatchStore, batch: Batch, job_store: JobStore, database: Database
    ) -> None:
        batches.release(batch.id, 10, 10)
        lease = claimed(job_store, Queue.BULK).lease
        assert job_store.fail(lease, ErrorCode.PROCESSING_FAILURE, "Too dark.")
        with database.writing() as connection:
            write(connection, jobs, error_code="TOO_DARK")

        assert batches.settle(batch.id, 10) == 1

        lines = batches.read_items(batch.id, "shop", 0, 10)
        assert lines is not None
        [item] = lines.items
        assert (item.outcome, item.error_message) == (Outcome.FAILED, "Too dark.")
        assert item.error_code is ErrorCode.PROCESSING_FAILURE
        with database.reading() as connection:
            kept = connection.execute(batch_items.select()).mappings().one()
            assert kept["error_code"] == "TOO_DARK"

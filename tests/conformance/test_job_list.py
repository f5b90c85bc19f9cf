"""Lists of jobs, on every database."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from shared.errors import ErrorCode
from shared.job import Bookmark, Job, JobStatus, Selection, Tags
from shared.jobs.store import JobStore
from shared.wire.contract import RESULT_LIFETIME
from tests.clock import HandClock
from tests.conformance.conftest import LIMITS
from tests.conformance.test_job_store import HOLD, claimed, reread, stored


def ids(jobs: list[Job]) -> list[uuid.UUID]:
    return [job.id for job in jobs]


def behind(job: Job) -> Bookmark:
    return Bookmark(job.created_at, job.id)


def test_a_tenants_own_jobs_are_listed_newest_first(job_store: JobStore, clock: HandClock) -> None:
    jobs = []
    for _ in range(3):
        jobs.append(stored(job_store))
        stored(job_store, tenant="rival")
        clock.advance(seconds=1)

    assert ids(job_store.list_jobs("shop", 10)) == ids(jobs[::-1])
    assert ids(job_store.list_jobs("shop", 2)) == ids(jobs[:0:-1])


def test_a_listed_job_is_the_job_that_is_found(job_store: JobStore) -> None:
    job = stored(job_store)

    assert job_store.list_jobs("shop", 10) == [reread(job_store, job)]


def test_pages_show_each_job_once_even_of_one_moment(job_store: JobStore) -> None:
    jobs = {stored(job_store).id for _ in range(7)}
    seen: list[Job] = job_store.list_jobs("shop", 3)

    while page := job_store.list_jobs("shop", 3, after=behind(seen[-1])):
        seen += page

    assert len(seen) == 7
    assert set(ids(seen)) == jobs


def test_a_page_goes_on_although_jobs_arrived_and_its_bookmark_is_gone(
    job_store: JobStore, clock: HandClock
) -> None:
    oldest = stored(job_store)
    clock.advance(seconds=1)
    last_seen = Bookmark(clock.now, uuid.uuid4())
    clock.advance(seconds=1)
    stored(job_store)

    assert ids(job_store.list_jobs("shop", 10, after=last_seen)) == [oldest.id]


def _in_life(store: JobStore, clock: HandClock) -> dict[JobStatus, Job]:
    """Make one job in each state that a client can see, all of one reference."""
    tags = Tags(reference="A")
    jobs = {JobStatus.EXPIRED: claimed(store, stored(store, tags=tags))}
    store.complete(jobs[JobStatus.EXPIRED].lease, {})
    clock.now += RESULT_LIFETIME
    for status in (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.PROCESSING):
        jobs[status] = claimed(store, stored(store, tags=tags))
    store.complete(jobs[JobStatus.SUCCEEDED].lease, {})
    store.fail(jobs[JobStatus.FAILED].lease, ErrorCode.FILE_DECODING_FAILURE, "")
    for status in (JobStatus.QUEUED, JobStatus.CANCELLED):
        jobs[status] = stored(store, tags=tags)
    store.erase(jobs[JobStatus.CANCELLED].id, "shop")
    return jobs


def _leave_alone(store: JobStore, clock: HandClock) -> None:
    pass


def _sweep(store: JobStore, clock: HandClock) -> None:
    """Sweep the expired job, and the erased one an hour later."""
    for _ in range(2):
        store.expire(ids(store.take_for_expiry(10, HOLD)))
        clock.now += LIMITS.deadline


@pytest.mark.parametrize("change", [_leave_alone, _sweep])
@pytest.mark.parametrize("status", list(JobStatus))
def test_a_filter_shows_the_jobs_that_are_seen_so_swept_or_not(
    job_store: JobStore,
    clock: HandClock,
    status: JobStatus,
    change: Callable[[JobStore, HandClock], None],
) -> None:
    jobs = _in_life(job_store, clock)
    change(job_store, clock)

    listed = job_store.list_jobs("shop", 10, Selection(status=status))
    named = job_store.list_jobs("shop", 10, Selection(status=status, reference="A"))

    assert ids(listed) == ids(named) == [jobs[status].id]
    assert [job.seen_as for job in listed] == [status]


def test_a_filtered_list_goes_on_behind_a_bookmark(job_store: JobStore, clock: HandClock) -> None:
    running = claimed(job_store)
    clock.advance(seconds=1)
    newer = [stored(job_store) for _ in range(3)]
    waiting = Selection(status=JobStatus.QUEUED)
    first = job_store.list_jobs("shop", 1, waiting)

    rest = job_store.list_jobs("shop", 10, waiting, after=behind(first[0]))

    assert set(ids(first + rest)) == {job.id for job in newer}
    assert running.id not in ids(rest)


def test_a_list_of_one_reference_holds_its_jobs_alone_and_none_of_another_tenant(
    job_store: JobStore,
) -> None:
    """Names may hold colons: `a` with its `b:c` is not `a:b` with its `c`."""
    own = stored(job_store, tenant="a", tags=Tags(reference="b:c"))
    stored(job_store, tenant="a:b", tags=Tags(reference="c"))
    stored(job_store, tenant="a", tags=Tags(reference="b"))
    stored(job_store, tenant="a")

    for status in (None, JobStatus.QUEUED):
        which = Selection(reference="b:c", status=status)
        assert ids(job_store.list_jobs("a", 10, which)) == [own.id]
    assert ids(job_store.list_jobs("a", 10, Selection(reference="queued:b:c"))) == []


@pytest.mark.parametrize("status", [None, JobStatus.QUEUED])
@pytest.mark.parametrize("reference", ["", "A"])
def test_windows_of_time_that_follow_each_other_hold_each_job_once(
    job_store: JobStore, clock: HandClock, status: JobStatus | None, reference: str
) -> None:
    jobs, times = [], []
    for _ in range(4):
        jobs.append(stored(job_store, tags=Tags(reference="A")))
        times.append(clock.now)
        clock.advance(seconds=1)

    def of(after: int | None, before: int | None) -> list[uuid.UUID]:
        which = Selection(
            status=status,
            reference=reference,
            created_after=None if after is None else times[after],
            created_before=None if before is None else times[before],
        )
        return ids(job_store.list_jobs("shop", 10, which))

    assert of(None, 1) + of(1, 3) + of(3, None) == ids([jobs[0], jobs[2], jobs[1], jobs[3]])
    assert of(2, 1) == []

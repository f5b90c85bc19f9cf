"""A claim whose COMMIT got no answer: it can be asked for afterwards, and is never taken for another one."""

from __future__ import annotations

import pytest

from shared.errors import CommitUncertain
from shared.job import Job, Queue
from shared.jobs.leases import ClaimUncertain
from shared.jobs.store import JobStore
from tests.clock import HandClock
from tests.factories import new_job
from tests.uncertain_commits import lost_answers

OWNER = "worker-1"


def claim_in_vain(store: JobStore, *, is_committed: bool) -> Job:
    """Claim a new job, and get no answer."""
    new = new_job()
    store.create(new)
    with lost_answers(is_committed=is_committed), pytest.raises(ClaimUncertain) as raised:
        store.claim(new.queue, OWNER)
    assert raised.value.job.id == new.id
    return raised.value.job


def test_a_claim_that_is_there_is_confirmed_and_its_lease_extended(
    job_store: JobStore, clock: HandClock
) -> None:
    job = claim_in_vain(job_store, is_committed=True)
    assert job_store.claim(job.queue, OWNER) is None

    clock.advance(seconds=29)
    assert job_store.confirm(job, OWNER)

    clock.advance(seconds=29)
    assert job_store.rescue(10) == []
    assert job_store.complete(job.lease, {})


def test_it_may_be_asked_for_again_where_that_answer_is_lost_too(job_store: JobStore) -> None:
    job = claim_in_vain(job_store, is_committed=True)

    assert job_store.confirm(job, OWNER)
    assert job_store.confirm(job, OWNER)


def test_a_claim_that_is_not_there_is_not_confirmed_and_anybody_may_claim(
    job_store: JobStore,
) -> None:
    job = claim_in_vain(job_store, is_committed=False)

    assert not job_store.confirm(job, OWNER)
    found = job_store.claim(job.queue, "worker-2")
    assert found is not None
    assert found.lease == job.lease


@pytest.mark.parametrize("owner", [OWNER, "worker-2"])
def test_another_claim_of_the_same_number_is_not_taken_for_it(
    job_store: JobStore, clock: HandClock, owner: str
) -> None:
    """A worker has several hands, of one name."""
    job = claim_in_vain(job_store, is_committed=False)
    clock.advance(milliseconds=1)
    other = job_store.claim(job.queue, owner)
    assert other is not None
    assert other.lease == job.lease

    assert not job_store.confirm(job, OWNER)


def test_a_claim_that_found_nothing_is_no_claim(job_store: JobStore) -> None:
    with lost_answers(is_committed=True), pytest.raises(CommitUncertain) as raised:
        job_store.claim(Queue.BULK, OWNER)

    assert not isinstance(raised.value, ClaimUncertain)

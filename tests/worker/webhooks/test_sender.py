"""What is owed arrives at real servers, which do what receivers do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import select, update
from standardwebhooks import WebhookVerificationError

from shared.batches.store import BatchStore
from shared.errors import DatabaseUnavailable, ErrorCode
from shared.job import CutoutOptions, Job, Queue
from shared.jobs.store import JobStore
from shared.outgoing.call import Limits
from shared.outgoing.caller import Caller
from shared.outgoing.policy import Policy
from shared.sql.database import Database
from shared.sql.tables import webhook_deliveries
from shared.tenants.api_key import Terms
from shared.tenants.key_store import KeyStore
from shared.webhooks.deliveries import LEASE, Deliveries
from shared.wire.contract import Category
from shared.wire.webhook_secrets import read_secrets
from tests.clock import HandClock
from tests.conditions import eventually
from tests.empty_database import create_empty
from tests.factories import new_job
from tests.fakes import InMemoryObjectStore
from tests.webhook_receiver import (
    OTHER_SECRET,
    SECRET,
    Heard,
    Receiver,
    Reply,
    running_receiver,
)
from tests.worker.conftest import LIMITS
from worker.webhooks.lanes import OF_A_HOST
from worker.webhooks.sender import Sender
from worker.webhooks.subjects import Subjects

NOBODY = "http://127.0.0.1:9/"


@pytest.fixture
def clock() -> HandClock:
    """The real time, at which a receiver looks."""
    clock = HandClock()
    clock.now = datetime.now(UTC)
    return clock


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/jobs.sqlite3"
    create_empty(url)
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def job_store(database: Database, clock: HandClock) -> JobStore:
    return JobStore(database, LIMITS, clock)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


@pytest.fixture
def sender(database: Database, job_store: JobStore, clock: HandClock) -> Iterator[Sender]:
    ports = frozenset(range(1, 65536))
    sender = Sender(
        deliveries=Deliveries(database, clock),
        key_store=KeyStore(database, clock),
        subjects=Subjects(
            job_store=job_store,
            batches=BatchStore(database, LIMITS.deadline, clock),
            sign=InMemoryObjectStore().sign_result,
        ),
        caller=Caller(Policy(ports=ports, networks=(ip_network("127.0.0.1/32"),))),
        secrets=read_secrets(SECRET),
        limits=Limits(max_bytes=1000, seconds=10),
    )
    yield sender
    sender.threads.shutdown()


def finished(store: JobStore, url: str) -> Job:
    options = CutoutOptions(cloth_class=(Category.TOPS,))
    assert store.create(new_job(callback_url=url, options=options))
    job = store.claim(Queue.INTERACTIVE, "worker")
    assert job is not None
    assert store.complete(job.lease, {Category.TOPS: True})
    return job


def send(sender: Sender) -> None:
    """Send all that is due, and wait for the end of it."""
    while sender.run():
        pass


def away(*_: object) -> NoReturn:
    raise DatabaseUnavailable("down")


def row(database: Database, job: Job) -> tuple[str, int, int | None, str]:
    names = ("state", "tries", "status", "reason")
    columns = [webhook_deliveries.c[name] for name in names]
    which = webhook_deliveries.c.job_id == job.id
    with database.reading() as connection:
        state, tries, status, reason = connection.execute(select(*columns).where(which)).one()
    return state, tries, status, reason


def test_jobs_of_a_key_with_a_secret_of_its_own_are_signed_by_that_and_by_both_after_it_changed(
    sender: Sender, job_store: JobStore, receiver: Receiver
) -> None:
    keys = sender.key_store
    plain, _ = keys.create("shop")
    first, _ = keys.create("shop", Terms(callback_url=receiver.url))
    assert job_store.create(new_job(key_id=plain.id, callback_url=receiver.url))
    assert job_store.create(new_job(key_id=first.id, callback_url=receiver.url))
    for _ in range(2):
        job = job_store.claim(Queue.INTERACTIVE, "worker")
        assert job is not None
        assert job_store.fail(job.lease, ErrorCode.PROCESSING_FAILURE, "no")
        send(sender)
    made = keys.rotate(first.id, timedelta(hours=1))
    assert made is not None
    second, _ = made

    for key in (first, second):
        assert job_store.create(new_job(key_id=key.id, callback_url=receiver.url))
        job = job_store.claim(Queue.INTERACTIVE, "worker")
        assert job is not None
        assert job_store.complete(job.lease, {})
        send(sender)

    of_the_service, before, *after = receiver.heard
    assert of_the_service.verified()
    assert first.webhook_secrets[0] != second.webhook_secrets[0]
    assert second.webhook_secrets[1] == first.webhook_secrets[0]
    assert before.verified(first.webhook_secrets[0])
    for heard in after:
        assert heard.verified(first.webhook_secrets[0])
        assert heard.verified(second.webhook_secrets[0])
    with pytest.raises(WebhookVerificationError):
        before.verified(SECRET)


def test_a_receiver_gets_what_get_would_give_signed(
    sender: Sender, job_store: JobStore, receiver: Receiver, database: Database
) -> None:
    job = finished(job_store, receiver.url)

    send(sender)

    [heard] = receiver.heard
    event = heard.verified()
    assert heard.path == "/hook"
    assert heard.headers["content-type"] == "application/json"
    assert heard.webhook_id == f"msg_{job.id.hex}"
    assert event["type"] == "job.succeeded"
    assert event["data"]["task_id"] == str(job.id)
    assert event["data"]["task_status"] == 2
    assert event["data"]["data"]["elements"][1]["class_url"]["tops"].startswith("https://results.")
    assert event["data"]["data"]["outputs"].keys() == {"cutout"}
    assert event["data"]["reference"] == ""
    assert datetime.fromisoformat(event["timestamp"]).tzinfo is UTC
    assert row(database, job) == ("delivered", 1, 204, "")


def test_word_of_what_only_a_newer_release_knows_is_left_to_its_senders(
    sender: Sender, job_store: JobStore, receiver: Receiver, database: Database
) -> None:
    job = finished(job_store, receiver.url)
    with database.writing() as connection:
        connection.execute(update(webhook_deliveries).values(event="album.completed"))

    send(sender)

    assert receiver.heard == []
    assert row(database, job) == ("pending", 0, None, "")


def test_what_nobody_foresaw_counts_as_a_try_and_the_next_comes_later(
    sender: Sender,
    job_store: JobStore,
    receiver: Receiver,
    database: Database,
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = finished(job_store, receiver.url)

    def fail(*_: object) -> str:
        raise KeyError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(sender.subjects.job_store, "find", fail)
        send(sender)
        clock.now += LEASE
        send(sender)

    state, tries, status, reason = row(database, job)
    assert (state, tries, status) == ("pending", 2, None)
    assert "reason of its own" in reason
    clock.now += LEASE
    send(sender)
    assert not receiver.heard
    clock.advance(minutes=6)
    send(sender)
    assert len(receiver.heard) == 1


def test_a_database_that_is_away_costs_a_round_and_no_delivery(
    sender: Sender, job_store: JobStore, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(job_store, receiver.url)

    with monkeypatch.context() as patch:
        patch.setattr(sender.deliveries, "take", away)
        assert not sender.run()
    send(sender)

    assert len(receiver.heard) == 1


def test_what_has_arrived_and_could_not_be_noted_is_sent_once_more_under_the_same_id(
    sender: Sender,
    job_store: JobStore,
    receiver: Receiver,
    database: Database,
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = finished(job_store, receiver.url)

    with monkeypatch.context() as patch:
        patch.setattr(sender.deliveries, "deliver", away)
        send(sender)
    clock.now += LEASE
    send(sender)

    assert [heard.webhook_id for heard in receiver.heard] == [f"msg_{job.id.hex}"] * 2
    assert row(database, job) == ("delivered", 1, 204, "")


def test_word_of_a_job_that_is_forgotten_is_given_up(
    sender: Sender,
    job_store: JobStore,
    receiver: Receiver,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = finished(job_store, receiver.url)
    monkeypatch.setattr(sender.subjects.job_store, "find", lambda *_: None)

    send(sender)

    assert receiver.heard == []
    assert row(database, job) == ("failed", 1, None, "What it is about is forgotten.")


def test_a_failure_is_told_with_its_error(
    sender: Sender, job_store: JobStore, receiver: Receiver
) -> None:
    assert job_store.create(new_job(callback_url=receiver.url))
    job = job_store.claim(Queue.INTERACTIVE, "worker")
    assert job is not None
    assert job_store.fail(job.lease, ErrorCode.PROCESSING_FAILURE, "It broke.")

    send(sender)

    event = receiver.heard[0].verified()
    assert event["type"] == "job.failed"
    assert event["data"]["error_detail"]["message"] == "It broke."


def test_while_secrets_change_either_verifies_and_no_other(
    sender: Sender, job_store: JobStore, receiver: Receiver
) -> None:
    finished(job_store, receiver.url)

    send(replace(sender, secrets=read_secrets(f"{SECRET}, {OTHER_SECRET}")))

    [heard] = receiver.heard
    assert heard.verified(SECRET) == heard.verified(OTHER_SECRET)
    with pytest.raises(WebhookVerificationError):
        heard.verified("whsec_" + "QSBzZWNyZXQgdGhhdCBub2JvZHkgaGFz")


def test_what_fails_is_sent_again_by_the_schedule_under_the_same_id_and_then_given_up(
    sender: Sender, job_store: JobStore, receiver: Receiver, clock: HandClock, database: Database
) -> None:
    receiver.reply = lambda _: Reply(500)
    job = finished(job_store, receiver.url)

    for _ in range(12):
        send(sender)
        clock.advance(hours=27)

    assert len(receiver.heard) == 10
    assert {heard.webhook_id for heard in receiver.heard} == {f"msg_{job.id.hex}"}
    assert len({heard.headers["webhook-timestamp"] for heard in receiver.heard}) == 10
    assert row(database, job) == ("failed", 10, 500, "The URL's host answered 500.")


def test_the_second_try_comes_after_five_seconds(
    sender: Sender, job_store: JobStore, receiver: Receiver, clock: HandClock
) -> None:
    receiver.reply = lambda _: Reply(500 if len(receiver.heard) == 1 else 200)
    finished(job_store, receiver.url)

    send(sender)
    clock.advance(seconds=4.9)
    send(sender)
    assert len(receiver.heard) == 1
    clock.advance(seconds=0.7)
    send(sender)

    assert len(receiver.heard) == 2


def test_what_a_killed_sender_had_taken_is_sent_under_the_same_id(
    sender: Sender, job_store: JobStore, receiver: Receiver, clock: HandClock
) -> None:
    job = finished(job_store, receiver.url)
    assert sender.deliveries.take(1)

    send(sender)
    assert receiver.heard == []
    clock.advance(seconds=LEASE.total_seconds())
    send(sender)

    assert [heard.webhook_id for heard in receiver.heard] == [f"msg_{job.id.hex}"]


def test_410_switches_a_delivery_off(
    sender: Sender, job_store: JobStore, receiver: Receiver, database: Database
) -> None:
    receiver.reply = lambda _: Reply(410)
    job = finished(job_store, receiver.url)

    send(sender)

    assert row(database, job)[:3] == ("failed", 1, 410)


def test_410_switches_off_all_that_waits_for_the_same_url(
    sender: Sender, job_store: JobStore, receiver: Receiver, database: Database, clock: HandClock
) -> None:
    receiver.reply = lambda _: Reply(503)
    waiting, elsewhere = (
        finished(job_store, url) for url in (receiver.url, f"{receiver.url}?other")
    )
    send(sender)
    gone = f"msg_{finished(job_store, receiver.url).id.hex}"
    receiver.reply = lambda heard: Reply(410 if heard.webhook_id == gone else 204)

    send(sender)
    clock.advance(hours=1)
    send(sender)

    assert row(database, waiting)[0] == "failed"
    assert row(database, waiting)[3] == "The URL's host answered 410 to another webhook."
    assert row(database, elsewhere)[0] == "delivered"


def test_retry_after_is_heeded(
    sender: Sender, job_store: JobStore, receiver: Receiver, clock: HandClock
) -> None:
    receiver.reply = lambda _: Reply(429, {"Retry-After": "600"})
    finished(job_store, receiver.url)

    send(sender)
    clock.advance(seconds=599)
    send(sender)
    assert len(receiver.heard) == 1
    clock.advance(seconds=62)
    send(sender)

    assert len(receiver.heard) == 2


def test_a_redirect_is_a_failure_and_not_followed(
    sender: Sender, job_store: JobStore, receiver: Receiver, database: Database
) -> None:
    with running_receiver() as elsewhere:
        receiver.reply = lambda _: Reply(307, {"Location": elsewhere.url})
        job = finished(job_store, receiver.url)

        send(sender)

        assert elsewhere.heard == []
    assert row(database, job)[:3] == ("pending", 1, 307)


def test_an_address_that_is_not_public_hears_nothing(
    sender: Sender, job_store: JobStore, receiver: Receiver, database: Database
) -> None:
    job = finished(job_store, receiver.url)
    policy = replace(sender.caller.policy, networks=())

    send(replace(sender, caller=replace(sender.caller, policy=policy)))

    assert receiver.heard == []
    state, tries, status, reason = row(database, job)
    assert (state, tries, status) == ("pending", 1, None)
    assert "not public" in reason


def test_a_receiver_that_is_not_there_is_tried_again(
    sender: Sender, job_store: JobStore, database: Database
) -> None:
    job = finished(job_store, NOBODY)

    send(sender)

    assert row(database, job)[:3] == ("pending", 1, None)


def test_a_receiver_that_does_not_answer_is_given_up_on_in_time(
    sender: Sender, job_store: JobStore, receiver: Receiver, database: Database
) -> None:
    answer = threading.Event()
    receiver.reply = lambda _: Reply(204 if answer.wait(30) else 500)
    job = finished(job_store, receiver.url)

    send(replace(sender, limits=Limits(max_bytes=1000, seconds=0.3)))
    answer.set()

    state, tries, status, _ = row(database, job)
    assert (state, tries, status) == ("pending", 1, None)


def test_a_slow_receiver_holds_up_nobody_else(
    sender: Sender, job_store: JobStore, receiver: Receiver
) -> None:
    answer = threading.Event()

    def slowly(_: Heard) -> Reply:
        answer.wait(30)
        return Reply()

    with running_receiver() as slow:
        slow.reply = slowly
        for _ in range(40):
            finished(job_store, slow.url)
        for _ in range(20):
            finished(job_store, receiver.url)

        eventually(lambda: [sender.run(), len(receiver.heard)][1] == 20)
        assert len(slow.heard) == OF_A_HOST
        answer.set()
        eventually(lambda: [sender.run(), len(slow.heard)][1] == 40)


def test_a_sender_that_stops_lets_what_is_under_way_come_to_its_end_but_not_for_long(
    sender: Sender, job_store: JobStore, receiver: Receiver, database: Database
) -> None:
    answer = threading.Event()
    receiver.reply = lambda _: Reply(204 if answer.wait(30) else 500)
    job = finished(job_store, receiver.url)
    sender.run()
    eventually(lambda: receiver.heard)

    sender.finish(0.1)
    assert row(database, job)[0] == "pending"
    answer.set()
    sender.finish(30)

    assert row(database, job)[0] == "delivered"


def test_urls_are_signed_when_they_are_sent(
    sender: Sender, job_store: JobStore, receiver: Receiver, clock: HandClock
) -> None:
    receiver.reply = lambda _: Reply(500)
    finished(job_store, receiver.url)
    send(sender)
    clock.advance(hours=1)
    send(sender)
    clock.advance(days=1)
    send(sender)

    *readable, gone = (json.loads(heard.body) for heard in receiver.heard)

    urls = [event["data"]["data"]["elements"][0]["image_url"] for event in readable]
    seconds = [timedelta(seconds=int(url.partition("expires=")[2])) for url in urls]
    assert seconds == [timedelta(days=1), timedelta(hours=23)]
    assert gone["type"] == "job.succeeded"
    assert gone["data"]["error_detail"]["code"] == "ERROR_RESOURCE_RECLAIMED"

"""Redis as the broker: what is published waits, and what finished is heard."""

from __future__ import annotations

import json
import threading
import time
import uuid

import pytest
import redis
from pydantic import SecretStr

from deploy.local.servers.valkey import Valkey
from shared.errors import BrokerUnavailable
from shared.job import Queue
from shared.messaging.announcements import Announcer, listen
from shared.messaging.broker import TASK, Broker, Duty
from shared.settings.settings import Settings
from tests.conditions import eventually
from tests.fakes import RecordingBroker


@pytest.mark.parametrize("kind", ["redis", "fake"])
def test_a_message_waits_in_its_queue(kind: str, request: pytest.FixtureRequest) -> None:
    broker = RecordingBroker() if kind == "fake" else Broker(request.getfixturevalue("settings"))

    broker.publish(Queue.BULK)

    assert broker.count_messages(Queue.BULK) == 1
    assert broker.count_messages(Queue.INTERACTIVE) == 0


def test_a_message_names_its_queue_and_nothing_else(settings: Settings) -> None:
    broker = Broker(settings)

    broker.publish(Queue.BULK)

    client = redis.Redis.from_url(settings.redis_url.get_secret_value())
    message = json.loads(client.lrange(Queue.BULK, 0, -1)[0])
    assert message["headers"]["task"] == TASK
    assert message["headers"]["argsrepr"] == repr(["bulk"])


@pytest.mark.parametrize("kind", ["redis", "fake"])
def test_many_messages_wait_in_their_queue(kind: str, request: pytest.FixtureRequest) -> None:
    broker = RecordingBroker() if kind == "fake" else Broker(request.getfixturevalue("settings"))

    broker.publish_many(Queue.BULK, 1500)

    assert broker.count_messages(Queue.BULK) == 1500
    assert broker.count_messages(Queue.INTERACTIVE) == 0


def test_messages_that_are_published_together_differ_from_single_ones_in_their_ids_alone(
    settings: Settings,
) -> None:
    broker = Broker(settings)
    broker.publish(Queue.BULK)
    broker.publish_many(Queue.BULK, 2)

    client = redis.Redis.from_url(settings.redis_url.get_secret_value())
    messages = [json.loads(text) for text in client.lrange(Queue.BULK, 0, -1)]
    texts = [json.dumps(message, sort_keys=True) for message in messages]
    for of_each in (
        [message["headers"]["id"] for message in messages],
        [message["properties"]["delivery_tag"] for message in messages],
    ):
        assert len(set(of_each)) == 3
        texts = [text.replace(own, "its own") for text, own in zip(texts, of_each, strict=True)]
    assert len(set(texts)) == 1


@pytest.mark.parametrize("kind", ["redis", "fake"])
@pytest.mark.parametrize("duty", list(Duty))
def test_a_duty_is_known_to_all_once_it_was_done(
    kind: str, duty: Duty, request: pytest.FixtureRequest
) -> None:
    here = RecordingBroker() if kind == "fake" else Broker(request.getfixturevalue("settings"))
    there = here if kind == "fake" else Broker(request.getfixturevalue("settings"))
    assert there.seconds_since(duty) is None

    here.note(duty)

    seconds = there.seconds_since(duty)
    assert seconds is not None
    assert 0 <= seconds < 30
    assert {there.seconds_since(other) for other in set(Duty) - {duty}} == {None}


def test_a_sweeps_age_is_told_by_the_brokers_clock(settings: Settings) -> None:
    Broker(settings, lambda _: 1_000_000.0).note(Duty.SWEEP)

    assert Broker(settings, lambda _: 1_000_095.5).seconds_since(Duty.SWEEP) == 95.5


@pytest.mark.parametrize("word", [b"", b"abc", b"nan", b"inf", b"-1e999", b"1e12", b"\xff\x00"])
def test_a_word_that_is_no_time_is_none(settings: Settings, word: bytes) -> None:
    with redis.Redis.from_url(settings.redis_url.get_secret_value()) as client:
        client.set(Duty.SWEEP, word)

    assert Broker(settings).seconds_since(Duty.SWEEP) is None


@pytest.fixture
def nowhere(settings: Settings) -> Settings:
    return settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1/0")})


def test_a_broker_that_is_down_is_noticed_within_seconds(nowhere: Settings) -> None:
    broker = Broker(nowhere)
    began = time.monotonic()

    for call in (
        lambda: broker.publish(Queue.BULK),
        lambda: broker.publish_many(Queue.BULK, 2),
        lambda: broker.count_messages(Queue.BULK),
        broker.ping,
        lambda: broker.note(Duty.SWEEP),
        lambda: broker.seconds_since(Duty.SWEEP),
        lambda: Announcer(nowhere).announce(uuid.uuid4()),
        lambda: listen(nowhere, lambda _: None, lambda: False),
    ):
        with pytest.raises(BrokerUnavailable):
            call()

    assert time.monotonic() - began < 10


@pytest.mark.parametrize("what", ["a message", "an announcement"])
def test_a_broker_that_stands_still_is_given_up_on_while_somebody_waits(
    settings: Settings, valkey: Valkey, what: str
) -> None:
    """A client waits for its upload's answer, or a worker's hand for its next job."""
    broker, announcer = Broker(settings), Announcer(settings)

    def say() -> None:
        if what == "a message":
            broker.publish(Queue.BULK)
        else:
            announcer.announce(uuid.uuid4())

    say()
    began = time.monotonic()
    valkey.pause()
    try:
        with pytest.raises(BrokerUnavailable):
            say()
    finally:
        valkey.resume()
    assert time.monotonic() - began < 1.9


def test_an_announcement_is_heard_by_whoever_listens(settings: Settings) -> None:
    heard: list[uuid.UUID] = []
    stop = threading.Event()
    listener = threading.Thread(target=listen, args=(settings, heard.append, stop.is_set))
    listener.start()
    announcer, job_id = Announcer(settings), uuid.uuid4()

    def announced() -> bool:
        announcer.announce(job_id)
        return job_id in heard

    eventually(announced)
    stop.set()
    listener.join()


def test_a_strange_word_on_the_channel_does_not_end_the_listening(settings: Settings) -> None:
    heard: list[uuid.UUID] = []
    stop = threading.Event()
    listener = threading.Thread(target=listen, args=(settings, heard.append, stop.is_set))
    listener.start()
    client = redis.Redis.from_url(settings.redis_url.get_secret_value())
    eventually(lambda: client.publish("cutwork:finished", b"\xff strange"))
    announcer, job_id = Announcer(settings), uuid.uuid4()

    def announced() -> bool:
        announcer.announce(job_id)
        return job_id in heard

    eventually(announced)
    stop.set()
    listener.join()

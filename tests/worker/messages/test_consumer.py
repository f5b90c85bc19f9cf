"""How a worker reads messages; `tests/fault` shows the same with whole processes."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery
from celery.worker import state
from kombu.transport.redis import Channel as KombuChannel
from pydantic import SecretStr

from deploy.local.servers.valkey import Valkey
from shared.job import Queue
from shared.messaging.broker import TASK, Broker, create_celery
from shared.settings.settings import Settings
from worker.messages.consumer import read_with


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    """A broker that a test may stop."""
    with Valkey(tmp_path / "valkey", persistent=False) as server:
        yield server


@pytest.fixture
def settings(server: Valkey) -> Settings:
    return Settings(redis_url=SecretStr(server.url))


@pytest.fixture
def app(settings: Settings) -> Celery:
    app = create_celery(settings)
    read_with(app)
    return app


@pytest.fixture
def broker(settings: Settings) -> Broker:
    return Broker(settings)


class Reader:
    """Reads as a worker with one hand does, and acknowledges nothing by itself."""

    def __init__(self, app: Celery) -> None:
        self.messages: list[Any] = []
        self.connection = app.connection_for_read()
        channel = self.connection.default_channel
        channel.basic_qos(0, 1, False)
        self.consumer = app.amqp.TaskConsumer(channel)
        self.consumer.on_message = self.messages.append
        self.consumer.consume()

    @property
    def channel(self) -> KombuChannel:
        channel: KombuChannel = self.connection.default_channel
        return channel

    def read(self) -> Any:
        self.connection.drain_events(timeout=5)
        return self.messages[-1]


def test_a_message_is_acknowledged_without_its_server_and_gives_its_slot_back(
    app: Celery, broker: Broker, server: Valkey
) -> None:
    """Else the slot would stay taken, and with its last slot a worker goes deaf for good."""
    broker.publish(Queue.BULK)
    reader = Reader(app)
    message = reader.read()
    assert not reader.channel.qos.can_consume()

    server.kill()
    message.ack()

    assert reader.channel.qos.can_consume()


def test_nothing_of_a_message_that_was_read_is_left_in_redis(
    app: Celery, broker: Broker, server: Valkey
) -> None:
    broker.publish(Queue.BULK)
    reader = Reader(app)

    reader.read()

    with redis.Redis.from_url(server.url) as client:
        assert not client.exists(Queue.BULK, "unacked", "unacked_index")


def test_a_message_that_arrives_while_a_worker_stops_reading_is_given_back(
    app: Celery, broker: Broker
) -> None:
    reader = Reader(app)
    reader.connection.transport.cycle.on_poll_start()
    broker.publish(Queue.BULK)  # taken from the queue at once, for the reader that waits

    reader.consumer.cancel()

    assert broker.count_messages(Queue.BULK) == 1
    assert not reader.messages


def test_a_worker_that_was_asked_to_end_gives_back_what_it_still_reads(
    app: Celery, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Celery may cancel what it gets while it stops; the message comes first again, as it was."""
    reader = Reader(app)
    reader.connection.transport.cycle.on_poll_start()
    broker.publish(Queue.BULK)
    monkeypatch.setattr(state, "should_stop", 0)

    with pytest.raises(TimeoutError):
        reader.connection.drain_events(timeout=0.2)

    assert broker.count_messages(Queue.BULK) == 1
    monkeypatch.undo()
    assert reader.read().headers["task"] == TASK


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", {"ssl_cert_reqs": ssl.CERT_REQUIRED}),
        ("?ssl_ca_certs=/ca.pem", {"ssl_ca_certs": "/ca.pem"}),
        ("?ssl_cert_reqs=none", {"ssl_cert_reqs": ssl.CERT_NONE}),
    ],
)
def test_a_server_over_tls_must_show_a_certificate_unless_the_url_says_otherwise(
    query: str, options: dict[str, object]
) -> None:
    publisher, reader = (
        create_celery(Settings(redis_url=SecretStr(f"rediss://127.0.0.1:1/0{query}")))
        for _ in range(2)
    )
    read_with(reader)

    assert publisher.connection_for_write().ssl == options
    assert reader.connection_for_read().ssl == options

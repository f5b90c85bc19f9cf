"""A job's end is told to whoever asked for it: real processes, a real receiver."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import update

from shared.settings.settings import Settings
from shared.sql.clock import database_clock
from shared.sql.database import Database
from shared.sql.tables import webhook_deliveries
from tests.conditions import eventually
from tests.end_to_end.client import HEADERS
from tests.end_to_end.installation import Installation
from tests.fault.site import Site
from tests.webhook_receiver import OTHER_SECRET, SECRET, Receiver, Reply, running_receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


@pytest.fixture
def changes(receiver: Receiver) -> Mapping[str, Any]:
    return {
        "webhook_secrets": SecretStr(f"{OTHER_SECRET},{SECRET}"),
        "outgoing_ports": str(receiver.port),
        "outgoing_allowed_networks": "127.0.0.1/32",
    }


def submit(installation: Installation, photo: bytes, receiver: Receiver) -> str:
    answer = httpx.post(
        f"{installation.url}/v1/jobs",
        headers=HEADERS,
        data={"callback_url": receiver.url, "reference": "SKU-1"},
        files={"image": photo},
        timeout=60,
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["task_id"])


def test_the_end_of_a_job_comes_signed_and_as_get_tells_it(
    installation: Installation, photo: bytes, receiver: Receiver
) -> None:
    installation.start_worker()

    task_id = submit(installation, photo, receiver)
    eventually(lambda: receiver.heard)

    event = receiver.heard[0].verified()
    shown = httpx.get(f"{installation.url}/v1/jobs/{task_id}", headers=HEADERS).json()
    assert event["type"] == "job.succeeded"
    assert (event["data"]["task_id"], event["data"]["reference"]) == (task_id, "SKU-1")
    assert event["data"].keys() == shown.keys()
    assert event["data"]["data"]["report"] == shown["data"]["report"]
    picture = httpx.get(event["data"]["data"]["outputs"]["cutout"]["image_url"])
    assert picture.headers["content-type"] == "image/png"


def test_a_photo_that_cannot_be_cut_out_is_told_as_a_failure(
    installation: Installation, photo: bytes, receiver: Receiver
) -> None:
    installation.start_worker()

    submit(installation, photo[: len(photo) // 2], receiver)
    eventually(lambda: receiver.heard)

    event = receiver.heard[0].verified()
    assert event["type"] == "job.failed"
    assert event["data"]["error_detail"]["code"] == "FILE_DECODING_FAILURE"


def test_a_sender_that_is_killed_before_the_answer_leaves_its_delivery_to_the_next(
    installation: Site, photo: bytes, receiver: Receiver, settings: Settings
) -> None:
    answer = threading.Event()
    receiver.reply = lambda _: Reply(204 if answer.wait(60) else 500)
    installation.start_worker()

    task_id = submit(installation, photo, receiver)
    eventually(lambda: receiver.heard)
    installation.kill_sweeper()
    answer.set()
    end_leases(settings)
    installation.start_sweeper()
    eventually(lambda: len(receiver.heard) == 2)

    first, second = receiver.heard
    assert first.webhook_id == second.webhook_id
    assert second.verified()["data"]["task_id"] == task_id


def end_leases(settings: Settings) -> None:
    database = Database(settings.database_url)
    with database.writing() as connection:
        now = database_clock(connection)
        connection.execute(update(webhook_deliveries).values(not_before=now))
    database.close()

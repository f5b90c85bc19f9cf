"""`cutwork-admin webhooks test`, against a real receiver."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.admin import admin
from shared.sql.database import Database
from shared.sql.schema import migrate
from tests.webhook_receiver import SECRET, Receiver, Reply, running_receiver


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Receiver]:
    with running_receiver() as receiver:
        url = f"sqlite:///{tmp_path}/cutwork.sqlite3"
        migrate(Database(url))
        monkeypatch.setenv("CUTWORK_DATABASE_URL", url)
        monkeypatch.setenv("CUTWORK_WEBHOOK_SECRETS", SECRET)
        monkeypatch.setenv("CUTWORK_OUTGOING_PORTS", str(receiver.port))
        monkeypatch.setenv("CUTWORK_OUTGOING_ALLOWED_NETWORKS", "127.0.0.1/32")
        yield receiver


def send_test(url: str) -> Result:
    return CliRunner().invoke(admin, ["webhooks", "test", url])


def test_a_receiver_gets_a_signed_event(receiver: Receiver) -> None:
    result = send_test(receiver.url)

    assert result.exit_code == 0, result.output
    assert receiver.heard[0].verified()["type"] == "webhook.test"
    [line] = CliRunner().invoke(admin, ["audit"]).stdout.splitlines()
    assert "webhook.test" in line
    assert "127.0.0.1" in line


def test_what_would_be_tried_again_is_a_failure(receiver: Receiver) -> None:
    receiver.reply = lambda _: Reply(401)

    result = send_test(receiver.url)

    assert result.exit_code == 1
    assert "401" in result.output


def test_it_goes_where_webhooks_go_and_nowhere_else(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUTWORK_OUTGOING_ALLOWED_NETWORKS")

    assert "not public" in str(send_test(receiver.url).exception)
    assert receiver.heard == []


def test_without_a_secret_it_says_what_is_missing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUTWORK_WEBHOOK_SECRETS")

    assert "CUTWORK_WEBHOOK_SECRETS" in str(send_test(receiver.url).exception)

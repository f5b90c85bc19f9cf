"""When a key was used last: known to the minute, and no request waits for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from api.admission.last_uses import LastUses
from shared.errors import DatabaseUnavailable
from shared.sql.database import Database
from shared.tenants.key_store import KeyStore
from tests.api.conftest import FrontEnd
from tests.conditions import eventually


def last_use(key_store: KeyStore) -> datetime | None:
    [key] = key_store.list_all()
    return key.last_used_at


def test_a_request_writes_nothing_and_the_next_round_writes_it(front_end: FrontEnd) -> None:
    before = datetime.now(UTC)
    front_end.submit()
    assert last_use(front_end.services.key_store) is None

    front_end.services.last_uses.write()

    used_at = last_use(front_end.services.key_store)
    assert used_at is not None
    assert before <= used_at <= datetime.now(UTC)


def test_a_request_that_is_refused_for_its_scope_is_a_use_and_one_with_a_wrong_key_is_none(
    front_end: FrontEnd,
) -> None:
    uses = front_end.services.last_uses
    key = front_end.headers["ailabapi-api-key"]
    front_end.headers = {"ailabapi-api-key": f"{key[:-1]}!"}
    front_end.client().get("/v1/jobs", headers=front_end.headers)
    uses.write()
    assert last_use(front_end.services.key_store) is None

    front_end.client().get("/v1/keys", headers={"ailabapi-api-key": key})
    uses.write()

    assert last_use(front_end.services.key_store) is not None


def test_what_cannot_be_written_is_written_later(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    uses, store = front_end.services.last_uses, front_end.services.key_store
    [key] = store.list_all()
    uses.note(key.id)

    def fail(_: Database) -> None:
        raise DatabaseUnavailable("gone")

    with monkeypatch.context() as patch:
        patch.setattr(store, "note_uses", fail)
        uses.write()
    uses.write()

    assert last_use(store) is not None


def test_it_is_written_again_and_again_by_itself(front_end: FrontEnd) -> None:
    store = front_end.services.key_store
    [key] = store.list_all()
    uses = LastUses(store, seconds=0.01)
    uses.start()

    uses.note(key.id)

    eventually(lambda: last_use(store) is not None)
    uses.stop()


def test_two_processes_write_one_use_a_minute(front_end: FrontEnd) -> None:
    store, now = front_end.services.key_store, datetime.now(UTC)
    [key] = store.list_all()
    store.note_uses({key.id: now})

    store.note_uses({key.id: now + timedelta(seconds=59)})
    assert last_use(store) == now
    store.note_uses({key.id: now - timedelta(minutes=5), "0" * 12: now})
    assert last_use(store) == now
    store.note_uses({key.id: now + timedelta(seconds=60)})

    assert last_use(store) == now + timedelta(seconds=60)

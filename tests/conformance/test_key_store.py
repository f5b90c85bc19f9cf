"""API keys, on every database."""

from __future__ import annotations

import hmac
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from shared.sql.database import Database
from shared.tenants.api_key import Scope, Terms, UnusableKey, UnusableTenant
from shared.tenants.audit import Action, AuditLog
from shared.tenants.key_store import KeyStore
from tests.clock import HandClock
from tests.keys import tenant_of

OWN = f"cw_0123456789ab_{'s' * 43}"


def test_a_key_tells_its_tenant(key_store: KeyStore) -> None:
    _, secret = key_store.create("shop")

    assert tenant_of(key_store, secret) == "shop"


def test_a_key_is_what_it_was_made_with(key_store: KeyStore) -> None:
    terms = Terms(
        name="nightly import",
        scopes=frozenset({Scope.READ, Scope.ADMIN}),
        rate_per_minute=60,
        max_queued=1000,
    )

    key, secret = key_store.create("shop", terms)

    caller = key_store.find_caller(secret)
    assert caller is not None
    assert key_store.list_all() == [key]
    assert (key.name, key.id, key.tenant) == (terms.name, caller.key_id, caller.tenant)
    for found in (key, caller):
        assert found.scopes == terms.scopes
        assert (found.rate_per_minute, found.max_queued) == (60, 1000)
    assert key_store.own_queue_limit(key.id) == 1000


def test_a_key_without_a_limit_of_its_own_or_none_has_none(key_store: KeyStore) -> None:
    key, _ = key_store.create("shop")

    for key_id in (key.id, "0" * 12, "", None):
        assert key_store.own_queue_limit(key_id) is None


def test_keys_of_the_release_before_send_and_read(key_store: KeyStore, database: Database) -> None:
    _, secret = key_store.create("shop", Terms(scopes=frozenset()))
    with database.writing() as connection:
        columns = "id, tenant, sha256, created_at"
        connection.execute(text("CREATE TABLE before AS SELECT " + columns + " FROM api_keys"))
        connection.execute(text("DELETE FROM api_keys"))
        connection.execute(text(f"INSERT INTO api_keys ({columns}) SELECT {columns} FROM before"))
        connection.execute(text("DROP TABLE before"))

    caller = key_store.find_caller(secret)

    assert caller is not None
    assert caller.scopes == {Scope.SUBMIT, Scope.READ}


@pytest.mark.parametrize("key_id", ["", "\0", "0123456789ab\0", "\ud800", "é" * 12, "x" * 9999])
def test_what_cannot_be_an_id_is_nobodys_key(key_store: KeyStore, key_id: str) -> None:
    assert key_store.find("shop", key_id) is None


def test_a_key_is_stored_as_a_hash_only(key_store: KeyStore, database: Database) -> None:
    _, secret = key_store.create("shop")

    with database.reading() as connection:
        rows = connection.execute(text("SELECT * FROM api_keys")).all()

    assert secret.split("_", 2)[2] not in str(rows)


def test_a_wrong_secret_under_a_known_id_is_nobodys(key_store: KeyStore) -> None:
    key, secret = key_store.create("shop")

    for wrong in ("", "cw", f"cw_{key.id}", f"cw_{key.id}_", f"{secret}x", secret[:-1], "x" * 9999):
        assert tenant_of(key_store, wrong) is None


@pytest.mark.parametrize(
    "kind", ["right", "wrong secret", "unknown id", "revoked", "expired", "none of ours", "empty"]
)
def test_every_key_costs_one_question_one_hash_and_one_comparison_in_constant_time(
    key_store: KeyStore, database: Database, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """So that the time of an answer does not tell which ids there are, or how much of a secret is right."""
    _, right = key_store.create("shop")
    revoked_key, revoked = key_store.create("shop")
    key_store.revoke(revoked_key.id)
    _, expired = key_store.create("shop", Terms(valid_for=timedelta(seconds=-1)))
    sent = {
        "right": right,
        "wrong secret": f"{right}x",
        "unknown id": "cw_000000000000_secret",
        "revoked": revoked,
        "expired": expired,
        "none of ours": "x",
        "empty": "",
    }[kind]
    compared: list[tuple[int, int]] = []
    asked: list[str] = []
    real = hmac.compare_digest

    def compare(stored: str, sent_sha256: str) -> bool:
        compared.append((len(stored), len(sent_sha256)))
        return real(stored, sent_sha256)

    def note(*arguments: Any) -> None:
        asked.append(arguments[2])

    monkeypatch.setattr("shared.tenants.key_store.hmac.compare_digest", compare)
    event.listen(database.engine, "before_cursor_execute", note)

    assert (tenant_of(key_store, sent) == "shop") == (kind == "right")

    assert compared == [(64, 64)]
    assert len([statement for statement in asked if "api_keys" in statement]) == 1


def test_a_revoked_key_ends_at_once_and_only_once(key_store: KeyStore) -> None:
    key, secret = key_store.create("shop")
    _, other = key_store.create("shop")

    assert key_store.revoke(key.id)

    assert tenant_of(key_store, secret) is None
    assert tenant_of(key_store, other) == "shop"
    assert not key_store.revoke(key.id)


def test_a_key_ends_when_it_was_said_to(key_store: KeyStore, clock: HandClock) -> None:
    _, secret = key_store.create("shop", Terms(valid_for=timedelta(days=1)))
    clock.advance(hours=23)
    assert tenant_of(key_store, secret) == "shop"
    clock.advance(hours=1)

    assert tenant_of(key_store, secret) is None


def test_of_many_that_rotate_a_key_at_once_each_gets_one_and_all_are_written_down(
    key_store: KeyStore, audit: AuditLog
) -> None:
    key, secret = key_store.create("shop", Terms(scopes=frozenset({Scope.READ})))

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: key_store.rotate(key.id, timedelta(hours=1)), range(8)))

    texts = {new[1] for new in made if new is not None}
    assert len(texts) == 8
    for text_of_one in (secret, *texts):
        caller = key_store.find_caller(text_of_one)
        assert caller is not None
        assert caller.scopes == {Scope.READ}
    lines = [it.action for it in audit.list_entries("shop", 100)]
    assert sorted(lines) == [Action.KEY_CREATE] + [Action.KEY_ROTATE] * 8


def test_what_is_not_done_is_not_written_down(key_store: KeyStore, audit: AuditLog) -> None:
    key, _ = key_store.create("shop")
    assert key_store.revoke(key.id)
    before = audit.list_entries(None, 100)

    assert not key_store.revoke(key.id)
    assert not key_store.revoke("0" * 12)
    assert not key_store.rotate(key.id, timedelta(0))

    assert audit.list_entries(None, 100) == before


def test_lines_are_forgotten_when_their_time_is_over(
    key_store: KeyStore, audit: AuditLog, clock: HandClock
) -> None:
    key_store.create("shop")
    clock.advance(days=2)
    key_store.create("shop")

    assert audit.prune(timedelta(days=3)) == 0
    assert audit.prune(timedelta(days=1)) == 1

    assert len(audit.list_entries(None, 100)) == 1


def test_of_several_that_make_the_first_key_at_once_one_makes_it(
    key_store: KeyStore, audit: AuditLog
) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = [it for it in pool.map(key_store.create_first, ["shop"] * 8) if it is not None]

    [(key, secret)] = made
    assert key_store.list_all() == [key]
    assert tenant_of(key_store, secret) == "shop"
    assert [line.action for line in audit.list_entries("shop", 10)] == [Action.KEY_CREATE]


def test_a_first_key_is_made_where_none_ever_was(key_store: KeyStore) -> None:
    key, _ = key_store.create("shop")
    key_store.revoke(key.id)

    assert key_store.create_first("rival") is None


def test_a_store_with_a_revoked_key_is_not_empty(key_store: KeyStore) -> None:
    assert key_store.is_empty()
    key, _ = key_store.create("shop")
    key_store.revoke(key.id)

    assert not key_store.is_empty()
    assert [listed.id for listed in key_store.list_all()] == [key.id]


def test_a_key_that_the_operator_made_is_its_tenants_once_it_was_taken(key_store: KeyStore) -> None:
    taken = key_store.take("shop", OWN)

    assert (taken.id, taken.tenant) == ("0123456789ab", "shop")
    assert tenant_of(key_store, OWN) == "shop"
    assert key_store.take("shop", OWN) == taken


def test_a_key_that_several_take_at_once_is_one_key(key_store: KeyStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: key_store.take("shop", OWN), range(8)))

    assert taken == key_store.list_all() * 8


def test_a_revoked_key_does_not_come_back_when_it_is_taken_again(key_store: KeyStore) -> None:
    key = key_store.take("shop", OWN)
    key_store.revoke(key.id)

    assert key_store.take("shop", OWN).revoked_at is not None
    assert tenant_of(key_store, OWN) is None


@pytest.mark.parametrize(("tenant", "text"), [("other", OWN), ("shop", f"{OWN[:-1]}t")])
def test_a_key_whose_id_another_one_has_is_refused(
    key_store: KeyStore, tenant: str, text: str
) -> None:
    key_store.take("shop", OWN)

    with pytest.raises(UnusableKey, match="0123456789ab"):
        key_store.take(tenant, text)

    assert tenant_of(key_store, OWN) == "shop"
    assert tenant_of(key_store, text) in {None, "shop"}


@pytest.mark.parametrize(
    "text",
    ["", "secret", OWN[:-1], f"{OWN} ", OWN.upper(), OWN.replace("s", "ß"), f"{OWN}{'s' * 200}"],
)
def test_a_key_of_another_form_is_refused_and_not_said(key_store: KeyStore, text: str) -> None:
    with pytest.raises(UnusableKey, match="cw_") as refused:
        key_store.take("shop", text)

    assert "sss" not in str(refused.value)
    assert key_store.is_empty()


@pytest.mark.parametrize(
    "name", ["x", "x" * 64, "boutique 12", "Größe & Co.", "服装店", "👗" * 64, "a.b-c_d@e:f/g"]
)
def test_a_tenant_may_have_any_name_that_can_be_read(key_store: KeyStore, name: str) -> None:
    key, secret = key_store.create(name)

    assert key.tenant == tenant_of(key_store, secret) == name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "1 to 64 characters"),
        ("x" * 65, "has 65"),
        (" ", "spaces around"),
        (" shop", "spaces around"),
        ("shop\u00a0", "invisible"),
        ("sh\nop", "invisible"),
        ("sh\x1b[2Jop", "invisible"),
        ("sh\x00op", "invisible"),
        ("shop\u200b", "invisible"),
        ("\u202epohs", "invisible"),
        (b"sh\xffop".decode(errors="surrogateescape"), "invisible"),
        ("cafe\u0301", "NFC"),
    ],
)
def test_a_name_that_is_not_what_it_looks_like_is_refused(
    key_store: KeyStore, name: str, why: str
) -> None:
    with pytest.raises(UnusableTenant, match=why) as refused:
        key_store.create(name)

    assert str(refused.value).isprintable()
    assert key_store.is_empty()

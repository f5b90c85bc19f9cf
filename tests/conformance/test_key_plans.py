"""Each statement on keys and on the audit log looks at the rows that it needs, whatever is believed of the tables."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.local.servers.postgres import Postgres
from shared.job import Bookmark
from shared.sql.database import Database
from shared.sql.schema import migrate
from shared.tenants.audit import AuditLog
from shared.tenants.key_store import KeyMark, KeyStore
from tests.conformance.plans import (
    STATISTICS,
    Explainer,
    assert_by_index,
    crowded,
    indexes_of,
    steps_on_sqlite,
)

BY_ID, BY_AGE = "api_keys_pkey", "api_keys_by_age"
#: 5000 keys and 5000 lines, half of them one tenant's.
_CROWD = (
    """
    INSERT INTO api_keys (id, tenant, sha256, created_at)
    SELECT to_char(n, 'fm000000000000'), CASE WHEN n % 2 = 0 THEN 'shop' ELSE 'tenant ' || n END, md5(n::text),
           now() - n * interval '1 minute'
    FROM generate_series(1, 5000) n
    """,
    """
    INSERT INTO audit_log
        (id, created_at, tenant, actor, action, subject, address, request_id, details)
    SELECT gen_random_uuid(), now() - n * interval '1 day', CASE WHEN n % 2 = 0 THEN 'shop' ELSE 'tenant ' || n END,
           'operator', 'key.create', '', '', '', '{}'::json
    FROM generate_series(1, 5000) n
    """,
)

AGO = datetime.now(UTC) - timedelta(days=1000)
Ask = Callable[[Database, str, str], object]
OF_KEYS: dict[str, tuple[Ask, set[str]]] = {
    "find_caller": (lambda it, _, key: KeyStore(it).find_caller(key), {BY_ID}),
    "find_caller, of no key": (lambda it, *_: KeyStore(it).find_caller("x"), {BY_ID}),
    "signing_secrets": (lambda it, key_id, _: KeyStore(it).signing_secrets(key_id), {BY_ID}),
    "own_queue_limit": (lambda it, key_id, _: KeyStore(it).own_queue_limit(key_id), {BY_ID}),
    "find": (lambda it, key_id, _: KeyStore(it).find("shop", key_id), {BY_ID}),
    "list_keys": (lambda it, *_: KeyStore(it).list_keys("shop", 20), {BY_AGE}),
    "list_keys, further": (
        lambda it, *_: KeyStore(it).list_keys("shop", 20, KeyMark(AGO, "0" * 12)),
        {BY_AGE},
    ),
    "rotate": (lambda it, key_id, _: KeyStore(it).rotate(key_id, timedelta(1)), {BY_ID}),
    "revoke": (lambda it, key_id, _: KeyStore(it).revoke(key_id, tenant="shop"), {BY_ID}),
    "note_uses": (
        lambda it, key_id, _: KeyStore(it).note_uses({key_id: datetime.now(UTC)}),
        {BY_ID},
    ),
}
OF_LINES: dict[str, tuple[Ask, set[str]]] = {
    "a tenant's": (lambda it, *_: AuditLog(it).list_entries("shop", 20), {"audit_log_by_tenant"}),
    "a tenant's, further": (
        lambda it, *_: AuditLog(it).list_entries("shop", 20, Bookmark(AGO, uuid.uuid4())),
        {"audit_log_by_tenant"},
    ),
    "all": (lambda it, *_: AuditLog(it).list_entries(None, 20), {"audit_log_by_age"}),
    "all, further": (
        lambda it, *_: AuditLog(it).list_entries(None, 20, Bookmark(AGO, uuid.uuid4())),
        {"audit_log_by_age"},
    ),
    "old": (
        lambda it, *_: AuditLog(it).prune(timedelta(days=4980)),
        {"audit_log_by_age", "audit_log_pkey"},
    ),
}
CASES = {
    **{f"api_keys: {name}": ("api_keys", *case) for name, case in OF_KEYS.items()},
    **{f"audit_log: {name}": ("audit_log", *case) for name, case in OF_LINES.items()},
}


@pytest.fixture(scope="module", params=STATISTICS)
def database(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[Database]:
    """A database with many keys and lines, and with statistics that may not know of them."""
    with crowded(postgres, request.param, ["api_keys", "audit_log"], _CROWD) as database:
        yield database


@pytest.mark.parametrize("name", CASES)
def test_each_statement_on_keys_looks_at_no_more_rows_than_it_needs(
    database: Database, name: str
) -> None:
    table, ask, indexes = CASES[name]
    key, secret = KeyStore(database).create("shop")
    watched = Database(database.url.render_as_string(hide_password=False))
    explainer = Explainer(watched, table)

    try:
        ask(watched, key.id, secret)
    finally:
        watched.close()

    assert indexes_of(explainer) == indexes


@pytest.mark.parametrize("name", CASES)
def test_sqlite_looks_into_the_indexes_of_keys_too(name: str, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/jobs.sqlite3")
    migrate(database)
    key, secret = KeyStore(database).create("shop")
    table, ask, _ = CASES[name]
    steps = steps_on_sqlite(database, table)
    ask(database, key.id, secret)

    assert_by_index(steps, table)
    database.close()

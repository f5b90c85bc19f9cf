"""API keys: made once, here or by the operator, and stored as SHA-256. What is done to them is written down."""

from __future__ import annotations

import hmac
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from shared.sql.clock import Clock, database_clock
from shared.sql.database import Database
from shared.sql.paging import behind
from shared.sql.planning import hidden
from shared.sql.tables import api_keys
from shared.tenants.api_key import (
    ApiKey,
    Caller,
    Terms,
    UnusableKey,
    check_tenant,
    write_scopes,
)
from shared.tenants.audit import OPERATOR, Action, Actor, note
from shared.tenants.key_rows import new_key_row, to_caller, to_key
from shared.tenants.key_text import check_text, id_of, is_id, new_text, sha256_of
from shared.wire.webhook_secrets import new_secrets, read_secrets

#: Compared with when the id is unknown, so that this takes as long as a wrong secret.
_NO_SHA256 = "0" * 64
_USUAL = Terms()
#: How exactly it is kept when a key was used last.
_COARSE = timedelta(minutes=1)
#: How many secrets of a key sign at once: while receivers change from one to the next.
_SECRETS = 2
_TIME = api_keys.c.created_at.type
#: An advisory lock of PostgreSQL: any number that is ours alone.
_FIRST_KEY_LOCK = int.from_bytes(b"cutkey1")


class KeyMark(NamedTuple):
    """Where a list of keys, newest first, goes on: behind this one."""

    created_at: datetime
    key_id: str


class KeyStore:
    """The table of keys; every method raises `DatabaseUnavailable` when it cannot be reached."""

    def __init__(self, database: Database, clock: Clock = database_clock) -> None:
        """Use a database whose schema is migrated."""
        self._database = database
        self._clock = clock

    def create(
        self, tenant: str, terms: Terms = _USUAL, by: Actor = OPERATOR
    ) -> tuple[ApiKey, str]:
        """Make a key, and return it with its text, which is not stored.

        Raises:
            UnusableTenant: No tenant can have this name.
        """
        check_tenant(tenant)
        with self._database.writing() as connection:
            return self._create(connection, tenant, terms, by)

    def create_first(self, tenant: str, by: Actor = OPERATOR) -> tuple[ApiKey, str] | None:
        """Make a key if none was ever made; of several processes that do so at once, one does.

        Raises:
            UnusableTenant: No tenant can have this name.
        """
        check_tenant(tenant)
        with self._database.writing() as connection:
            _wait_for_others(connection)
            return self._create(connection, tenant, _USUAL, by) if _is_empty(connection) else None

    def take(self, tenant: str, text: str, by: Actor = OPERATOR) -> ApiKey:
        """Store a key of a tenant that was made elsewhere, unless it is there; one that was revoked stays revoked.

        Raises:
            UnusableTenant: No tenant can have this name.
            UnusableKey: It has not the form of those made here, or its id is that of another one.
        """
        key_id = id_of(check_text(text))
        whole = and_(_one(key_id, check_tenant(tenant)), api_keys.c.sha256 == sha256_of(text))
        if self._find(whole) is None:
            # Another process may be doing the same.
            with suppress(IntegrityError), self._database.writing() as connection:
                return self._store(connection, tenant, text, _USUAL, by)
        found = self._find(whole)
        if found is None:
            raise UnusableKey(f"the id {key_id} is that of another key, or another tenant's")
        return found

    def find_caller(self, text: str) -> Caller | None:
        """Tell whose key this is, and what it may do; None if it is unknown, revoked or expired."""

        def question(connection: Connection) -> Select[Any]:
            alive = and_(api_keys.c.id == id_of(text), _is_live(self._clock.column(connection)))
            # One row, of NULLs if there is no such key: reading none would be quicker.
            one = select(literal(1).label("one")).subquery()
            return select(api_keys).select_from(one.outerjoin(api_keys, alive))

        [row] = self._database.fetch(question)
        matches = hmac.compare_digest(row["sha256"] or _NO_SHA256, sha256_of(text))
        return to_caller(row) if matches else None

    def is_empty(self) -> bool:
        """Whether no key was ever made; revoked and expired ones count."""
        with self._database.reading() as connection:
            return _is_empty(connection)

    def list_all(self) -> list[ApiKey]:
        """List all keys, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(api_keys).order_by(api_keys.c.created_at))
            return [to_key(row) for row in rows.mappings()]

    def list_keys(self, tenant: str, limit: int, after: KeyMark | None = None) -> list[ApiKey]:
        """List a tenant's keys, newest first, those that have ended too."""
        place = (api_keys.c.created_at, api_keys.c.id)
        found = select(api_keys).where(api_keys.c.tenant == tenant)
        if after is not None:
            found = found.where(behind(place, after))
        found = found.order_by(*(column.desc() for column in place)).limit(limit)
        with self._database.reading() as connection:
            return [to_key(row) for row in connection.execute(found).mappings()]

    def find(self, tenant: str, key_id: str) -> ApiKey | None:
        """Read a tenant's key; None if it is unknown or somebody else's."""
        return self._find(_one(key_id, tenant)) if is_id(key_id) else None

    def revoke(self, key_id: str, by: Actor = OPERATOR, tenant: str | None = None) -> ApiKey | None:
        """End a key now; None if there is none, it was revoked before, or it is not this tenant's."""
        with self._database.writing() as connection:
            now = self._clock(connection)
            guard = and_(_one(key_id, tenant), api_keys.c.revoked_at.is_(None))
            row = _change(connection, guard, revoked_at=now)
            if row is None:
                return None
            note(connection, now, by, Action.KEY_REVOKE, tenant=row["tenant"], subject=key_id)
            return to_key(row)

    def rotate(
        self, key_id: str, overlap: timedelta, by: Actor = OPERATOR, tenant: str | None = None
    ) -> tuple[ApiKey, str] | None:
        """Make another key like a live one, which ends when the overlap is over; None if there is none.

        It lives as long as the one before was to live.
        """
        with self._database.writing() as connection:
            now = self._clock(connection)
            live = select(api_keys).where(_one(key_id, tenant), _is_live(literal(now, _TIME)))
            row = connection.execute(live.with_for_update()).mappings().one_or_none()
            if row is None:
                return None
            old, text = to_key(row), new_text()
            ends_at = now + overlap
            # What comes with either key is signed by both secrets, so that receivers can change theirs at any time.
            signing = (*new_secrets(old.callback_url), *old.webhook_secrets)[:_SECRETS]
            changes: dict[str, Any] = {"webhook_secrets": " ".join(signing) or None}
            if old.expires_at is None or ends_at < old.expires_at:
                changes["expires_at"] = ends_at
            _change(connection, _one(key_id, tenant), **changes)
            new = self._insert(connection, now, old.tenant, text, _terms_of(old), signing)
            note(
                connection,
                now,
                by,
                Action.KEY_ROTATE,
                tenant=old.tenant,
                subject=key_id,
                new=new.id,
            )
            return new, text

    def note_uses(self, uses: dict[str, datetime]) -> None:
        """Keep when keys were used last, to the minute.

        Args:
            uses: The id of a key → when.
        """
        with self._database.writing() as connection:
            for key_id, used_at in sorted(uses.items()):
                last = api_keys.c.last_used_at
                is_news = or_(last.is_(None), last <= used_at - _COARSE)
                _change(connection, and_(_one(key_id), is_news), last_used_at=used_at)

    def signing_secrets(self, key_id: str | None) -> tuple[bytes, ...]:
        """Read what signs the webhooks of the jobs that came with a key; nothing: the service's do."""
        found = self._read(key_id, api_keys.c.webhook_secrets)
        return read_secrets((found or "").replace(" ", ","))

    def own_queue_limit(self, key_id: str | None) -> int | None:
        """Read how many jobs that came with a key may wait; None: it has no limit of its own."""
        limit: int | None = self._read(key_id, api_keys.c.max_queued)
        return limit

    def _read(self, key_id: str | None, column: ColumnElement[Any]) -> Any:
        """Read one thing of a key, ended or not; None of no key."""
        if not key_id:
            return None
        with self._database.reading() as connection:
            return connection.execute(select(column).where(_one(key_id))).scalar()

    def _create(
        self, connection: Connection, tenant: str, terms: Terms, by: Actor
    ) -> tuple[ApiKey, str]:
        text = new_text()
        return self._store(connection, tenant, text, terms, by), text

    def _store(
        self, connection: Connection, tenant: str, text: str, terms: Terms, by: Actor
    ) -> ApiKey:
        now = self._clock(connection)
        signing = new_secrets(terms.callback_url)
        key = self._insert(connection, now, tenant, text, terms, signing)
        details = {
            "name": key.name,
            "scopes": write_scopes(key.scopes),
            "rate_per_minute": key.rate_per_minute,
            "max_queued": key.max_queued,
            "expires_at": None if key.expires_at is None else key.expires_at.isoformat(),
        }
        note(connection, now, by, Action.KEY_CREATE, tenant=tenant, subject=key.id, **details)
        return key

    @staticmethod
    def _insert(  # noqa: PLR0917 - a row
        connection: Connection,
        now: datetime,
        tenant: str,
        text: str,
        terms: Terms,
        signing: tuple[str, ...],
    ) -> ApiKey:
        values = new_key_row(tenant, text, terms, signing=signing, now=now)
        row = connection.execute(insert(api_keys).values(values).returning(api_keys))
        return to_key(row.mappings().one())

    def _find(self, which: ColumnElement[bool]) -> ApiKey | None:
        with self._database.reading() as connection:
            row = connection.execute(select(api_keys).where(which)).mappings().one_or_none()
        return None if row is None else to_key(row)


def _is_empty(connection: Connection) -> bool:
    return connection.execute(select(func.count()).select_from(api_keys)).scalar_one() == 0


def _wait_for_others(connection: Connection) -> None:
    """Let one after the other look whether there is a key; on SQLite every writer does that anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_FIRST_KEY_LOCK)))


def _one(key_id: str, tenant: str | None = None) -> ColumnElement[bool]:
    """Match one key; only if it is this tenant's, where one is named."""
    which = api_keys.c.id == key_id
    return which if tenant is None else and_(which, hidden(api_keys.c.tenant) == tenant)


def _is_live(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    ends = or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > now)
    return and_(api_keys.c.revoked_at.is_(None), ends)


def _change(
    connection: Connection, guard: ColumnElement[bool], **changes: Any
) -> RowMapping | None:
    """Change the one key that a guard matches; None if it matches none."""
    changed = update(api_keys).where(guard).values(changes).returning(api_keys)
    return connection.execute(changed).mappings().one_or_none()


def _terms_of(key: ApiKey) -> Terms:
    return Terms(
        name=key.name,
        scopes=key.scopes,
        valid_for=None if key.expires_at is None else key.expires_at - key.created_at,
        rate_per_minute=key.rate_per_minute,
        max_queued=key.max_queued,
        callback_url=key.callback_url,
    )

"""API keys: made once, here or by the operator, and stored as SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from shared.clock import Clock, database_clock
from shared.database import Database
from shared.errors import CutworkError
from shared.tables import api_keys

_PREFIX = "cw"
#: What a key looks like: its secret has 256 random bits, in base64 at the shortest.
_FORM = re.compile(rf"{_PREFIX}_[0-9a-f]{{12}}_[A-Za-z0-9_-]{{43,128}}")
#: Compared with when the id is unknown, so that this takes as long as a wrong secret.
_NO_SHA256 = "0" * 64
#: As long as the column.
_LONGEST_TENANT = 64


class UnusableTenant(CutworkError):
    """Raised for a name that no tenant can have."""


class UnusableKey(CutworkError):
    """Raised for a key that no tenant can have, or that another one has."""


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """What may be known of a key after it was made."""

    id: str
    tenant: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class KeyStore:
    """The table of keys; every method raises `DatabaseUnavailable` when it cannot be reached."""

    def __init__(self, database: Database, clock: Clock = database_clock) -> None:
        """Use a database whose schema is migrated."""
        self._database = database
        self._clock = clock

    def create(self, tenant: str, valid_for: timedelta | None = None) -> tuple[ApiKey, str]:
        """Make a key, and return it with its text `cw_<id>_<secret>`, which is not stored.

        Raises:
            UnusableTenant: The name is empty, too long, or not what it looks like in a log or a list.
        """
        _check_tenant(tenant)
        key_id = secrets.token_hex(6)
        text = f"{_PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"
        return self._store(key_id, tenant, text, valid_for), text

    def take(self, tenant: str, text: str) -> ApiKey:
        """Store a key of a tenant that was made elsewhere, unless it is there; one that was revoked stays revoked.

        Raises:
            UnusableTenant: No tenant can have this name.
            UnusableKey: It has not the form of those made here, or its id is that of another one.
        """
        _check_tenant(tenant)
        if not _FORM.fullmatch(text):
            raise UnusableKey(
                'a key is "cw_", 12 hexadecimal digits, "_" and a secret of 43 to 128 letters, digits, "-" or "_", '
                'as of: echo "cw_$(openssl rand -hex 6)_$(openssl rand -hex 32)"'
            )
        key_id = _id_of(text)
        if self._find(key_id) is None:
            # Another process may be doing the same.
            with suppress(IntegrityError):
                return self._store(key_id, tenant, text, None)
        row = self._find(key_id)
        if row is None or (row["tenant"], row["sha256"]) != (tenant, _sha256(text)):
            raise UnusableKey(f"the id {key_id} is that of another key, or another tenant's")
        return _api_key(row)

    def tenant_of(self, text: str) -> str | None:
        """Return whose key this is; None if it is unknown, revoked or expired."""
        with self._database.reading() as connection:
            now = self._clock.column(connection)
            alive = and_(
                api_keys.c.id == _id_of(text),
                api_keys.c.revoked_at.is_(None),
                or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > now),
            )
            # An aggregate is one row, of NULLs if there is no such key: reading none would be quicker.
            found = select(func.max(api_keys.c.tenant), func.max(api_keys.c.sha256)).where(alive)
            tenant, sha256 = connection.execute(found).one()
        matches = hmac.compare_digest(sha256 or _NO_SHA256, _sha256(text))
        return tenant if matches else None

    def is_empty(self) -> bool:
        """Whether no key was ever made; revoked and expired ones count."""
        with self._database.reading() as connection:
            return connection.execute(select(func.count()).select_from(api_keys)).scalar_one() == 0

    def list_all(self) -> list[ApiKey]:
        """List all keys, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(api_keys).order_by(api_keys.c.created_at))
            return [_api_key(row) for row in rows.mappings()]

    def revoke(self, key_id: str) -> bool:
        """End a key now; False if there is none, or it was revoked before."""
        with self._database.writing() as connection:
            guard = and_(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
            changes = {"revoked_at": self._clock(connection)}
            return connection.execute(update(api_keys).where(guard).values(changes)).rowcount == 1

    def _store(self, key_id: str, tenant: str, text: str, valid_for: timedelta | None) -> ApiKey:
        with self._database.writing() as connection:
            now = self._clock(connection)
            values = {
                "id": key_id,
                "tenant": tenant,
                "sha256": _sha256(text),
                "created_at": now,
                "expires_at": None if valid_for is None else now + valid_for,
            }
            row = connection.execute(insert(api_keys).values(values).returning(api_keys))
            return _api_key(row.mappings().one())

    def _find(self, key_id: str) -> RowMapping | None:
        with self._database.reading() as connection:
            found = select(api_keys).where(api_keys.c.id == key_id)
            return connection.execute(found).mappings().one_or_none()


def _check_tenant(tenant: str) -> None:
    if not 0 < len(tenant) <= _LONGEST_TENANT:
        raise UnusableTenant(
            f"a tenant's name has 1 to {_LONGEST_TENANT} characters; this one has {len(tenant)}"
        )
    # Also false for what is no text: bytes of a command line that are not UTF-8.
    if not tenant.isprintable() or tenant != tenant.strip():
        raise UnusableTenant(
            f"a tenant's name has no invisible characters, and no spaces around it: {tenant!a}"
        )
    if not unicodedata.is_normalized("NFC", tenant):
        raise UnusableTenant(
            f"write letters and their accents as one character (Unicode NFC) in a tenant's name: {tenant!a}"
        )


def _id_of(text: str) -> str:
    parts = text.split("_", 2)
    return parts[1] if len(parts) == 3 and parts[0] == _PREFIX else ""  # noqa: PLR2004


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _api_key(row: RowMapping) -> ApiKey:
    return ApiKey(
        id=row["id"],
        tenant=row["tenant"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )

"""The audit log: who did what to keys, webhooks and others' jobs, when, and from where. Lines are added and forgotten.

Each is written in the transaction that does the thing: there is none without the other. None holds a key or a secret.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select

from shared.job import Bookmark
from shared.sql.clock import Clock, database_clock
from shared.sql.database import Database
from shared.sql.forgetting import forget_some
from shared.sql.paging import behind
from shared.sql.tables import audit_log

_LONGEST_SUBJECT = 128


class Action(StrEnum):
    """What is written down."""

    KEY_CREATE = "key.create"
    KEY_ROTATE = "key.rotate"
    KEY_REVOKE = "key.revoke"
    WEBHOOK_REDELIVER = "webhook.redeliver"
    WEBHOOK_TEST = "webhook.test"
    JOBS_ERASE = "jobs.erase"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who does something, and from where."""

    #: The id of a key, or `operator`: whoever has the database's password, by `cutwork-admin`.
    name: str = "operator"
    #: Of the connection, which may be a proxy's; of an operator the user and the machine.
    address: str = ""
    request_id: str = ""


OPERATOR = Actor()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line."""

    id: uuid.UUID
    created_at: datetime
    #: Whose things it was done to; empty: nobody's in particular.
    tenant: str
    actor: str
    action: Action
    #: What it was done to: the id of a key or of a job, or the name of a host.
    subject: str
    address: str
    request_id: str
    details: Mapping[str, Any]


def note(
    connection: Connection,
    now: datetime,
    by: Actor,
    action: Action,
    *,
    tenant: str,
    subject: str,
    **details: Any,
) -> None:
    """Write down what is done in this transaction."""
    line = {
        "id": uuid.uuid4(),
        "created_at": now,
        "tenant": tenant,
        "actor": by.name,
        "action": action,
        "subject": subject[:_LONGEST_SUBJECT],
        "address": by.address,
        "request_id": by.request_id,
        "details": details,
    }
    connection.execute(insert(audit_log).values(line))


class AuditLog:
    """The log, for those who read it and for who forgets what is old."""

    def __init__(self, database: Database, clock: Clock = database_clock) -> None:
        """Use a database whose schema is migrated."""
        self._database = database
        self._clock = clock

    def note(
        self, by: Actor, action: Action, subject: str, *, tenant: str = "", **details: Any
    ) -> None:
        """Write down what is done elsewhere, or in many transactions, before it is done."""
        with self._database.writing() as connection:
            now = self._clock(connection)
            note(connection, now, by, action, tenant=tenant, subject=subject, **details)

    def list_entries(
        self, tenant: str | None, limit: int, after: Bookmark | None = None
    ) -> list[Entry]:
        """List lines, newest first; of one tenant, or all of them."""
        columns = [audit_log.c[field.name] for field in fields(Entry)]
        newest_first = (audit_log.c.created_at.desc(), audit_log.c.id.desc())
        lines = select(*columns).order_by(*newest_first).limit(limit)
        if tenant is not None:
            lines = lines.where(audit_log.c.tenant == tenant)
        if after is not None:
            lines = lines.where(behind((audit_log.c.created_at, audit_log.c.id), after))
        with self._database.reading() as connection:
            rows = connection.execute(lines).mappings()
            return [Entry(**{**row, "action": Action(row["action"])}) for row in rows]

    def prune(self, older_than: timedelta) -> int:
        """Forget some of the lines that are past their time; return how many."""
        key, age = audit_log.c.id, audit_log.c.created_at
        return forget_some(self._database, self._clock, key, age, older_than)

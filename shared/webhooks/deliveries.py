"""All SQL on deliveries.

    note_ends   (none)                    → pending, in the transaction that ends the job
    take        pending, due              → due again when the lease is over: whoever took it may have died
    deliver     pending                   → delivered
    postpone    pending, this very try    → due later, one more try failed
    give_up     pending, this very try    → failed
    switch_off  pending, to the same URL  → failed
    redeliver   any                       → pending, as if it were new
    forget      any                       → (none), with the job

Due ones are taken host by host, the first of each: ten thousand that wait for one that is dead are not looked at.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from shared.sql.clock import Clock, database_clock
from shared.sql.database import Database
from shared.sql.planning import hidden
from shared.sql.tables import webhook_deliveries as deliveries
from shared.tenants.audit import OPERATOR, Action, Actor, note
from shared.webhooks.delivery import EVENTS, Delivery, DeliveryState, Record

#: How long a webhook belongs to one sender: longer than a try takes. If it dies, another one goes on then.
LEASE = timedelta(minutes=1)
_MAX_HOST = 261
#: How many are switched off in one transaction.
_AT_ONCE = 1000


class Deliveries:
    """The deliveries, for senders and for those whom they are owed to."""

    def __init__(self, database: Database, clock: Clock = database_clock) -> None:
        """Use a database whose schema is migrated."""
        self._database = database
        self._clock = clock

    def take(self, limit: int, busy: Collection[str] = ()) -> list[Delivery]:
        """Take what is due, at most one for each host, those that have waited longest first.

        Args:
            limit: How many.
            busy: Hosts for which nothing is wanted now.
        """
        # Mostly there is nothing, and nobody waits for a lock.
        with self._database.reading() as connection:
            now = self._clock(connection)
            firsts = connection.execute(_first_of_each_host(now)).all()
            due = sorted(
                (since, job_id) for host, since, job_id in firsts if host not in busy and job_id
            )
        if not due:
            return []
        with self._database.writing() as connection:
            return _lease(
                connection, [job_id for _, job_id in due[:limit]], self._clock(connection)
            )

    def deliver(self, delivery: Delivery, status: int) -> None:
        """Note that it has arrived; whichever try it was that did."""
        self._end(_is_pending(delivery), DeliveryState.DELIVERED, delivery, status, "")

    def give_up(self, delivery: Delivery, status: int | None, reason: str) -> None:
        """End it: nothing more is tried."""
        self._end(_is_this_try(delivery), DeliveryState.FAILED, delivery, status, reason)

    def switch_off(self, delivery: Delivery, reason: str) -> int:
        """End some of a tenant's others that wait for the URL of one; return how many.

        Those that are left learn for themselves that it is gone, and end some more each.
        """
        same = and_(
            _pending(),
            deliveries.c.host == delivery.host,
            deliveries.c.url == delivery.url,
            deliveries.c.tenant == delivery.tenant,
        )
        some = select(deliveries.c.job_id).where(same).limit(_AT_ONCE)
        with self._database.writing() as connection:
            taken = list(connection.execute(some.with_for_update(skip_locked=True)).scalars())
            ended = {
                "state": DeliveryState.FAILED,
                "finished_at": self._clock(connection),
                "reason": reason,
            }
            connection.execute(
                update(deliveries).where(deliveries.c.job_id.in_(taken)).values(ended)
            )
            return len(taken)

    def postpone(
        self, delivery: Delivery, delay: timedelta, status: int | None, reason: str
    ) -> None:
        """Let it be tried again after a while."""
        with self._database.writing() as connection:
            changes = _tried(delivery, status, reason)
            changes["not_before"] = self._clock(connection) + delay
            connection.execute(update(deliveries).where(_is_this_try(delivery)).values(changes))

    def find(self, job_id: uuid.UUID) -> Record | None:
        """Read what became of a job's delivery; None if none is owed, or not yet."""
        columns = (deliveries.c[field.name] for field in fields(Record))
        which = deliveries.c.job_id == job_id
        with self._database.reading() as connection:
            row = connection.execute(select(*columns).where(which)).mappings().one_or_none()
        return None if row is None else Record(**{**row, "state": DeliveryState(row["state"])})

    def redeliver(self, job_id: uuid.UUID, by: Actor = OPERATOR) -> bool:
        """Send a job's delivery now, whatever became of it; False if there is none."""
        with self._database.writing() as connection:
            now = self._clock(connection)
            anew = {
                "state": DeliveryState.PENDING,
                "tries": 0,
                "not_before": now,
                "finished_at": None,
            }
            which = deliveries.c.job_id == job_id
            again = update(deliveries).where(which).values(anew).returning(deliveries.c.tenant)
            tenant = connection.execute(again).scalar()
            if tenant is None:
                return False
            note(connection, now, by, Action.WEBHOOK_REDELIVER, tenant=tenant, subject=str(job_id))
            return True

    def _end(
        self,
        guard: ColumnElement[bool],
        state: DeliveryState,
        delivery: Delivery,
        status: int | None,
        reason: str,
    ) -> None:
        with self._database.writing() as connection:
            ended = {"state": state, "finished_at": self._clock(connection)}
            changes = {**_tried(delivery, status, reason), **ended}
            connection.execute(update(deliveries).where(guard).values(changes))


def note_ends(connection: Connection, ended: Iterable[RowMapping]) -> None:
    """Owe a delivery for each of these jobs that has a `callback_url`, in the transaction in which they end."""
    rows = [_new_row(job) for job in ended if job["callback_url"]]
    if rows:
        connection.execute(insert(deliveries), rows)


def owe(
    connection: Connection,
    about: uuid.UUID,
    *,
    tenant: str,
    url: str | None,
    event: str,
    ended_at: datetime,
) -> None:
    """Owe a delivery about what is no job and has ended in this transaction, if it has a URL."""
    if url:
        ended = {"id": about, "tenant": tenant, "callback_url": url, "finished_at": ended_at}
        connection.execute(insert(deliveries), [_row(ended, event)])


def forget(connection: Connection, job_ids: Collection[uuid.UUID]) -> None:
    """Forget the deliveries of jobs that are forgotten."""
    connection.execute(delete(deliveries).where(deliveries.c.job_id.in_(job_ids)))


def _new_row(job: RowMapping) -> dict[str, Any]:
    return _row(job, EVENTS[job["status"]])


def _row(job: Mapping[str, Any] | RowMapping, event: str) -> dict[str, Any]:
    return {
        "job_id": job["id"],
        "tenant": job["tenant"],
        "url": job["callback_url"],
        "host": _host_of(job["callback_url"]),
        "event": event,
        "state": DeliveryState.PENDING,
        "tries": 0,
        "not_before": job["finished_at"],
        "created_at": job["finished_at"],
        "reason": "",
    }


def _first_of_each_host(now: datetime) -> Select[str, datetime, uuid.UUID]:
    """Step from host to host in the index, and look for the first delivery of each that is due."""
    first_host = select(deliveries.c.host).where(_pending()).order_by(deliveries.c.host).limit(1)
    hosts = select(first_host.scalar_subquery().label("host")).cte("hosts", recursive=True)
    next_host = first_host.where(deliveries.c.host > hosts.c.host).scalar_subquery()
    hosts = hosts.union_all(select(next_host).where(hosts.c.host.is_not(None)))
    own = and_(_pending(), deliveries.c.host == hosts.c.host, deliveries.c.not_before <= now)
    first, since = (
        select(column).where(own).order_by(deliveries.c.not_before).limit(1).scalar_subquery()
        for column in (deliveries.c.job_id, deliveries.c.not_before)
    )
    return select(hosts.c.host, since, first).where(hosts.c.host.is_not(None))


def _lease(connection: Connection, job_ids: list[uuid.UUID], now: datetime) -> list[Delivery]:
    due = and_(deliveries.c.job_id.in_(job_ids), _still_pending(), deliveries.c.not_before <= now)
    free = select(deliveries.c.job_id).where(due).with_for_update(skip_locked=True)
    taken = list(connection.execute(free).scalars())
    if not taken:
        return []
    rows = connection.execute(
        update(deliveries)
        .where(deliveries.c.job_id.in_(taken))
        .values(not_before=now + LEASE)
        .returning(deliveries)
    )
    found = {row["job_id"]: _to_delivery(row) for row in rows.mappings()}
    return [found[job_id] for job_id in job_ids if job_id in found]


def _to_delivery(row: RowMapping) -> Delivery:
    names = ("job_id", "tenant", "url", "host", "event", "tries")
    return Delivery(**{name: row[name] for name in names})


def _tried(delivery: Delivery, status: int | None, reason: str) -> dict[str, Any]:
    return {"tries": delivery.tries + 1, "status": status, "reason": reason}


def _is_pending(delivery: Delivery) -> ColumnElement[bool]:
    return and_(deliveries.c.job_id == delivery.job_id, _still_pending())


def _is_this_try(delivery: Delivery) -> ColumnElement[bool]:
    return and_(_is_pending(delivery), deliveries.c.tries == delivery.tries)


def _pending() -> ColumnElement[bool]:
    """Match what is pending; fits the partial index of just these."""
    state: BindParameter[str] = bindparam(
        None, DeliveryState.PENDING, type_=deliveries.c.state.type, literal_execute=True
    )
    is_pending: ColumnElement[bool] = deliveries.c.state == state
    return is_pending


def _still_pending() -> ColumnElement[bool]:
    """Match what is pending among rows that are looked up by their ids."""
    return hidden(deliveries.c.state) == DeliveryState.PENDING


def _host_of(url: str) -> str:
    """Read name and port, of a URL as `shared.outgoing` writes it."""
    return url.partition("://")[2].partition("/")[0][:_MAX_HOST]

"""Redis: whether it answers and forgets nothing of its own accord, and what workers and sweepers have left there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import redis

from deploy.doctor.finding import Finding, cause_of, doubtful, fine, unseen, wrong
from shared.errors import BrokerUnavailable
from shared.messaging.broker import Broker, Duty, connect, duties_of, patience_of
from shared.operations.fleet import Fleet, Seen
from shared.settings.settings import Settings, variable

_POLICY = "noeviction"
_WHAT_SWEEPERS_DO = {
    Duty.SWEEP: "rescues jobs",
    Duty.RETENTION: "deletes what is past its day",
    Duty.BATCHES: "moves batches on",
    Duty.WEBHOOKS: "sends webhooks",
}


def look_at_broker(settings: Settings) -> Iterator[Finding]:
    """Look at it."""
    broker = Broker(settings)
    try:
        broker.ping()
    except BrokerUnavailable as error:
        cure = f"start it, or mend {variable('redis_url')}; uploads are taken meanwhile"
        yield wrong("redis", cause_of(error), cure)
        return
    yield fine("redis", "it answers")
    with connect(settings) as client:
        yield _memory(client)
    for duty in duties_of(settings):
        yield _duty(broker, duty, patience_of(settings))
    yield _workers(Fleet(settings).look())


def _memory(client: redis.Redis) -> Finding:
    subject = "redis memory"
    try:
        policy = client.info("memory").get("maxmemory_policy")
        is_kept = bool(client.info("persistence").get("aof_enabled"))
    except redis.RedisError:
        seen = "its user may not be told what it does when it is full (INFO), which is well"
        return unseen(subject, seen, f"see that its configuration has `maxmemory-policy {_POLICY}`")
    if policy != _POLICY:
        seen = f"it throws messages away when it is full (maxmemory-policy {policy})"
        return wrong(subject, seen, f"set `maxmemory-policy {_POLICY}`")
    restart = "it keeps them" if is_kept else "sweepers send them again"
    return fine(subject, f"it throws no messages away when it is full; after a restart {restart}")


def _workers(fleet: Sequence[Seen]) -> Finding:
    subject, alive = "workers", [it.worker for it in fleet if not it.is_silent]
    if not alive:
        cure = "start `python -m worker`; if one runs, read its last lines, and compare the Redis that it names"
        return wrong(subject, "none gives a sign of life", cure)
    busy, hands = (sum(getattr(it, name) for it in alive) for name in ("busy", "hands"))
    seen = f"{len(alive)} alive, with {busy} jobs at work and room for {hands}"
    if silent := len(fleet) - len(alive):
        cure = "read the last lines of those that ended: their jobs are taken up by others"
        return doubtful(subject, f"{seen}; {silent} more ended without a word, or hang", cure)
    return fine(subject, seen)


def _duty(broker: Broker, duty: Duty, patience: float) -> Finding:
    subject = "sweeper"
    seconds = broker.seconds_since(duty)
    if seconds is not None and seconds <= patience:
        return fine(subject, f"it {_WHAT_SWEEPERS_DO[duty]}, last {seconds:.0f} s ago")
    when = "was ever seen" if seconds is None else f"was seen for {seconds:.0f} s"
    return wrong(
        subject,
        f"none that {_WHAT_SWEEPERS_DO[duty]} {when}",
        "start `python -m worker.sweeper`; if one runs, look for `sweeper.work_failed` in its log",
    )

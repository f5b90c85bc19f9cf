"""Redis: whether it answers and forgets nothing of its own accord, and what sweepers have left there."""

from __future__ import annotations

from collections.abc import Iterator

import redis

from deploy.doctor.finding import Finding, State, cause_of, fine, wrong
from shared.errors import BrokerUnavailable
from shared.messaging.broker import Broker, Duty, connect, patience_of
from shared.settings.settings import Settings, variable

_POLICY = "noeviction"
_WHAT_SWEEPERS_DO = {Duty.SWEEP: "rescues jobs", Duty.RETENTION: "deletes what is past its day"}


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
        yield _policy(client)
    for duty in Duty:
        yield _duty(broker, duty, patience_of(settings))


def _policy(client: redis.Redis) -> Finding:
    try:
        policy = client.info("memory").get("maxmemory_policy")
        is_kept = bool(client.info("persistence").get("aof_enabled"))
    except redis.RedisError:
        seen = "this user may not ask for it (INFO), which is well"
        return Finding("redis policy", State.UNSEEN, f"{seen}; it must be {_POLICY}")
    if policy != _POLICY:
        cure = f"set `maxmemory-policy {_POLICY}`"
        return wrong("redis policy", f"{policy}: messages are thrown away when it is full", cure)
    restart = (
        "keeps messages over a restart"
        if is_kept
        else "sweepers send messages again after a restart"
    )
    return fine("redis policy", f"{policy}; {restart}")


def _duty(broker: Broker, duty: Duty, patience: float) -> Finding:
    subject = "sweeper"
    seconds = broker.seconds_since(duty)
    if seconds is not None and seconds <= patience:
        return fine(subject, f"it {_WHAT_SWEEPERS_DO[duty]}, last {seconds:.0f} s ago")
    when = "was ever seen" if seconds is None else f"was seen for {seconds:.0f} s"
    return wrong(
        subject, f"none that {_WHAT_SWEEPERS_DO[duty]} {when}", "start `python -m worker.sweeper`"
    )

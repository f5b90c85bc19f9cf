"""Somebody who took over a process of ours, and writes to Redis with its password."""

from __future__ import annotations

import base64
import json
import random
import time
from itertools import islice

import redis
from celery import Celery

from shared.job import Queue
from shared.messaging.broker import TASK, Duty
from shared.messaging.messages import MessageWriter
from tests.attack.attempt import Attempt, hold
from tests.attack.target import Target
from tests.conditions import eventually
from tests.fault.test_message_faults import (
    NO_MESSAGES,
    STRANGE_BODIES,
    STRANGE_CONTENT,
    STRANGE_HEADERS,
    damaged,
    with_body,
    with_content,
    with_headers,
    without_each_part,
)

THREAT = "a compromised broker"

_DAMAGED = 500
_COMMANDS = (
    *(
        "CONFIG GET *",
        "CONFIG SET dir /tmp",
        "FLUSHALL",
        "FLUSHDB",
        "SHUTDOWN",
        "KEYS *",
        "ACL LIST",
        "ACL WHOAMI",
    ),
    *(
        "REPLICAOF NO ONE",
        "CLIENT LIST",
        "CLIENT KILL TYPE normal",
        "MONITOR",
        "SAVE",
        "BGREWRITEAOF",
        "SLOWLOG GET",
    ),
    *(
        "MODULE LIST",
        "FUNCTION LIST",
        "DEBUG SLEEP 1",
        "SWAPDB 0 1",
        "MIGRATE a 1 k 0 1",
        "INFO",
        "LATENCY DOCTOR",
    ),
    *(
        "FAILOVER",
        "CLUSTER INFO",
        "SORT bulk",
        "RESTORE k 0 x",
        "GET somebody:else",
        "PUBLISH other x",
    ),
)


def no_message_stops_a_worker_or_runs_anything(target: Target) -> str:
    target.wait_for("owner", target.submit("owner"))
    workers = target.pids("-m worker")
    message = _any_message()
    strange = [
        *NO_MESSAGES,
        *(with_body(message, body) for body in STRANGE_BODIES),
        *(with_headers(message, headers) for headers in STRANGE_HEADERS),
        *(with_content(message, *content) for content in STRANGE_CONTENT),
        *without_each_part(message),
        *islice(damaged(message, random.Random(12), _DAMAGED), _DAMAGED),
    ]
    with target.broker() as client:
        for raw in strange:
            client.lpush(Queue.BULK.value, raw)
        eventually(lambda: not client.llen(Queue.BULK.value), within=60)
    done = target.wait_for("owner", target.submit("owner"))
    hold(done["task_status"] == 2, f"the next job ended with {done['error_code']}")
    hold(target.pids("-m worker") == workers, "a message ended a worker")
    hold("Traceback" not in target.said(), "a traceback in the logs")
    return f"{len(strange)} messages that are none; the same worker does the next job"


def no_value_in_redis_breaks_a_front_end(target: Target) -> str:
    with target.client("owner") as client, target.broker() as broker:
        statuses = []
        for word in (b"abc", b"", b"nan", b"inf", b"-1", b"1e400", b"\xff", b"9" * 400):
            for duty in Duty:
                broker.set(duty, word)
            for tenant in ("", "owner"):
                broker.set(f"cutwork:backlog:{tenant}", word)
            statuses.append(client.get("/readyz").status_code)
            statuses.append(client.post("/v1/jobs", content=b"").status_code)
        for duty in Duty:
            broker.set(duty, time.time())
    hold(set(statuses) <= {200, 400}, f"answered {sorted(set(statuses))}")
    return f"{len(statuses)} requests beside nonsense in every key: {sorted(set(statuses))}"


def no_command_reaches_the_server_itself(target: Target) -> str:
    with target.broker() as client:
        for command in _COMMANDS:
            try:
                answer = client.execute_command(*command.split())
            except redis.ResponseError as error:
                refused = "permission" in str(error) or "not allowed" in str(error)
                hold(refused, f"{command}: {error}")
            else:
                hold(False, f"{command}: {answer!r}")
    return f"{len(_COMMANDS)} commands, each refused"


def messages_hold_no_photo_key_or_job(target: Target) -> str:
    """What somebody who reads the queue learns: that a job waits, and no more."""
    with target.paused_worker():
        # The worker's read takes the first one, although it stands still.
        first, task_id = target.submit("owner"), target.submit("owner")
        with target.broker() as client:
            read = client.rpop(Queue.BULK.value)
    hold(isinstance(read, bytes), "there was no message to read")
    assert isinstance(read, bytes)
    body = base64.b64decode(json.loads(read)["body"])
    for name, secret in {**target.secrets(), "the task id": task_id, "the tenant": "owner"}.items():
        hold(secret.encode() not in read + body, f"{name} stands in a message")
    done = target.wait_for("owner", task_id)
    target.wait_for("owner", first)
    hold(done["task_status"] == 2, "the job whose message was taken away failed")
    return f"a message of {len(read)} bytes names the queue alone; its job is done although it was taken away"


def _any_message() -> bytes:
    [text] = MessageWriter(Celery("attack", set_as_current=False), TASK).write(Queue.BULK.value, 1)
    assert json.loads(text)
    return text.encode()


ATTEMPTS: tuple[Attempt, ...] = (
    no_message_stops_a_worker_or_runs_anything,
    no_value_in_redis_breaks_a_front_end,
    no_command_reaches_the_server_itself,
    messages_hold_no_photo_key_or_job,
)

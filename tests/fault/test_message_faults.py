"""Messages that come twice, too late, or from somewhere else, and bytes that are none."""

from __future__ import annotations

import base64
import json
import os
import pickle
import random
import zlib
from collections.abc import Iterator
from typing import Any

from deploy.local.processes.process import Process
from tests.conditions import eventually
from tests.end_to_end.client import submit, wait_for
from tests.fault.site import Site

QUEUE = "bulk"

NO_MESSAGES = [
    *(b"", b"not json", b"null", b"5", b'"text"', b"[]", b"{}", b"[" * 100_000, b'{"body": '),
    *(b"\xff\xfe", b"\x00", b'{"body": 1e999999}', b"1" * 10_000, b"x" * 5_000_000),
    b'{"headers": null, "body": null, "properties": null}',
    b'{"headers": {"task": "cutwork.process_job"}, "body": "bnVsbA==", "properties": {}}',
]
STRANGE_BODIES: list[object] = [
    *(None, 5, "text", [], {}, [[]], [None, None, None], [["bulk"]], [["bulk"], {}]),
    *([["no queue at all"], {}, {}], [[], {}, {}], [[5], {}, {}], [[None], {"more": 1}, {}]),
    [["interactive"], {}, {}],
    [["bulk"], {"queue": "bulk"}, {}],
    [["bulk"], {}, {"callbacks": [{"task": "os.system"}], "chain": [5], "chord": "x"}],
]
STRANGE_VALUES: dict[str, list[object]] = {
    "task": ["somebody.elses_task", None, 5, [], {"a": 1}, "celery.chord"],
    "eta": ["not a time", "2999-01-01T00:00:00+00:00", 5, []],
    "expires": ["not a time", "2001-01-01T00:00:00+00:00", -1, {}],
    "compression": ["application/x-gzip", "none such", 5],
    "timelimit": [[1, 1], 5, "x"],
}
STRANGE_HEADERS: list[dict[str, object]] = [
    *({name: value} for name, values in STRANGE_VALUES.items() for value in values),
    {"id": [], "root_id": {}, "group": 5, "retries": "x", "lang": 7, "argsrepr": 9},
    {"stamped_headers": ["a"], "stamps": 5, "replaced_task_nesting": "x", "ignore_result": "x"},
]
_NOTHING = object()
STRANGE_CONTENT = [
    ("application/x-python-serialize", base64.b64encode(pickle.dumps([["bulk"], {}, {}]))),
    ("application/x-yaml", base64.b64encode(b"!!python/object/apply:os.system [ls]")),
    ("application/data", base64.b64encode(zlib.compress(b"[]"))),
    (None, b""),
    (7, b"not base64"),
]


def messages(site: Site) -> list[bytes]:
    with site.redis() as client:
        return list(client.lrange(QUEUE, 0, -1))


def put(site: Site, *raw: bytes) -> None:
    with site.redis() as client:
        client.lpush(QUEUE, *raw)


def with_body(message: bytes, body: object) -> bytes:
    parsed: dict[str, Any] = json.loads(message)
    parsed["body"] = base64.b64encode(json.dumps(body).encode()).decode()
    return json.dumps(parsed).encode()


def with_headers(message: bytes, headers: dict[str, object]) -> bytes:
    parsed: dict[str, Any] = json.loads(message)
    parsed["headers"].update(headers)
    return json.dumps(parsed).encode()


def with_content(message: bytes, content_type: object, body: bytes) -> bytes:
    parsed: dict[str, Any] = json.loads(message)
    parsed.update({"content-type": content_type, "body": body.decode()})
    return json.dumps(parsed).encode()


def without_each_part(message: bytes) -> Iterator[bytes]:
    """Take one key out of the message at a time, at any depth, or put nonsense in its place."""
    for path in _paths(json.loads(message)):
        for nonsense in (_NOTHING, None, 5, [], {}, "\ud800"):
            changed = json.loads(message)
            place = changed
            for key in path[:-1]:
                place = place[key]
            if nonsense is _NOTHING:
                del place[path[-1]]
            else:
                place[path[-1]] = nonsense
            yield json.dumps(changed).encode()


def _paths(part: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in part.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from _paths(value, (*above, key))


def damaged(message: bytes, chance: random.Random, count: int) -> Iterator[bytes]:
    """Flip, cut, repeat and insert bytes."""
    for _ in range(count):
        data = bytearray(message)
        for _ in range(chance.randint(1, 4)):
            start = chance.randrange(len(data) + 1)
            part = data[start : start + chance.randint(1, 30)]
            what = chance.choice(("flip", "cut", "repeat", "insert", "number"))
            if what == "flip" and part:
                data[start] ^= 1 << chance.randrange(8)
            elif what == "cut":
                del data[start : start + len(part)]
            elif what == "repeat":
                data[start:start] = part * chance.randint(1, 50)
            elif what == "insert":
                data[start:start] = chance.randbytes(chance.randint(1, 8))
            else:
                data[start:start] = chance.choice((b"-1", b"1e999", b"null", b"{", b"]", b'"'))
        yield bytes(data)


def assert_all_hands_work(site: Site, worker: Process, photo: bytes) -> None:
    """The process that was there before still is, and as many jobs as it has hands run side by side."""
    site.close_gate()
    task_ids = [submit(site.url, photo) for _ in range(site.settings.worker_concurrency)]
    eventually(lambda: site.count_at_gate() == site.settings.worker_concurrency)
    assert worker.is_running
    site.open_gate()
    for task_id in task_ids:
        assert wait_for(site.url, task_id)["task_status"] == 2
    assert "Traceback" not in site.logs()


def test_a_message_that_comes_five_times_at_once_is_worked_on_once(
    site: Site, photo: bytes
) -> None:
    task_id = submit(site.url, photo)
    put(site, *messages(site) * 5)

    site.start_real_worker()

    assert wait_for(site.url, task_id)["task_status"] == 2
    eventually(lambda: site.logs().count("message.ignored") == 5)
    assert site.row().attempt == 1


def test_a_message_that_comes_again_during_and_after_the_work_is_ignored(
    site: Site, photo: bytes
) -> None:
    task_id = submit(site.url, photo)
    [message] = messages(site)
    site.close_gate()
    site.start_worker()
    eventually(site.count_at_gate)

    put(site, message)
    eventually(lambda: site.logs().count("message.ignored") == 1)
    site.open_gate()
    assert wait_for(site.url, task_id)["task_status"] == 2
    put(site, message)
    eventually(lambda: site.logs().count("message.ignored") == 2)

    assert site.row().attempt == 1


def test_messages_that_are_none_of_ours_are_dropped_and_cost_a_worker_nothing(
    site: Site, photo: bytes
) -> None:
    task_id = submit(site.url, photo)
    [message] = messages(site)
    strange = [
        *NO_MESSAGES,
        *(with_body(message, body) for body in STRANGE_BODIES),
        *(with_headers(message, headers) for headers in STRANGE_HEADERS),
        *(with_content(message, *content) for content in STRANGE_CONTENT),
        *without_each_part(message),
    ]
    with site.redis() as client:
        client.delete(QUEUE)
    put(site, *strange, message)

    worker = site.start_worker()

    assert wait_for(site.url, task_id)["task_status"] == 2
    assert site.logs().count("message.malformed") >= len(NO_MESSAGES)
    assert_all_hands_work(site, worker, photo)


def test_whatever_bytes_lie_in_its_queues_a_worker_goes_on(site: Site, photo: bytes) -> None:
    """A message that was changed at random in two thousand ways; `MESSAGE_SEED=…` takes others."""
    chance = random.Random(os.environ.get("MESSAGE_SEED", "20261126"))
    task_id = submit(site.url, photo)
    [message] = messages(site)
    put(site, *damaged(message, chance, count=2000))

    worker = site.start_worker()

    assert wait_for(site.url, task_id)["task_status"] == 2
    eventually(lambda: not messages(site), within=60)
    assert_all_hands_work(site, worker, photo)


def test_a_queue_that_is_no_list_is_waited_for(site: Site, photo: bytes) -> None:
    with site.redis() as client:
        client.set(QUEUE, "not a list")
        worker = site.start_worker()
        task_id = submit(site.url, photo)
        eventually(lambda: "ResponseError" in site.logs())
        client.delete(QUEUE)

    assert wait_for(site.url, task_id)["task_status"] == 2
    assert worker.is_running


def test_a_message_that_was_read_is_gone_from_redis_and_its_job_is_not(
    site: Site, photo: bytes
) -> None:
    doomed, task_id = site.hold_a_job(photo)

    with site.redis() as client:
        assert not client.exists(QUEUE, "unacked", "unacked_index")
    doomed.kill()
    site.open_gate()
    site.start_real_worker()

    assert wait_for(site.url, task_id)["task_status"] == 2
    assert site.row().attempt == 2

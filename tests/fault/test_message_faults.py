"""Messages that come twice, too late, or from somewhere else."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.conditions import eventually
from tests.end_to_end.client import submit, wait_for
from tests.fault.site import Site

QUEUE = "bulk"


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


def with_headers(message: bytes, **headers: object) -> bytes:
    parsed: dict[str, Any] = json.loads(message)
    parsed["headers"].update(headers)
    return json.dumps(parsed).encode()


def test_a_message_that_comes_five_times_at_once_is_worked_on_once(
    site: Site, photo: bytes
) -> None:
    task_id = submit(site.url, photo)
    put(site, *messages(site) * 5)

    site.start_real_worker()

    assert wait_for(site.url, task_id)["task_status"] == 2
    eventually(lambda: site.logs().count("message.ignored") == 5)
    assert site.row().attempt == 1
    site.assert_clean()


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
    site.assert_clean()


def test_messages_that_are_none_of_ours_do_not_stop_a_worker(site: Site, photo: bytes) -> None:
    first = submit(site.url, photo)
    [message] = messages(site)
    strange = [
        with_body(message, [["no id at all"], {}, {}]),
        with_body(message, [["00000000-0000-0000-0000-000000000000"], {}, {}]),
        with_body(message, [[], {}, {}]),
        with_body(message, [[5], {}, {}]),
        with_body(message, [[None], {"more": 1}, {}]),
        with_headers(message, task="somebody.elses_task"),
        with_headers(message, eta="not a time"),
    ]
    put(site, *strange)

    worker = site.start_real_worker()

    assert wait_for(site.url, first)["task_status"] == 2
    assert wait_for(site.url, submit(site.url, photo))["task_status"] == 2
    assert worker.is_running
    site.assert_clean()


def test_bytes_that_are_no_message_cost_a_restart_each_and_no_job(site: Site, photo: bytes) -> None:
    """Celery ends for good on what kombu cannot parse. The bytes are gone by then, so the next start goes on."""
    garbage = [b"not json", b"[]", b"\xff\xfe"]
    put(site, *garbage)
    task_id = submit(site.url, photo)
    worker = site.start_real_worker()

    for _ in garbage:
        eventually(lambda: not worker.is_running)
        worker.start()

    assert wait_for(site.url, task_id)["task_status"] == 2
    assert worker.is_running
    site.assert_clean()


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
    site.assert_clean()

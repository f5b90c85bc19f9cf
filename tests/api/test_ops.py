"""The whole installation, for who looks after it: all tenants' jobs, and none of their photos."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from shared.errors import ErrorCode
from shared.jobs.backlog import Backlog
from shared.messaging.broker import Duty
from shared.operations.fleet import Worker
from shared.tenants.api_key import Scope, Terms
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error, assert_success
from tests.api.test_keys import administrator
from tests.batches import accepted
from tests.factories import new_job
from tests.fakes import InMemoryFleet

OPS = "/v1/ops"
WORKER = Worker(
    name="gpu-3:1",
    release="0.1.0",
    model="cutwork-1",
    provider="cpu",
    hands=4,
    busy=1,
    up_seconds=9,
)


def operator(front_end: FrontEnd, *scopes: Scope) -> dict[str, str]:
    terms = Terms(scopes=frozenset(scopes or {Scope.OBSERVE, Scope.OPERATE}))
    return {"ailabapi-api-key": front_end.services.key_store.create("operations", terms)[1]}


@pytest.fixture
def ops(front_end: FrontEnd) -> FrontEnd:
    """A front end whose client looks after the installation."""
    front_end.headers = operator(front_end)
    front_end.broker.since = dict.fromkeys(Duty, 1.0)
    return front_end


def ask(ops: FrontEnd, path: str = "", **query: Any) -> dict[str, Any]:
    answer = ops.client().get(f"{OPS}{path}", query_string=query, headers=ops.headers)
    data: dict[str, Any] = assert_success(answer, task_status=2)["data"]
    return data


def erase(ops: FrontEnd, **which: Any) -> TestResponse:
    return ops.client().post(f"{OPS}/erase", json=which, headers=ops.headers)


def stored(ops: FrontEnd, count: int = 1, **changes: Any) -> list[str]:
    store = ops.services.job_store
    found = []
    for _ in range(count):
        ops.clock.advance(seconds=1)
        job = store.create(new_job(**changes))
        assert job
        found.append(str(job.id))
    return found


def ids(data: Mapping[str, Any]) -> list[str]:
    return [job["task_id"] for job in data["jobs"]]


def test_all_numbers_come_in_one_answer(ops: FrontEnd) -> None:
    [first] = stored(ops, tenant="rival")
    stored(ops, 2)
    ops.services.job_store.fail(
        ops.claim(uuid.UUID(first)).lease, ErrorCode.PROCESSING_FAILURE, "no"
    )
    fleet_of(ops).say(WORKER)
    ops.clock.advance(minutes=7)

    seen = ask(ops)

    assert (seen["queued"], seen["oldest_seconds"], seen["at_work"]) == (2, 421, 0)
    assert seen["failures"]["ended"] == 1
    [code] = seen["failures"]["codes"]
    assert (code["code"], code["count"], code["is_ours"]) == ("PROCESSING_FAILURE", 1, True)
    assert [(it["name"], it["busy"], it["hands"]) for it in seen["workers"]] == [("gpu-3:1", 1, 4)]
    assert {it["about"] for it in seen["alarms"]} == {"oldest", "failures"}


def test_the_numbers_of_the_table_are_told_while_redis_is_away(ops: FrontEnd) -> None:
    stored(ops)
    fleet_of(ops).is_down = True

    seen = ask(ops)

    assert (seen["queued"], seen["workers"], seen["duties"]) == (1, None, [])
    assert [it["about"] for it in seen["alarms"]] == ["redis"]


def test_how_it_was_is_told_in_rates(ops: FrontEnd) -> None:
    samples = ops.services.samples
    calm = Backlog(queued=0, oldest_age=timedelta(0), finished_lately=0)
    samples.take(calm, {"0.1.0 cutwork-1 cpu": 1})
    stored(ops, 30)
    ops.clock.advance(minutes=1)
    samples.take(calm, {"0.2.0 cutwork-1 cpu": 1})

    seen = ask(ops, "/series", span="day")

    [point] = seen["points"]
    assert (point["arrived"], point["workers"]) == (30, 1)
    assert [mark["what"] for mark in seen["marks"]] == ["0.2.0 cutwork-1 cpu"]


def test_a_job_is_found_by_any_of_its_ids_and_by_a_url(ops: FrontEnd) -> None:
    [job_id] = stored(ops, request_id="import-2026/4711", tenant="rival")
    hexadecimal = uuid.UUID(job_id).hex

    for text in (
        job_id,
        f"  {job_id.upper()} ",
        hexadecimal,
        "import-2026/4711",
        f"msg_{hexadecimal}",
        f"https://photos.example/cutwork-results/{job_id}/1/image.png?X-Amz-Signature=5f",
        f"http://127.0.0.1:8000/v1/jobs/{job_id}?wait=3",
        f'{{"task_id": "{job_id}"}}',
    ):
        assert ids(ask(ops, "/find", q=text)) == [job_id], text
    assert ask(ops, "/find", q=str(uuid.uuid4())) == {"jobs": [], "batches": []}


def test_an_upload_is_found_by_its_log_id_and_by_what_its_request_was_called(
    ops: FrontEnd,
) -> None:
    own = ops.headers
    ops.headers = ops.key_for("shop")
    answer = ops.post(task_type="async", header_X_Request_ID="ticket-4711")
    ops.headers = own

    body = answer.get_json()
    for text in (body["log_id"], body["request_id"], "ticket-4711"):
        assert ids(ask(ops, "/find", q=text)) == [body["task_id"]]


def test_a_batch_is_found_by_its_id(ops: FrontEnd) -> None:
    batch = accepted(ops.services.batches, 3)

    [found] = ask(ops, "/find", q=str(batch.id))["batches"]

    assert (found["batch_id"], found["tenant"], found["total"]) == (str(batch.id), "shop", 3)


def test_jobs_are_listed_page_by_page_and_counted_also_those_of_one_moment(ops: FrontEnd) -> None:
    store = ops.services.job_store
    same = [new_job(tenant="rival") for _ in range(5)]
    for new in same:
        assert store.create(new)
    later = stored(ops, 2)
    shown: list[str] = []
    cursor: dict[str, str] = {}
    for size in (3, 3, 1):
        page = ask(ops, "/jobs", status="queued", limit="3", **cursor)
        assert (len(page["jobs"]), page["matching"], page["is_more"]) == (size, 7, False)
        shown += ids(page)
        cursor = {"cursor": page["next_cursor"]}

    assert page["next_cursor"] == ""
    assert shown[:2] == later[::-1]
    assert set(shown[2:]) == {str(new.id) for new in same}


def test_jobs_are_chosen_by_state_tenant_and_code(ops: FrontEnd) -> None:
    [bad] = stored(ops, tenant="rival")
    ops.services.job_store.fail(ops.claim(uuid.UUID(bad)).lease, ErrorCode.PROCESSING_FAILURE, "no")
    [waiting] = stored(ops)

    assert ids(ask(ops, "/jobs")) == [waiting, bad]
    assert ids(ask(ops, "/jobs", code="PROCESSING_FAILURE")) == [bad]
    assert ids(ask(ops, "/jobs", tenant="shop")) == [waiting]
    assert ids(ask(ops, "/jobs", tenant="rival", status="queued")) == []


def test_the_life_of_a_job_is_told_with_durations(ops: FrontEnd) -> None:
    [text] = stored(ops, tenant="rival")
    job_id = uuid.UUID(text)
    ops.clock.advance(seconds=2)
    lease = ops.claim(job_id).lease
    ops.clock.advance(seconds=0.5)
    ops.services.job_store.complete(lease, {}, laps={"get": 12, "cutout": 410})
    ops.services.job_store.note_refusal(lease)

    events = ask(ops, f"/jobs/{text}")["events"]

    assert [(it["event"], it["seconds"], it["attempt"], it["words"]) for it in events] == [
        ("stored", 0, 0, ""),
        ("claimed", 2, 1, "worker-1"),
        ("succeeded", 0.5, 1, ""),
        ("refused", 0, 1, ""),
    ]
    assert events[2]["parts"] == {"get": 12, "cutout": 410}


def test_nobodys_photo_or_result_stands_in_any_answer(ops: FrontEnd) -> None:
    [text] = stored(ops, image_url="https://shop.example/photo?signature=hidden")
    ops.complete(uuid.UUID(text))

    for path in ("", "/series", f"/find?q={text}", "/jobs", f"/jobs/{text}"):
        said = ops.client().get(f"{OPS}{path}", headers=ops.headers).text
        assert "hidden" not in said
        assert "results.test" not in said


def test_all_that_match_are_withdrawn_with_their_bytes_and_each_tenant_can_read_by_whom(
    ops: FrontEnd,
) -> None:
    rivals, own = stored(ops, 2, tenant="rival"), stored(ops, 1)
    for text in (*rivals, *own):
        ops.object_store.put_input(uuid.UUID(text), b"photo")
    until = ops.clock.now + timedelta(seconds=1)
    stored(ops, 1, tenant="rival")
    ops.clock.advance(seconds=5)

    answer = erase(ops, status="queued", tenant="rival", until=until.isoformat())

    data = assert_success(answer, task_status=2)["data"]
    assert data == {"erased": 2, "is_more": False}
    assert set(ops.object_store.inputs) == {uuid.UUID(text) for text in own}
    assert ask(ops, "/jobs", status="queued")["matching"] == 2
    ops.headers = administrator(ops, "rival")
    entries = ops.client().get("/v1/audit", headers=ops.headers).get_json()["data"]["entries"]
    [line] = [it for it in entries if it["action"] == "jobs.erase"]
    assert (line["details"]["count"], line["address"]) == (2, "")


def test_withdrawing_ends_when_nothing_that_is_left_can_be_withdrawn(
    ops: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.routes.ops._AT_ONCE", 2)
    for text in stored(ops, 3):
        ops.complete(uuid.UUID(text))
    ops.clock.advance(hours=25)

    answer = erase(ops, status="succeeded", until=ops.clock.now.isoformat())

    assert answer.get_json()["data"] == {"erased": 0, "is_more": False}


@pytest.mark.parametrize(
    "which",
    [
        {},
        {"status": "queued"},
        {"until": "2026-11-23T12:00:00Z"},
        {"status": "expired", "until": "2026-11-23T12:00:00Z"},
        {"status": "queued", "until": "2026-11-23T12:00:00Z", "reference": "x"},
        {"status": "queued", "until": 7},
    ],
)
def test_nothing_is_withdrawn_unless_it_is_said_which(ops: FrontEnd, which: dict[str, Any]) -> None:
    stored(ops)

    assert_error(erase(ops, **which), 400, ErrorCode.ERROR_INVALID_PARAMETER)

    assert ask(ops, "/jobs", status="queued")["matching"] == 1


def test_who_may_look_may_not_withdraw(ops: FrontEnd) -> None:
    ops.headers = operator(ops, Scope.OBSERVE)

    refused = erase(ops, status="queued", until="2026-11-23T13:00:00Z")

    assert_error(refused, 403, ErrorCode.ERROR_PERMISSION_DENIED)
    assert ask(ops)["queued"] == 0


def test_no_tenants_administrator_gets_a_key_that_reaches_others(front_end: FrontEnd) -> None:
    store = front_end.services.key_store
    terms = Terms(scopes=frozenset({Scope.OBSERVE}))
    key, _ = store.create("shop", terms)
    front_end.headers = administrator(front_end)
    client = front_end.client()

    for scope in (Scope.OBSERVE, Scope.OPERATE):
        asked = client.post("/v1/keys", json={"scopes": [scope]}, headers=front_end.headers)
        assert_error(asked, 400, ErrorCode.ERROR_INVALID_PARAMETER)
    rotated = client.post(f"/v1/keys/{key.id}/rotate", headers=front_end.headers)
    assert_error(rotated, 403, ErrorCode.ERROR_PERMISSION_DENIED)
    assert len(store.list_keys("shop", 10)) == 3


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/find", {}),
        ("/find", {"q": " "}),
        ("/find", {"q": "x" * 5000}),
        ("/series", {"span": "year"}),
        ("/jobs", {"status": "lost"}),
        ("/jobs", {"code": "LOST"}),
        ("/jobs", {"tenant": "a\nb"}),
        ("/jobs", {"cursor": "1"}),
        ("/jobs", {"since": "yesterday"}),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused(
    ops: FrontEnd, path: str, query: dict[str, str]
) -> None:
    answer = ops.client().get(f"{OPS}{path}", query_string=query, headers=ops.headers)

    assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)


def fleet_of(ops: FrontEnd) -> InMemoryFleet:
    fleet = ops.services.lookout._fleet
    assert isinstance(fleet, InMemoryFleet)
    return fleet

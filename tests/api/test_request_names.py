"""How requests are called: taken from the client, said with each answer, and found in each line of the log."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.request_names import REQUEST_ID
from api.routes.cutout import PATH as CUTOUT
from api.routes.jobs import PATH as JOBS
from shared.telemetry.logs import about
from tests.api.conftest import FrontEnd, Logged

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def get(front_end: FrontEnd, path: str, **headers: str) -> TestResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return front_end.client().get(path, headers={**front_end.headers, **sent})


@pytest.mark.parametrize("path", [JOBS, "/healthz", "/openapi.json", "/nowhere", f"{JOBS}/1"])
def test_a_request_is_called_as_its_client_calls_it(front_end: FrontEnd, path: str) -> None:
    answer = get(front_end, path, X_Request_ID="import/4711 ".strip())

    assert answer.headers[REQUEST_ID] == "import/4711"
    assert answer.get_json().get("request_id", "import/4711") == "import/4711"


@pytest.mark.parametrize("name", ["", "a b", "ü", "x" * 129, "a\tb"])
def test_what_is_no_name_is_replaced_by_one(front_end: FrontEnd, name: str) -> None:
    answer = get(front_end, JOBS, X_Request_ID=name)

    assert uuid.UUID(answer.headers[REQUEST_ID])
    assert answer.get_json()["request_id"] == answer.headers[REQUEST_ID]


def test_a_refused_request_and_an_empty_answer_have_their_name_too(front_end: FrontEnd) -> None:
    refused = front_end.client().get(JOBS, headers={REQUEST_ID: "a"})
    job_id = front_end.submit()
    erased = front_end.client().delete(
        f"{JOBS}/{job_id}", headers={**front_end.headers, REQUEST_ID: "b"}
    )

    assert (refused.status_code, refused.headers[REQUEST_ID]) == (401, "a")
    assert (erased.status_code, erased.headers[REQUEST_ID]) == (204, "b")


def test_every_line_of_a_request_has_its_name_and_its_trace(
    front_end: FrontEnd, logged: Logged
) -> None:
    front_end.broker.is_down = True
    front_end.post(path=JOBS, header_X_Request_ID="one", header_traceparent=PARENT)
    get(front_end, f"{JOBS}/1", X_Request_ID="two")

    assert [event["event"] for event in logged] == [
        "job.queued",
        "job.unpublished",
        "request.refused",
    ]
    assert [event["request_id"] for event in logged] == ["one", "one", "two"]
    assert [event.get("trace_id") for event in logged] == [TRACE, TRACE, None]


def test_two_requests_at_once_do_not_take_each_others_names(
    front_end: FrontEnd, logged: Logged
) -> None:
    app = front_end.app()
    barrier = threading.Barrier(2)

    @app.before_request
    def meet() -> None:
        barrier.wait(10)

    def ask(name: str) -> None:
        headers = {**front_end.headers, REQUEST_ID: name}
        app.test_client().get(f"{JOBS}/{name}", headers=headers)

    threads = [threading.Thread(target=ask, args=[name]) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert {event["request_id"] for event in logged} == {"a", "b"}


@pytest.mark.parametrize("path", [JOBS, CUTOUT])
def test_a_trace_is_kept_with_its_job_for_the_worker(front_end: FrontEnd, path: str) -> None:
    fields: dict[str, Any] = {"task_type": "async", "header_traceparent": PARENT}
    answer = front_end.post(path=path, **fields)

    job = front_end.claim(uuid.UUID(answer.get_json()["task_id"]))

    assert job.traceparent == PARENT
    assert about(job)["trace_id"] == TRACE


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (f" {PARENT} ", PARENT),
        (f"cc-{PARENT[3:]}-what-will-be", PARENT),
        (f"{PARENT}-more", None),
        (f"ff-{PARENT[3:]}", None),
        (PARENT.upper(), None),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        ("00", None),
        ("", None),
    ],
)
def test_what_is_no_trace_is_ignored(front_end: FrontEnd, sent: str, kept: str | None) -> None:
    answer = front_end.post(path=JOBS, header_traceparent=sent)

    job = front_end.services.job_store.find(uuid.UUID(answer.get_json()["task_id"]), "shop")

    assert job is not None
    assert job.traceparent == kept
    assert ("trace_id" in about(job)) == (kept is not None)


def test_a_repeated_request_may_have_other_names(front_end: FrontEnd) -> None:
    first = front_end.post(path=JOBS, header_Idempotency_Key="k", header_traceparent=PARENT)
    again = front_end.post(path=JOBS, header_Idempotency_Key="k", header_X_Request_ID="again")

    assert first.get_json()["task_id"] == again.get_json()["task_id"]

"""Errors nobody raises on purpose, and those below us."""

from __future__ import annotations

from typing import Any

import pytest
from flask import abort
from werkzeug.exceptions import default_exceptions

from shared.errors import BrokerUnavailable, CutworkError, ErrorCode
from shared.jobs.store import JobStore
from tests.api.conftest import FrontEnd, Logged
from tests.api.envelope_check import assert_error, check_shape


def test_an_unforeseen_error_is_a_500_that_says_nothing_and_is_logged_once(
    front_end: FrontEnd, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = RuntimeError("/srv/secret at 127.0.0.1")

    def explode(*_: Any) -> None:
        raise error

    monkeypatch.setattr(front_end.object_store, "put_input", explode)

    answer = front_end.post()

    body = assert_error(answer, 500, ErrorCode.UNKNOWN_ERROR)
    assert "secret" not in answer.text
    [event] = logged
    assert event["event"] == "request.failed"
    assert event["exc_info"] is error
    assert event["request_id"] == body["request_id"]


@pytest.mark.parametrize("error", [CutworkError("x"), KeyError("x"), ZeroDivisionError()])
def test_errors_of_ours_without_a_row_are_unforeseen_too(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def explode(*_: Any) -> None:
        raise error

    monkeypatch.setattr(front_end.object_store, "put_input", explode)

    assert_error(front_end.post(), 500, ErrorCode.UNKNOWN_ERROR)


def test_an_object_store_that_is_down_is_a_503_and_leaves_no_row(front_end: FrontEnd) -> None:
    front_end.object_store.is_down = True

    answer = front_end.post()

    assert_error(answer, 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)
    assert int(answer.headers["Retry-After"]) > 0
    assert front_end.count_rows() == 0


def test_a_database_that_is_down_is_a_503_and_leaves_no_input(
    front_end: FrontEnd, broken_job_store: JobStore
) -> None:
    answer = front_end.with_services(job_store=broken_job_store).post()

    assert_error(answer, 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)
    assert not front_end.object_store.inputs
    assert not front_end.broker.published


# 429 is ours alone: it needs a `Retry-After`.
@pytest.mark.parametrize("status", sorted(default_exceptions.keys() - {429}))
def test_every_http_error_of_the_framework_is_an_envelope(front_end: FrontEnd, status: int) -> None:
    app = front_end.app()
    app.add_url_rule("/raise", "health.raise", lambda: abort(status))

    answer = app.test_client().get("/raise")

    body = check_shape(answer)
    assert body["task_status"] == 3
    assert answer.status_code == (min(500, status))
    assert "Traceback" not in answer.text


def test_an_unavailable_service_below_is_a_503_wherever_it_is_noticed(front_end: FrontEnd) -> None:
    app = front_end.app()

    def fail() -> str:
        raise BrokerUnavailable("redis://127.0.0.1 is down")

    app.add_url_rule("/raise", "health.raise", fail)

    assert_error(app.test_client().get("/raise"), 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)

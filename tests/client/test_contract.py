"""The client knows the contract by heart, and imports none of the service: its words are held to the service's here."""

from __future__ import annotations

import json

import pytest

from api.answers import should_retry
from api.answers.job_ids import MAX_IDS
from cutwork import CATEGORIES, FORMS, Refusal, Status, TryLater, calls
from cutwork.options import FORMATS
from shared.job import JobStatus
from shared.wire.contract import Category, ReturnForm
from shared.wire.rendition import Format


def test_the_client_knows_the_services_categories_forms_and_formats() -> None:
    assert tuple(Category) == CATEGORIES
    assert tuple(form.word for form in ReturnForm) == FORMS
    assert tuple(Format) == FORMATS


def test_the_client_knows_every_state_that_a_job_is_told_in() -> None:
    assert {*JobStatus, "unknown"} == set(Status)


def test_the_client_asks_for_as_many_jobs_as_the_service_shows_at_once() -> None:
    assert calls.MAX_IDS == MAX_IDS


@pytest.mark.parametrize(
    ("told", "status", "is_for_later"),
    [
        ("false", 503, False),
        ("true", 422, True),
        (None, 503, True),
        (None, 422, False),
        ("perhaps", 503, True),
    ],
)
def test_the_service_says_whether_to_try_again_and_where_it_does_not_the_status_does(
    told: str | None, status: int, is_for_later: bool
) -> None:
    headers = {} if told is None else {should_retry.HEADER.lower(): told}
    body = json.dumps({"error_detail": {"code": "SOME", "message": "No."}, "log_id": ""})

    with pytest.raises(Refusal) as raised:
        calls.checked(calls.Answer(status, headers, body.encode()))

    assert isinstance(raised.value, TryLater) is is_for_later


def test_a_pause_that_is_too_long_for_other_clients_is_a_pause_all_the_same() -> None:
    headers = {should_retry.HEADER.lower(): "false", "retry-after": "300"}
    body = json.dumps({"error_detail": {"code": "SOME", "message": "No."}, "log_id": ""})

    with pytest.raises(TryLater) as raised:
        calls.checked(calls.Answer(429, headers, body.encode()))

    assert raised.value.retry_after == 300

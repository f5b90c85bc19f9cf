"""Another tenant's job cannot be told from one that never was, on any route and with any method.

The routes are taken from the application, so one that is added tomorrow is held to this too.
"""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from api.admission.rate_limit_fields import FIELD
from api.request_names import REQUEST_ID
from shared.errors import ErrorCode
from tests.api.conftest import FrontEnd

#: What an id may be called where it is no part of the path.
ID_PARAMETERS = ("task_id", "job_id", "id", "ids")


def _nothing(_front_end: FrontEnd, _job_id: uuid.UUID) -> None:
    pass


def _expire(front_end: FrontEnd, job_id: uuid.UUID) -> None:
    front_end.complete(job_id)
    front_end.clock.advance(hours=25)


def _fail(front_end: FrontEnd, job_id: uuid.UUID) -> None:
    lease = front_end.claim(job_id).lease
    front_end.services.job_store.fail(lease, ErrorCode.FILE_DECODING_FAILURE, "Send another.")


def _erase(front_end: FrontEnd, job_id: uuid.UUID) -> None:
    assert front_end.services.job_store.erase(job_id, "shop")


#: What may have become of the job.
FATES: dict[str, Callable[[FrontEnd, uuid.UUID], object]] = {
    "queued": _nothing,
    "processing": lambda front_end, job_id: front_end.claim(job_id),
    "succeeded": lambda front_end, job_id: front_end.complete(job_id),
    "failed": _fail,
    "erased": _erase,
    "expired": _expire,
}


def requests_of(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods or ()):
            yield rule, method


def ask(app: Flask, headers: dict[str, str], rule: Rule, method: str, job_id: str) -> TestResponse:
    """Name a job in every way this route could understand."""
    path = rule.rule
    for argument in rule.arguments:
        path = re.sub(rf"<(?:\w+:)?{argument}>", job_id, path)
    assert "<" not in path, f"this test cannot fill in {rule.rule}"
    parameters = dict.fromkeys(ID_PARAMETERS, job_id)
    return app.test_client().open(path, method=method, headers=headers, query_string=parameters)


def text_of(answer: TestResponse) -> str:
    """What an answer says, packed or not."""
    if answer.mimetype != "application/zip" or not answer.data:
        return answer.text
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        return "".join(f"{name}: {archive.read(name)!r}" for name in archive.namelist())


def what_can_be_told(answer: TestResponse, job_id: str) -> tuple[Any, ...]:
    """Take away what is another on each request, and the id that the client sent itself."""
    body = answer.get_json(silent=True)
    if body is not None and "request_id" in body:
        body = {**body, "request_id": "", "log_id": ""}
    counted = {REQUEST_ID, FIELD, "Date"}
    headers = [(name, value) for name, value in answer.headers if name not in counted]
    said = text_of(answer) if body is None else str(body)
    return answer.status_code, sorted(headers), said.replace(job_id, "<id>")


@pytest.mark.parametrize("fate", FATES)
def test_another_tenants_job_is_answered_like_an_unknown_one(
    front_end: FrontEnd, fate: str
) -> None:
    job_id = front_end.submit(header_Idempotency_Key="order-1")
    FATES[fate](front_end, job_id)
    before = front_end.services.job_store.find(job_id, "shop")
    assert before is not None
    app, rival = front_end.app(), front_end.key_for("rival")
    not_found = 0

    for rule, method in requests_of(app):
        foreign, unknown = str(job_id), str(uuid.uuid4())
        answer = ask(app, rival, rule, method, foreign)

        assert what_can_be_told(answer, foreign) == what_can_be_told(
            ask(app, rival, rule, method, unknown), unknown
        ), f"{method} {rule.rule}"
        assert before.log_id not in text_of(answer)
        not_found += answer.status_code == 404

    assert not_found >= 2  # so the routes did understand the ids
    after = front_end.services.job_store.find(job_id, "shop")
    assert after is not None
    assert (after.status, after.attempt) == (before.status, before.attempt)


def test_another_tenants_idempotency_key_is_free(front_end: FrontEnd) -> None:
    job_id = front_end.submit(header_Idempotency_Key="order-1")
    front_end.headers = front_end.key_for("rival")

    assert front_end.submit(header_Idempotency_Key="order-1") != job_id


def test_a_list_shows_the_own_jobs_only(front_end: FrontEnd) -> None:
    job_id = front_end.submit()
    app, rival = front_end.app(), front_end.key_for("rival")

    for rule, method in requests_of(app):
        if not rule.arguments:
            answer = app.test_client().open(rule.rule, method=method, headers=rival)

            assert str(job_id) not in answer.text, f"{method} {rule.rule}"

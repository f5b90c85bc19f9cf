"""Parameters of URLs: what is sent twice is two answers to one question, and a list knows all that it is asked by."""

from __future__ import annotations

import pytest

from shared.errors import ErrorCode
from shared.tenants.api_key import Scope, Terms
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error

#: Each route that reads some, with one that it knows and two values of it, each right by itself.
DOUBLED = [
    ("/v1/jobs", "status", "failed", "queued"),
    ("/v1/jobs", "reference", "a", "b"),
    ("/v1/jobs", "limit", "5", "6"),
    ("/v1/jobs", "created_after", "2026-11-23T12:00:00Z", "2026-11-24T12:00:00Z"),
    ("/v1/jobs", "ids", "a,b", "c"),
    ("/v1/jobs/some", "wait", "0", "1"),
    ("/v1/results.zip", "ids", "a,b", "c"),
    ("/v1/batches", "limit", "5", "6"),
    ("/v1/batches/some/results", "cursor", "1", "2"),
    ("/v1/keys", "limit", "5", "6"),
    ("/v1/audit", "limit", "5", "6"),
    ("/v1/usage", "to", "2026-11-23", "2026-11-24"),
    ("/v1/ops/series", "span", "day", "week"),
    ("/v1/ops/jobs", "status", "failed", "queued"),
    ("/v1/ops/find", "q", "a", "b"),
    ("/api/common/query-async-task-result", "task_id", "a", "b"),
]


@pytest.mark.parametrize(("path", "name", "first", "second"), DOUBLED)
def test_a_parameter_that_says_two_things_is_refused_by_its_name(
    front_end: FrontEnd, path: str, name: str, first: str, second: str
) -> None:
    terms = Terms(scopes=frozenset(Scope))
    _, key = front_end.services.key_store.create("shop", terms)
    headers = {"Authorization": f"Bearer {key}"}

    answer = front_end.client().get(f"{path}?{name}={first}&{name}={second}", headers=headers)

    body = assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)
    assert f"`{name}`" in body["error_msg"]


def test_one_that_says_the_same_thing_twice_changes_nothing(front_end: FrontEnd) -> None:
    answer = front_end.client().get("/v1/jobs?limit=5&limit=5", headers=front_end.headers)

    assert answer.status_code == 200


#: Each list, with what somebody may take for a parameter of it.
UNKNOWN = [
    ("/v1/jobs", "state=failed"),
    ("/v1/jobs", "Status=failed"),
    ("/v1/jobs", "status[]=failed"),
    ("/v1/jobs", "createdAfter=2026-11-23T12:00:00Z"),
    ("/v1/jobs", "ids[]=a"),
    ("/v1/jobs", "page=2"),
    ("/v1/jobs", "ids=a&state=failed"),
    ("/v1/results.zip", "ids=a&format=png"),
    ("/v1/batches", "reference=spring"),
    ("/v1/batches/some/jobs", "status=failed"),
    ("/v1/keys", "offset=20"),
    ("/v1/audit", "action=key.create"),
    ("/v1/usage", "since=2026-11-23"),
    ("/v1/ops/series", "range=day"),
    ("/v1/ops/jobs", "state=failed"),
    ("/v1/ops/find", "q=a&limit=5"),
]


@pytest.mark.parametrize(("path", "query"), UNKNOWN)
def test_a_list_refuses_what_it_does_not_know_instead_of_showing_what_nobody_meant(
    front_end: FrontEnd, path: str, query: str
) -> None:
    """All jobs in place of those that failed, or the first page again and again."""
    terms = Terms(scopes=frozenset(Scope))
    _, key = front_end.services.key_store.create("shop", terms)

    answer = front_end.client().get(f"{path}?{query}", headers={"Authorization": f"Bearer {key}"})

    body = assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)
    assert f"`{query.rpartition('&')[2].partition('=')[0]}`" in body["error_msg"]

"""The composition root: what is true of every route and every answer."""

from __future__ import annotations

import pytest

from api.routes.cutout import PATH as CUTOUT
from shared.errors import ErrorCode
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error, check_shape


def test_every_route_but_the_health_checks_needs_a_key(
    front_end: FrontEnd,
) -> None:
    app = front_end.app()
    routes = {
        (rule.rule, method) for rule in app.url_map.iter_rules() for method in rule.methods or ()
    }
    closed = set()

    for path, method in routes:
        if app.test_client().open(path, method=method).status_code == 401:
            closed.add((path, method))

    documents = {"/docs", "/docs.md", "/docs/", "/docs/<path:name>", "/llms.txt"}
    assert {path for path, _ in routes - closed} == {
        *("/healthz", "/readyz", "/openapi.json", "/", "/ops", "/page/<path:name>"),
        *documents,
    }
    assert len(closed) >= 3


@pytest.mark.parametrize(
    "path",
    [
        "/page",
        "/page/",
        "/page/x.js",
        "/page/index.html",
        "/page/..%2fapp.py",
        "/healthz/",
        "/v2/jobs",
        "/static/x",
        "/%ff%00",
    ],
)
def test_an_unknown_path_is_a_404_and_needs_no_key(front_end: FrontEnd, path: str) -> None:
    answer = front_end.client().get(path)

    assert_error(answer, 404, ErrorCode.ERROR_RESOURCE_NOT_FOUND)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_a_method_that_is_not_allowed_is_a_405_that_says_which_are(
    front_end: FrontEnd, method: str
) -> None:
    answer = front_end.client().open(CUTOUT, method=method)

    assert_error(answer, 405, ErrorCode.ERROR_ILLEGAL_OPERATION)
    assert answer.headers["Allow"] == "POST"


def test_a_head_has_the_headers_of_a_get_and_no_body(front_end: FrontEnd) -> None:
    answer = front_end.client().head("/healthz")

    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("host", ["", "exa mple", "a" * 300, "[::1", "ex@mple:99999", "ü"])
def test_a_strange_host_header_does_not_break_the_envelope(front_end: FrontEnd, host: str) -> None:
    answer = front_end.client().get("/healthz", headers={"Host": host})

    assert answer.status_code in {200, 400}
    check_shape(answer)


def test_two_requests_have_two_request_ids(front_end: FrontEnd) -> None:
    client = front_end.client()

    first, second = (client.get("/healthz").get_json() for _ in range(2))

    assert first["request_id"] != second["request_id"]
    assert first["log_id"] != second["log_id"]


@pytest.mark.parametrize(("changes", "path"), [({}, ""), ({"public_path": "/cutwork"}, "/cutwork")])
def test_a_place_is_named_as_the_operator_says_and_no_header_moves_it(
    front_end: FrontEnd, path: str
) -> None:
    answer = front_end.post(
        path="/v1/jobs",
        header_X_Forwarded_Prefix="/elsewhere",
        header_Script_Name="/elsewhere",
        header_X_Script_Name="/elsewhere",
    )

    assert answer.headers["Location"] == f"{path}/v1/jobs/{answer.get_json()['task_id']}"
    document = front_end.client().get("/openapi.json").get_json()
    assert document["servers"] == [{"url": path or "/"}]
    assert front_end.client().get("/cutwork/healthz").status_code == 404

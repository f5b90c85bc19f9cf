"""CORS: off until an operator names origins; then these very ones, with keys, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from werkzeug.test import TestResponse

from api.routes.cutout import PATH as CUTOUT
from shared.errors import ErrorCode
from shared.settings.settings import Settings
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error, assert_success

SHOP, STUDIO = "https://shop.example", "http://studio.example:3000"
SHARED = {"cors_origins": f"{SHOP}, {STUDIO}"}
PATHS = [CUTOUT, "/v1/jobs", "/v1/jobs/some", "/v1/uploads", "/healthz", "/nowhere"]
NEARLY = [
    "https://shop.example.evil.example",
    "https://evil-shop.example",
    "https://www.shop.example",
    "http://shop.example",
    "https://shop.example:8443",
    "https://shop.example:443",
    "HTTPS://SHOP.EXAMPLE",
    "https://shop.example/",
    f"{SHOP}, {STUDIO}",
    f"{SHOP} {STUDIO}",
    "null",
    "*",
    "",
]


def preflight(front_end: FrontEnd, origin: str, path: str = CUTOUT) -> TestResponse:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "ailabapi-api-key,idempotency-key",
    }
    return front_end.client().options(path, headers=asked)


def told(answer: TestResponse) -> dict[str, str]:
    return {name: text for name, text in answer.headers if name.startswith("Access-Control")}


@pytest.mark.parametrize("path", PATHS)
def test_without_origins_nothing_is_granted_and_no_answer_is_changed(
    front_end: FrontEnd, path: str
) -> None:
    plain = front_end.client().get(path)
    foreign = front_end.client().get(path, headers={"Origin": SHOP})
    asked = preflight(front_end, SHOP, path)

    assert set(foreign.headers.keys()) == set(plain.headers.keys())
    assert asked.status_code in {404, 405}
    assert told(foreign) == told(asked) == {}
    assert "Origin" not in foreign.vary


@pytest.mark.parametrize("changes", [SHARED])
@pytest.mark.parametrize("origin", [SHOP, STUDIO])
@pytest.mark.parametrize("path", PATHS)
def test_a_preflight_of_a_named_origin_is_granted_without_a_key(
    open_front_end: FrontEnd, path: str, origin: str
) -> None:
    answer = preflight(open_front_end, origin, path)

    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST, DELETE"
    granted = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"ailabapi-api-key", "authorization", "idempotency-key", "prefer"} <= set(granted)
    assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize("changes", [SHARED])
@pytest.mark.parametrize("origin", NEARLY)
def test_no_other_origin_is_granted_anything(front_end: FrontEnd, origin: str) -> None:
    asked = preflight(front_end, origin)
    front_end.headers |= {"Origin": origin}
    posted = front_end.post(task_type="async")

    assert_error(asked, 405, ErrorCode.ERROR_ILLEGAL_OPERATION)
    assert told(asked) == told(posted) == {}
    assert asked.headers["Vary"] == posted.headers["Vary"] == "Origin"


@pytest.mark.usefixtures("early")
@pytest.mark.parametrize("changes", [{**SHARED, "rate_per_minute": 1}])
def test_a_named_page_reads_answers_and_errors_with_what_they_say_outside_their_body(
    front_end: FrontEnd,
) -> None:
    front_end.headers |= {"Origin": SHOP}
    taken = front_end.post(path="/v1/jobs")
    over = front_end.post(path="/v1/jobs")
    front_end.headers = {"Origin": SHOP}
    keyless, nowhere = (
        front_end.post(),
        front_end.client().get("/nowhere", headers={"Origin": SHOP}),
    )

    answers = (taken, over, keyless, nowhere)
    assert [answer.status_code for answer in answers] == [202, 429, 401, 404]
    for answer in answers:
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP
        assert "Access-Control-Allow-Credentials" not in answer.headers
        exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
        assert {
            *("Content-Disposition", "ETag", "Location", "RateLimit", "Retry-After"),
            *("X-Request-ID", "X-Should-Retry"),
        } <= set(exposed)


@pytest.mark.parametrize("changes", [SHARED])
def test_programs_are_answered_as_ever_but_for_vary(front_end: FrontEnd) -> None:
    answer = front_end.post(task_type="async")

    assert_success(answer, task_status=0)
    assert told(answer) == {}
    assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize("changes", [SHARED])
def test_an_options_that_is_no_preflight_is_no_method_of_ours(front_end: FrontEnd) -> None:
    answer = front_end.client().options(CUTOUT, headers={"Origin": SHOP})

    assert_error(answer, 405, ErrorCode.ERROR_ILLEGAL_OPERATION)


@pytest.mark.parametrize("changes", [{**SHARED, "keyless": True}])
def test_without_keys_a_named_page_is_as_good_as_a_program(open_front_end: FrontEnd) -> None:
    page = {"Origin": SHOP, "Sec-Fetch-Site": "cross-site", "ailabapi-api-key": "any"}
    open_front_end.headers = page

    assert_success(open_front_end.post(task_type="async"), task_status=0)


@pytest.mark.parametrize("changes", [{**SHARED, "keyless": True}])
@pytest.mark.parametrize(
    "more",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example"},
        {"X-Forwarded-For": "192.0.2.1"},
        {"ailabapi-api-key": ""},
    ],
)
def test_without_keys_a_named_page_on_another_machine_and_any_other_page_are_refused(
    open_front_end: FrontEnd, more: dict[str, Any]
) -> None:
    open_front_end.headers = {
        "Origin": SHOP,
        "Sec-Fetch-Site": "cross-site",
        "ailabapi-api-key": "any",
        **more,
    }

    assert_error(open_front_end.post(), 401, ErrorCode.ERROR_USER_NOT_EXISTS)


@pytest.mark.parametrize(
    "origin",
    [
        *("*", "null", "https://*.shop.example", "shop.example", "https://"),
        *("https://shop.example/", "https://Shop.example", "https://shop.example:443"),
        *("http://shop.example:80", "https://user@shop.example", "ftp://shop.example"),
        *("https://shop.example;https://studio.example", "https://-shop.example"),
    ],
)
def test_what_is_no_origin_is_refused_at_the_start(origin: str) -> None:
    with pytest.raises(ValidationError, match="not the origin of a page"):
        Settings(cors_origins=f"{STUDIO},{origin}")


@pytest.mark.parametrize(
    "origin",
    [
        *(
            "http://localhost:5173",
            "http://[::1]:3000",
            "https://a.b-c.example:8443",
            "http://10.0.0.1",
        )
    ],
)
def test_origins_are_taken_as_browsers_send_them(origin: str) -> None:
    assert Settings(cors_origins=f" {origin} ,{origin},").page_origins == (origin,)

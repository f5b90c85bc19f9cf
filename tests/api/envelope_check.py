"""What every answer is held to, whatever it says (contract, section 2)."""

from __future__ import annotations

import re
from typing import Any

from werkzeug.test import TestResponse

from shared.errors import CATALOGUE, ErrorCode

KEYS = [
    "request_id",
    "log_id",
    "error_code",
    "error_code_str",
    "error_msg",
    "error_detail",
    "task_type",
    "task_id",
    "task_status",
]
HEADERS = {
    "content-type": "application/json",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
#: What no message to a client may show.
PRIVATE = re.compile(
    r"/work|/tmp|/home|Traceback|127\.0\.0\.1|localhost|sqlite|redis://|\.py\b", re.IGNORECASE
)


def check_shape(answer: TestResponse) -> dict[str, Any]:
    """Check what all answers have in common, and return the body."""
    for name, value in HEADERS.items():
        assert answer.headers[name] == value, name
    body: dict[str, Any] = answer.get_json()
    known = ("data", "queue", "reference", "metadata", "lines", "checks", "warnings")
    extra = [key for key in known if key in body]
    assert list(body) == KEYS + extra
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", body["log_id"])
    assert list(body["error_detail"]) == ["status_code", "code", "code_message", "message"]
    assert body["error_detail"]["status_code"] == answer.status_code
    assert ("data" in body) == (body["task_status"] == 2)
    assert "queue" not in body or body["task_status"] == 0
    assert ("Retry-After" in answer.headers) == (
        body["task_status"] in {0, 1} or answer.status_code in {429, 503}
    )
    assert answer.headers.get("X-Should-Retry") == _is_for_later(answer, body["error_code_str"])
    assert body["task_type"] == ("async" if body["task_id"] else "")
    return body


def _is_for_later(answer: TestResponse, code: str) -> str | None:
    """Tell what an answer has to say of the same request, sent again."""
    if answer.status_code < 400:
        return None
    passes = answer.status_code in {408, 429, 503} or code == ErrorCode.UNKNOWN_ERROR
    passes &= int(answer.headers.get("Retry-After", 0)) <= 60
    return "true" if passes else "false"


def assert_success(answer: TestResponse, task_status: int, status: int = 200) -> dict[str, Any]:
    """Check an answer without an error, and return the body."""
    assert answer.status_code == status, answer.text
    body = check_shape(answer)
    assert (body["error_code"], body["error_code_str"], body["error_msg"]) == (0, "", "")
    assert body["error_detail"] == {
        "status_code": status,
        "code": "",
        "code_message": "",
        "message": "",
    }
    assert body["task_status"] == task_status
    return body


def assert_error(
    answer: TestResponse, status: int, code: ErrorCode, task_status: int = 3
) -> dict[str, Any]:
    """Check an error, and return the body."""
    assert (answer.status_code, answer.get_json()["error_detail"]["code"]) == (status, code)
    body = check_shape(answer)
    detail = body["error_detail"]
    assert detail["code_message"] == CATALOGUE[code].text
    assert detail["message"]
    assert not PRIVATE.search(detail["message"]), detail["message"]
    assert (body["error_code"], body["error_code_str"]) == (status, code)
    assert body["error_msg"] == detail["message"]
    assert body["task_status"] == task_status
    return body

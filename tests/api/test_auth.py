"""Keys: every way to send one, and every way to have none that counts."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.routes.cutout import PATH as CUTOUT
from shared.errors import ErrorCode
from shared.jobs.store import JobStore
from shared.tenants.api_key import KEYLESS_TENANT, Terms
from shared.tenants.key_store import KeyStore
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error, assert_success

KEYLESS: dict[str, Any] = {"keyless": True}
ANY_KEY = {"ailabapi-api-key": "any"}


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("ailabapi-api-key", ""),
        ("AILABAPI-API-KEY", ""),
        ("Ailabapi-Api-Key", "  "),
        ("Authorization", "Bearer "),
        ("authorization", "bearer "),
        ("AUTHORIZATION", "BEARER "),
    ],
)
def test_a_key_is_taken_from_either_header_in_any_case(
    open_front_end: FrontEnd, name: str, prefix: str
) -> None:
    _, key = open_front_end.services.key_store.create("shop")
    open_front_end.headers = {name: prefix + key}

    assert_success(open_front_end.post(task_type="async"), task_status=0)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"ailabapi-api-key": ""},
        {"ailabapi-api-key": "cw_000000000000_wrong"},
        {"ailabapi-api-key": "ключ".encode().decode("latin-1")},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer cw_x"},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "' OR 1=1 --"},
        {"Authorization": "Basic \xff\xfe=="},
        {"Authorization": "Basic /////w=="},
        {"Authorization": "Digest username=\xff"},
        {"Authorization": "Bearer \xff\xfe"},
        {"Authorization": ""},
    ],
)
def test_a_missing_or_unknown_key_is_a_401_that_says_what_to_do(
    front_end: FrontEnd, headers: dict[str, str]
) -> None:
    front_end.headers = headers

    answer = front_end.post()

    body = assert_error(answer, 401, ErrorCode.ERROR_USER_NOT_EXISTS)
    assert "API key" in body["error_msg"]
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert not front_end.object_store.inputs


def test_a_revoked_key_is_a_401(front_end: FrontEnd) -> None:
    [key] = front_end.services.key_store.list_all()
    front_end.services.key_store.revoke(key.id)

    assert_error(front_end.post(), 401, ErrorCode.ERROR_USER_NOT_EXISTS)


def test_an_expired_key_is_a_401(front_end: FrontEnd) -> None:
    _, text = front_end.services.key_store.create("shop", Terms(valid_for=timedelta(hours=1)))
    front_end.headers = {"ailabapi-api-key": text}
    assert_success(front_end.post(task_type="async"), task_status=0)

    front_end.clock.advance(hours=1)

    assert_error(front_end.post(), 401, ErrorCode.ERROR_USER_NOT_EXISTS)


def test_the_key_is_judged_before_the_body_is_read(front_end: FrontEnd) -> None:
    class Untouchable(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise AssertionError("the body was read")

        readinto = read  # type: ignore[assignment]

    answer = front_end.client().post(
        CUTOUT,
        input_stream=Untouchable(),
        content_type="multipart/form-data; boundary=x",
        headers={"Content-Length": "1000"},
    )

    assert_error(answer, 401, ErrorCode.ERROR_USER_NOT_EXISTS)


@pytest.mark.parametrize("changes", [KEYLESS])
@pytest.mark.parametrize("headers", [ANY_KEY, {"Authorization": "Bearer any"}])
@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000", "cutwork.localhost"])
def test_without_keys_any_key_is_taken_from_this_machine(
    open_front_end: FrontEnd, headers: dict[str, str], address: str, host: str
) -> None:
    open_front_end.headers = ANY_KEY
    job_id = open_front_end.submit()

    answer = open_front_end.client().get(
        f"/api/common/query-async-task-result?task_id={job_id}",
        headers={**headers, "Host": host},
        environ_base={"REMOTE_ADDR": address},
    )

    assert_success(answer, task_status=0)
    assert open_front_end.services.job_store.find(job_id, KEYLESS_TENANT) is not None


@pytest.mark.parametrize("changes", [KEYLESS])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "evil.example"},
        {"Host": "localhost.evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "evil.example@127.0.0.1@evil.example"},
        {"Host": "192.0.2.1:8000"},
        {"Host": ""},
        {"Host": "[::1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://localhost:3000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": ""},
        {"X-Forwarded-Host": "shop.example"},
    ],
)
def test_without_keys_no_web_page_and_no_proxy_is_let_in(
    open_front_end: FrontEnd, headers: dict[str, str]
) -> None:
    open_front_end.headers = {**ANY_KEY, **headers} if headers else {}

    answer = open_front_end.post()

    assert_error(answer, 401, ErrorCode.ERROR_USER_NOT_EXISTS)
    assert not open_front_end.object_store.inputs


@pytest.mark.parametrize("changes", [KEYLESS])
def test_without_keys_a_request_line_with_another_host_is_not_let_in(
    open_front_end: FrontEnd,
) -> None:
    answer = open_front_end.client().get(
        "/v1/jobs", headers=ANY_KEY, environ_overrides={"RAW_URI": "http://evil.example/v1/jobs"}
    )

    assert_error(answer, 401, ErrorCode.ERROR_USER_NOT_EXISTS)


@pytest.mark.parametrize("changes", [KEYLESS])
@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_without_keys_a_page_of_this_service_is_let_in(open_front_end: FrontEnd, site: str) -> None:
    open_front_end.headers = {
        **ANY_KEY,
        "Host": "127.0.0.1:8000",
        "Origin": "http://127.0.0.1:8000",
        "Sec-Fetch-Site": site,
    }

    assert_success(open_front_end.post(task_type="async"), task_status=0)


@pytest.mark.parametrize("changes", [KEYLESS])
@pytest.mark.parametrize("address", ["192.0.2.1", "10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1", ""])
def test_without_keys_nobody_else_is_let_in(open_front_end: FrontEnd, address: str) -> None:
    answer = open_front_end.client().post(
        CUTOUT, headers=ANY_KEY, environ_base={"REMOTE_ADDR": address}
    )

    assert_error(answer, 401, ErrorCode.ERROR_USER_NOT_EXISTS)


@pytest.mark.parametrize("changes", [KEYLESS])
def test_who_comes_through_a_published_port_before_there_is_a_key_is_told_how_to_make_one(
    open_front_end: FrontEnd,
) -> None:
    """A container's gateway is no loopback address, although the client sits at the same machine."""
    headers = {**ANY_KEY, "Host": "localhost:8000"}

    def ask() -> TestResponse:
        return open_front_end.client().get(
            "/v1/jobs", headers=headers, environ_base={"REMOTE_ADDR": "172.17.0.1"}
        )

    before = assert_error(ask(), 401, ErrorCode.ERROR_USER_NOT_EXISTS)
    open_front_end.services.key_store.create("shop")
    after = assert_error(ask(), 401, ErrorCode.ERROR_USER_NOT_EXISTS)

    assert "`cutwork-admin keys create`" in before["error_msg"]
    assert "published port" in before["error_msg"]
    assert "cutwork-admin" not in after["error_msg"]


@pytest.mark.parametrize("changes", [KEYLESS])
def test_without_keys_nobody_is_let_in_through_a_proxy_on_this_machine(
    open_front_end: FrontEnd,
) -> None:
    open_front_end.headers = ANY_KEY

    answer = open_front_end.post(header_X_Forwarded_For="192.0.2.1")

    assert_error(answer, 401, ErrorCode.ERROR_USER_NOT_EXISTS)


@pytest.mark.parametrize("changes", [KEYLESS])
def test_from_the_first_key_on_a_key_is_needed_on_this_machine_too(
    open_front_end: FrontEnd,
) -> None:
    open_front_end.services.key_store.create("shop")

    assert_error(open_front_end.post(), 401, ErrorCode.ERROR_USER_NOT_EXISTS)


def test_keyless_has_to_be_switched_on(open_front_end: FrontEnd) -> None:
    assert_error(open_front_end.post(), 401, ErrorCode.ERROR_USER_NOT_EXISTS)


def test_keys_that_cannot_be_read_are_a_503(
    front_end: FrontEnd, broken_job_store: JobStore
) -> None:
    broken = front_end.with_services(key_store=KeyStore(broken_job_store._database))

    assert_error(broken.post(), 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)

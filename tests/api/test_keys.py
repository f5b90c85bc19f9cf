"""A tenant's administrators look after its keys, and nobody else's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import SecretStr
from werkzeug.test import TestResponse

from shared.errors import ErrorCode
from shared.tenants.api_key import Scope, Terms
from shared.wire.webhook_secrets import read_secrets
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error, assert_success
from tests.keys import tenant_of
from tests.webhook_receiver import SECRET

KEYS = "/v1/keys"
LIMITS = {"rate_per_minute": 600, "max_queued_per_tenant": 50}


def administrator(front_end: FrontEnd, tenant: str = "shop") -> dict[str, str]:
    terms = Terms(scopes=frozenset({Scope.ADMIN}))
    return {"ailabapi-api-key": front_end.services.key_store.create(tenant, terms)[1]}


@pytest.fixture
def admin(front_end: FrontEnd) -> FrontEnd:
    """A front end whose client may look after keys, and beside whose key there is a usual one."""
    front_end.headers = administrator(front_end)
    return front_end


def ask(admin: FrontEnd, method: str, path: str = KEYS, body: Any = None) -> TestResponse:
    return admin.client().open(path, method=method, json=body, headers=admin.headers)


def made(answer: TestResponse) -> tuple[dict[str, Any], str]:
    data: Mapping[str, Any] = assert_success(answer, task_status=2, status=201)["data"]
    return data["key"], data["secret"]


def listed(admin: FrontEnd, query: str = "") -> dict[str, Any]:
    data: dict[str, Any] = assert_success(ask(admin, "GET", f"{KEYS}{query}"), task_status=2)[
        "data"
    ]
    return data


def test_a_key_is_made_for_the_own_tenant_and_shown_once(admin: FrontEnd) -> None:
    terms = {"name": "Müller’s import", "scopes": ["read"], "expires_in": 3600, "max_queued": 5}

    key, secret = made(ask(admin, "POST", body=terms))

    assert re.fullmatch(rf"cw_{key['id']}_[\w-]{{43}}", secret)
    caller = admin.services.key_store.find_caller(secret)
    assert caller is not None
    assert (caller.tenant, caller.max_queued) == ("shop", 5)
    assert caller.scopes == {Scope.READ}
    assert (key["name"], key["scopes"]) == ("Müller’s import", ["read"])
    assert (key["created_at"], key["expires_at"]) == (
        "2026-11-23T12:00:00.000Z",
        "2026-11-23T13:00:00.000Z",
    )
    everything = ask(admin, "GET").text + ask(admin, "GET", f"{KEYS}/{key['id']}").text
    assert secret.split("_", 2)[2] not in everything


@pytest.mark.parametrize("changes", [{"webhook_secrets": SecretStr(SECRET)}])
def test_a_key_whose_jobs_are_told_of_has_a_secret_that_is_shown_once(admin: FrontEnd) -> None:
    url = "https://shop.example/hook"

    answer = ask(admin, "POST", body={"callback_url": url})

    key, _ = made(answer)
    signing = answer.get_json()["data"]["webhook_secret"]
    assert key["callback_url"] == url
    assert admin.services.key_store.signing_secrets(key["id"]) == read_secrets(signing)
    assert signing not in ask(admin, "GET").text
    rotated = ask(admin, "POST", f"{KEYS}/{key['id']}/rotate").get_json()["data"]
    assert rotated["key"]["callback_url"] == url
    assert rotated["webhook_secret"] not in {signing, None}
    assert made(ask(admin, "POST"))[0]["callback_url"] is None
    assert signing not in str(admin.services.audit.list_entries(None, 100))


@pytest.mark.parametrize("changes", [{"webhook_secrets": SecretStr(SECRET)}])
@pytest.mark.parametrize("url", ["http://127.0.0.1/", "ftp://shop.example/", 5, "https://u@h/"])
def test_a_key_whose_jobs_would_be_told_to_nobody_or_inside_is_refused(
    admin: FrontEnd, url: object
) -> None:
    answer = ask(admin, "POST", body={"callback_url": url})

    body = assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)
    assert "`callback_url`" in body["error_msg"]


def test_without_a_word_a_key_sends_and_reads_and_does_not_end(admin: FrontEnd) -> None:
    key, _ = made(ask(admin, "POST"))

    assert key["scopes"] == ["submit", "read"]
    assert (key["expires_at"], key["rate_per_minute"], key["max_queued"]) == (None, None, None)


@pytest.mark.parametrize("changes", [LIMITS])
@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["write"]}, "scopes"),
        ({"scopes": "read"}, "scopes"),
        ({"scopes": [["read"]]}, "scopes"),
        ({"name": 5}, "name"),
        ({"callback_url": {}}, "callback_url"),
        ({"name": "x" * 65}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"expires_in": 59}, "expires_in"),
        ({"expires_in": True}, "expires_in"),
        ({"expires_in": 60.5}, "expires_in"),
        ({"max_queued": 0}, "max_queued"),
        ({"max_queued": 51}, "max_queued"),
        ({"rate_per_minute": 601}, "rate_per_minute"),
        ({"rate_per_minute": "60"}, "rate_per_minute"),
        ({"rate_per_minut": 60}, "rate_per_minut"),
        ({"tenant": "rival"}, "tenant"),
    ],
)
def test_what_no_key_can_have_is_a_400_that_names_it(
    admin: FrontEnd, body: dict[str, Any], names: str
) -> None:
    before = admin.services.key_store.list_all()

    refused = assert_error(ask(admin, "POST", body=body), 400, ErrorCode.ERROR_INVALID_PARAMETER)

    assert f"`{names}`" in refused["error_msg"]
    assert admin.services.key_store.list_all() == before


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"\xff", "application/json"),
        (b"[" * 50_000, "application/json"),
        (b"{}", "text/plain"),
        (b"name=x", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_is_no_object_is_a_400(admin: FrontEnd, body: bytes, content_type: str) -> None:
    answer = admin.client().post(KEYS, data=body, content_type=content_type, headers=admin.headers)

    assert_error(answer, 400, ErrorCode.ERROR_PARAMETERS)


@pytest.mark.parametrize("header", ["Content-Encoding", "Transfer-Encoding"])
def test_a_body_that_is_packed_is_a_400_that_names_the_header(admin: FrontEnd, header: str) -> None:
    headers = {**admin.headers, header: "gzip"}

    answer = admin.client().post(KEYS, json={}, headers=headers)

    assert f"`{header}`" in assert_error(answer, 400, ErrorCode.ERROR_PARAMETERS)["error_msg"]


def test_a_body_beyond_all_reason_is_a_413(admin: FrontEnd) -> None:
    answer = ask(admin, "POST", body={"name": "x" * 100_000})

    assert_error(answer, 413, ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE)


def test_keys_are_listed_newest_first_page_by_page_with_those_that_have_ended(
    admin: FrontEnd,
) -> None:
    ids = []
    for number in range(5):
        admin.clock.advance(seconds=number % 2)
        ids.append(made(ask(admin, "POST"))[0]["id"])
    assert ask(admin, "DELETE", f"{KEYS}/{ids[0]}").status_code == 204

    seen, cursor = [], ""
    while True:
        page = listed(admin, f"?limit=2{cursor}")
        seen += page["keys"]
        cursor = f"&cursor={page['next_cursor']}"
        if not page["next_cursor"]:
            break

    assert len(seen) == 7
    assert {key["id"] for key in seen} >= set(ids)
    assert [key["created_at"] for key in seen] == sorted(
        (k["created_at"] for k in seen), reverse=True
    )
    [ended] = [key for key in seen if key["revoked_at"]]
    assert ended["id"] == ids[0]


def test_a_revoked_key_opens_nothing_from_the_next_request_on(admin: FrontEnd) -> None:
    key, secret = made(ask(admin, "POST", body={"scopes": ["admin"]}))
    path = f"{KEYS}/{key['id']}"

    assert ask(admin, "DELETE", path).status_code == 204

    assert ask(admin, "DELETE", path).status_code == 204
    admin.headers = {"ailabapi-api-key": secret}
    assert_error(ask(admin, "GET"), 401, ErrorCode.ERROR_USER_NOT_EXISTS)


def test_a_rotated_key_opens_until_the_overlap_is_over_and_its_successor_is_like_it(
    admin: FrontEnd,
) -> None:
    store = admin.services.key_store
    old, old_secret = made(ask(admin, "POST", body={"name": "import", "scopes": ["submit"]}))

    new, new_secret = made(ask(admin, "POST", f"{KEYS}/{old['id']}/rotate", {"overlap": 60}))

    assert (new["name"], new["scopes"]) == ("import", ["submit"])
    assert tenant_of(store, old_secret) == tenant_of(store, new_secret) == "shop"
    admin.clock.advance(seconds=60)
    assert tenant_of(store, old_secret) is None
    assert tenant_of(store, new_secret) == "shop"
    again = ask(admin, "POST", f"{KEYS}/{old['id']}/rotate")
    assert_error(again, 404, ErrorCode.ERROR_RESOURCE_NOT_FOUND)


def test_a_key_may_be_rotated_at_once_and_lives_as_long_as_the_one_before(admin: FrontEnd) -> None:
    old, old_secret = made(ask(admin, "POST", body={"expires_in": 3600}))
    admin.clock.advance(minutes=30)

    new, _ = made(ask(admin, "POST", f"{KEYS}/{old['id']}/rotate", {"overlap": 0}))

    assert tenant_of(admin.services.key_store, old_secret) is None
    assert new["expires_at"] == "2026-11-23T13:30:00.000Z"


@pytest.mark.parametrize("changes", [LIMITS])
def test_a_key_above_its_tenants_quotas_is_the_operators_to_rotate(admin: FrontEnd) -> None:
    """Or each of many successors would have them for itself."""
    key, _ = admin.services.key_store.create("shop", Terms(rate_per_minute=601))

    refused = ask(admin, "POST", f"{KEYS}/{key.id}/rotate", {"overlap": 3600})

    body = assert_error(refused, 400, ErrorCode.ERROR_INVALID_PARAMETER)
    assert "operator" in body["error_msg"]
    assert admin.services.key_store.rotate(key.id, overlap=admin.clock.now - admin.clock.now)


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", ""), ("POST", "/rotate")])
def test_anothers_key_is_answered_like_an_unknown_one(
    admin: FrontEnd, method: str, path: str
) -> None:
    foreign, secret = admin.services.key_store.create("rival")

    answers = [
        ask(admin, method, f"{KEYS}/{key_id}{path}") for key_id in (foreign.id, "0" * 12, "x")
    ]

    for answer in answers:
        assert_error(answer, 404, ErrorCode.ERROR_RESOURCE_NOT_FOUND)
    assert tenant_of(admin.services.key_store, secret) == "rival"
    assert foreign.id not in ask(admin, "GET").text
    assert foreign.id not in ask(admin, "GET", "/v1/audit").text


@pytest.mark.parametrize("changes", [{"max_queued": 1}])
def test_keys_can_be_made_while_the_queue_is_full(admin: FrontEnd) -> None:
    headers, admin.headers = admin.headers, admin.key_for("shop")
    admin.submit()
    assert admin.post(task_type="async").status_code == 503
    admin.headers = headers

    made(ask(admin, "POST"))


@pytest.mark.usefixtures("early")
@pytest.mark.parametrize("changes", [{"rate_per_minute": 2}])
def test_keys_are_not_made_without_end(admin: FrontEnd) -> None:
    assert [ask(admin, "POST").status_code for _ in range(3)] == [201, 201, 429]

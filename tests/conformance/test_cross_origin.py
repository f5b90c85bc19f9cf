"""CORS on the real object store: pages of named origins upload by a signed form, and read a result by its URL."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
import pytest
from minio.error import S3Error

from shared.errors import ObjectStoreUnavailable
from shared.objects.s3_client import S3Client
from shared.objects.store import ObjectStore
from shared.settings.settings import Settings
from tests.operator_client import OperatorClient

SHOP, STUDIO, EVIL = "https://shop.example", "http://localhost:5173", "https://evil.example"
OTHER_RULE = (
    "<CORSRule><ID>operator</ID><AllowedOrigin>https://cdn.example</AllowedOrigin>"
    "<AllowedMethod>HEAD</AllowedMethod></CORSRule>"
)


class Buckets(OperatorClient):
    """Both buckets, as their operator sees them."""

    def write_rules(self, bucket: str, rules: str) -> None:
        body = f"<CORSConfiguration>{rules}</CORSConfiguration>"
        self._execute("PUT", bucket, body=body.encode(), query_params={"cors": ""})

    def read_rules(self, bucket: str) -> str:
        return self._execute("GET", bucket, query_params={"cors": ""}).data.decode()


def shared_with(settings: Settings, *origins: str) -> Settings:
    changes = {"cors_origins": ",".join(origins), "direct_uploads": True}
    return settings.model_copy(update=changes)


def allowed(answer: httpx.Response) -> str | None:
    origin: str | None = answer.headers.get("Access-Control-Allow-Origin")
    return origin


def test_a_named_page_uploads_by_a_form_and_reads_what_the_store_says(settings: Settings) -> None:
    store, job_id = ObjectStore(shared_with(settings, SHOP, STUDIO)), uuid.uuid4()
    store.set_up()
    url, fields = store.sign_upload(job_id, datetime.now(UTC) + timedelta(minutes=1), 1000)

    for origin in (SHOP, STUDIO):
        answer = httpx.post(url, data=fields, files={"file": b"x"}, headers={"Origin": origin})

        assert (answer.status_code, allowed(answer)) == (204, origin)
    assert store.get_input(job_id) == b"x"


def test_a_named_page_reads_a_result(settings: Settings) -> None:
    ObjectStore(shared_with(settings, SHOP)).set_up()
    buckets, name = Buckets(settings), settings.results_bucket
    url = buckets.presigned_get_object(name, "some")

    answer = httpx.get(url, headers={"Origin": SHOP})

    assert allowed(answer) == SHOP


def test_no_other_page_is_allowed_anything(settings: Settings) -> None:
    store = ObjectStore(shared_with(settings, SHOP))
    store.set_up()
    url = Buckets(settings).presigned_get_object(settings.results_bucket, "some")
    form, fields = store.sign_upload(uuid.uuid4(), datetime.now(UTC) + timedelta(minutes=1), 9)

    read = httpx.get(url, headers={"Origin": EVIL})
    sent = httpx.post(form, data=fields, files={"file": b"x"}, headers={"Origin": EVIL})
    asked = {"Origin": EVIL, "Access-Control-Request-Method": "POST"}
    before = httpx.options(f"{form}/some", headers=asked)

    assert allowed(read) is allowed(sent) is allowed(before) is None


def test_a_bucket_without_the_rule_is_named_with_the_cure(settings: Settings) -> None:
    store = ObjectStore(shared_with(settings, SHOP))

    with pytest.raises(ObjectStoreUnavailable, match=rf"{SHOP} POST.*cutwork-admin setup"):
        store.check_pages()

    store.set_up()
    store.check_pages()


@pytest.fixture(params=["NotImplemented", "AccessDenied", "MalformedXML"])
def without_rules(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the store refuse rules, as MinIO, a key of less right, or a store with rules of another form."""
    code: str = request.param

    def refuse(*_: object) -> None:
        raise S3Error(cast("Any", None), code, "no", None, None, None)

    monkeypatch.setattr(S3Client, "write_configuration", refuse)
    return code


def test_a_store_that_takes_no_rule_will_do_where_its_operator_has_let_the_pages_in(
    settings: Settings, without_rules: str
) -> None:
    shared, buckets = shared_with(settings, SHOP), Buckets(settings)
    for name, method in ((settings.inputs_bucket, "POST"), (settings.results_bucket, "GET")):
        rule = f"<AllowedOrigin>{SHOP}</AllowedOrigin><AllowedMethod>{method}</AllowedMethod>"
        buckets.write_rules(name, f"<CORSRule>{rule}</CORSRule>")

    ObjectStore(shared).set_up()

    ObjectStore(shared).check_pages()


def test_where_nobody_has_let_them_in_it_says_which_page_cannot_what_and_why(
    settings: Settings, without_rules: str
) -> None:
    with pytest.raises(
        ObjectStoreUnavailable, match=rf"{SHOP} POST.*{without_rules}.*at the store itself"
    ):
        ObjectStore(shared_with(settings, SHOP)).set_up()


def test_without_direct_uploads_pages_need_no_more_than_to_read_results(
    settings: Settings, without_rules: str
) -> None:
    shared = shared_with(settings, SHOP).model_copy(update={"direct_uploads": False})
    rule = f"<AllowedOrigin>{SHOP}</AllowedOrigin><AllowedMethod>GET</AllowedMethod>"
    Buckets(settings).write_rules(settings.results_bucket, f"<CORSRule>{rule}</CORSRule>")

    ObjectStore(shared).set_up()

    ObjectStore(shared).check_pages()


def test_an_origin_that_is_named_later_or_no_more_changes_our_rule_alone(
    settings: Settings,
) -> None:
    buckets, name = Buckets(settings), settings.inputs_bucket
    buckets.write_rules(name, OTHER_RULE)
    ObjectStore(shared_with(settings, SHOP, STUDIO)).set_up()
    ObjectStore(shared_with(settings, STUDIO)).set_up()

    rules = buckets.read_rules(name)

    assert "<ID>operator</ID>" in rules
    assert "<AllowedOrigin>https://cdn.example</AllowedOrigin>" in rules
    assert rules.count("<CORSRule>") == 2
    assert STUDIO in rules
    assert SHOP not in rules


def test_without_origins_rules_are_neither_read_nor_made(settings: Settings) -> None:
    store = ObjectStore(settings)

    store.set_up()
    store.check_pages()

    asked = {"Origin": SHOP, "Access-Control-Request-Method": "GET"}
    url = f"{settings.s3_endpoint}/{settings.results_bucket}/some"
    assert allowed(httpx.options(url, headers=asked)) is None

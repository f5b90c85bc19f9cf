"""`callback_url`: taken on `/v1/jobs` where webhooks are sent, and leading only where calls may go."""

from __future__ import annotations

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from api.routes.cutout import PATH as CUTOUT
from shared.sql.tables import jobs
from shared.tenants.api_key import Terms
from tests.api.conftest import FrontEnd
from tests.webhook_receiver import SECRET

PATH = "/v1/jobs"
URL = "https://shop.example/hook?key=1"

sending = pytest.mark.parametrize("changes", [{"webhook_secrets": SecretStr(SECRET)}])


def stored(front_end: FrontEnd) -> list[str | None]:
    with front_end.services.database.reading() as connection:
        return list(connection.execute(select(jobs.c.callback_url)).scalars())


@sending
def test_a_callback_url_is_kept_with_the_job(front_end: FrontEnd) -> None:
    assert front_end.post(path=PATH, callback_url=URL).status_code == 202

    assert stored(front_end) == [URL]


@sending
def test_it_is_kept_as_it_will_be_called(front_end: FrontEnd) -> None:
    front_end.post(path=PATH, callback_url="HTTPS://Shop.example:443#top")

    assert stored(front_end) == ["https://shop.example/"]


def test_where_nothing_is_sent_it_is_refused_rather_than_forgotten(front_end: FrontEnd) -> None:
    answer = front_end.post(path=PATH, callback_url=URL)

    assert answer.status_code == 400
    assert "sends no webhooks" in answer.get_json()["error_msg"]
    assert front_end.count_rows() == 0


@sending
def test_the_hosted_apis_path_does_not_know_it(front_end: FrontEnd) -> None:
    assert front_end.post(task_type="async", callback_url=URL).status_code == 200

    assert stored(front_end) == [None]


@sending
@pytest.mark.parametrize("path", [PATH, CUTOUT])
def test_a_job_that_names_none_has_its_keys_and_one_that_does_its_own(
    front_end: FrontEnd, path: str
) -> None:
    terms = Terms(callback_url=URL)
    _, secret = front_end.services.key_store.create("shop", terms)
    front_end.headers = {"ailabapi-api-key": secret}

    front_end.post(path=path, task_type="async")
    front_end.post(path=PATH, callback_url="https://other.example/")

    assert stored(front_end) == [URL, "https://other.example/"]


@sending
def test_a_repeated_upload_is_the_same_job_although_its_keys_url_is_another_now(
    front_end: FrontEnd,
) -> None:
    first = front_end.submit(header_Idempotency_Key="order-1")
    _, secret = front_end.services.key_store.create("shop", Terms(callback_url=URL))
    front_end.headers = {"ailabapi-api-key": secret}

    assert front_end.submit(header_Idempotency_Key="order-1") == first


@sending
@pytest.mark.parametrize(
    "url",
    [
        "shop.example/hook",
        "ftp://shop.example/",
        "https://user@shop.example/",
        "https://shop.example:8443/",
        "http://127.0.0.1/",
        "http://[::ffff:169.254.169.254]/latest",
        "http://2130706433/",
        "https://shop.example/" + "x" * 5000,
    ],
)
def test_one_that_leads_where_calls_may_not_go_is_refused_by_name(
    front_end: FrontEnd, url: str
) -> None:
    answer = front_end.post(path=PATH, callback_url=url)

    assert answer.status_code == 400
    assert answer.get_json()["error_msg"].startswith("`callback_url`: ")


@sending
def test_a_key_that_was_used_with_another_callback_url_is_refused(front_end: FrontEnd) -> None:
    first = front_end.post(path=PATH, callback_url=URL, header_Idempotency_Key="k")
    again = front_end.post(path=PATH, callback_url=URL, header_Idempotency_Key="k")
    other = front_end.post(path=PATH, callback_url=f"{URL}2", header_Idempotency_Key="k")

    assert first.get_json()["task_id"] == again.get_json()["task_id"]
    assert other.status_code == 422

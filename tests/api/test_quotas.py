"""Quotas: who is over one is told so before any body is read, and told when to come back."""

from __future__ import annotations

import io
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from limits.storage import MemoryStorage

from api.admission import backlog_gauge
from api.admission.quotas import seconds_until_room
from api.admission.rate_limiter import Count, RateLimiter
from api.routes.cutout import PATH as CUTOUT
from api.routes.jobs import PATH as JOBS
from shared.errors import ErrorCode
from shared.job import Queue
from shared.jobs.backlog import Backlog
from shared.tenants.api_key import Scope, Terms
from tests.api.conftest import FrontEnd, Logged
from tests.api.envelope_check import assert_error, assert_success

TWO_A_TENANT = {"max_queued_per_tenant": 2, "max_queued": 100}
TWO_IN_ALL = {"max_queued": 2}


class Untouchable(io.BytesIO):
    def read(self, *_: object) -> bytes:
        raise AssertionError("the body was read")

    readinto = read  # type: ignore[assignment]


class Exhausted(RateLimiter):
    """Lets nothing through for a while."""

    def __init__(self, seconds: float) -> None:
        super().__init__(MemoryStorage(), per_minute=3)
        self.seconds = seconds

    def hit(self, who: str, per_minute: int | None = None) -> Count:
        return Count(passes=False, remaining=0, seconds=self.seconds)


class Uncounted(RateLimiter):
    """Has a store that is away."""

    def __init__(self) -> None:
        super().__init__(MemoryStorage(), per_minute=3)

    def hit(self, who: str, per_minute: int | None = None) -> None:
        return None


def backlog(queued: int, finished_lately: int = 0, oldest_age: float = 0) -> Backlog:
    return Backlog(
        queued=queued,
        finished_lately=finished_lately,
        oldest_age=timedelta(seconds=oldest_age),
    )


def test_a_request_over_the_rate_is_a_429_that_says_when_the_window_has_a_place(
    front_end: FrontEnd,
) -> None:
    answer = front_end.with_services(rate_limiter=Exhausted(11.2)).post()

    body = assert_error(answer, 429, ErrorCode.EXCEEDING_LIMITS)
    assert "3 photos a minute" in body["error_msg"]
    assert answer.headers["Retry-After"] == "12"
    assert answer.headers["RateLimit"] == '"uploads";r=0;t=12'


@pytest.mark.parametrize(("seconds", "told"), [(60, "true"), (61, "false")])
def test_who_repeats_of_its_own_accord_is_told_not_to_where_a_429_lasts(
    front_end: FrontEnd, seconds: float, told: str
) -> None:
    answer = front_end.with_services(rate_limiter=Exhausted(seconds)).post()

    assert_error(answer, 429, ErrorCode.EXCEEDING_LIMITS)
    assert answer.headers["X-Should-Retry"] == told


@pytest.mark.parametrize("changes", [TWO_A_TENANT])
def test_a_job_over_the_queue_of_its_tenant_is_a_429(front_end: FrontEnd) -> None:
    front_end.submit()
    front_end.submit()

    answer = front_end.post(task_type="async")

    body = assert_error(answer, 429, ErrorCode.EXCEEDING_LIMITS)
    assert "2 photos" in body["error_msg"]
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("changes", [TWO_A_TENANT, TWO_IN_ALL])
def test_uploads_that_made_no_job_take_no_place_in_the_queue(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = front_end.app()
    monkeypatch.setattr(front_end, "app", lambda: app)
    monkeypatch.setattr(backlog_gauge, "_FRESH_SECONDS", 3600)
    for _ in range(3):
        answer = front_end.post(image=b"no picture", task_type="async")
        assert_error(answer, 415, ErrorCode.UNSUPPORTED_FILE_TYPES)

    assert_success(front_end.post(task_type="async"), task_status=0)


@pytest.mark.parametrize("changes", [TWO_A_TENANT])
def test_the_queue_of_one_tenant_is_not_the_others(front_end: FrontEnd) -> None:
    front_end.submit()
    front_end.submit()
    front_end.headers = front_end.key_for("rival")

    assert_success(front_end.post(task_type="async"), task_status=0)


@pytest.mark.parametrize("changes", [TWO_IN_ALL])
def test_a_job_over_the_whole_queue_is_a_503_whoever_sends_it(front_end: FrontEnd) -> None:
    front_end.submit()
    front_end.submit()
    front_end.headers = front_end.key_for("rival")

    answer = front_end.post(task_type="async")

    assert_error(answer, 503, ErrorCode.ERROR_INSUFFICIENT_RESOURCES)
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("changes", [TWO_A_TENANT, TWO_IN_ALL])
def test_a_finished_job_makes_room(front_end: FrontEnd) -> None:
    front_end.submit()
    front_end.submit()

    assert front_end.services.job_store.claim(Queue.BULK, "worker-1") is not None

    assert_success(front_end.post(task_type="async"), task_status=0)


@pytest.mark.parametrize("changes", [TWO_A_TENANT, TWO_IN_ALL])
def test_a_full_queue_takes_jobs_again_when_it_said_it_would(front_end: FrontEnd) -> None:
    """At the pace of the last minute: one photo each ten seconds."""
    for _ in range(6):
        job_id = front_end.submit()
        front_end.clock.advance(seconds=10)
        front_end.complete(job_id)
    oldest, _ = front_end.submit(), front_end.submit()
    said = int(front_end.post(task_type="async").headers["Retry-After"])

    front_end.clock.advance(seconds=said - 1)
    too_early = front_end.post(task_type="async")
    front_end.clock.advance(seconds=1)
    front_end.complete(oldest)
    in_time = front_end.post(task_type="async")

    assert said == 10
    assert too_early.status_code in {429, 503}
    assert_success(in_time, task_status=0)


@pytest.mark.parametrize("changes", [TWO_A_TENANT, TWO_IN_ALL])
def test_a_refusal_neither_reads_the_body_nor_stores_anything(front_end: FrontEnd) -> None:
    front_end.submit()
    front_end.submit()

    answer = front_end.client().post(
        CUTOUT,
        input_stream=Untouchable(),
        content_type="multipart/form-data; boundary=x",
        headers={"Content-Length": "1000", **front_end.headers},
    )

    assert answer.status_code in {429, 503}
    assert front_end.count_rows() == len(front_end.object_store.inputs) == 2


@pytest.mark.parametrize("changes", [TWO_A_TENANT, TWO_IN_ALL])
def test_a_repeated_request_gets_its_job_although_the_queue_is_full(front_end: FrontEnd) -> None:
    first = front_end.submit(header_Idempotency_Key="order-1")
    front_end.submit()

    again = front_end.post(task_type="async", header_Idempotency_Key="order-1")

    assert uuid.UUID(assert_success(again, task_status=0)["task_id"]) == first
    fresh = front_end.post(task_type="async", header_Idempotency_Key="order-2")
    assert fresh.status_code in {429, 503}


@pytest.mark.usefixtures("early")
@pytest.mark.parametrize("changes", [{"rate_per_minute": 3}])
def test_uploads_say_how_many_more_may_follow_and_refused_ones_when(front_end: FrontEnd) -> None:
    answers = [
        front_end.post(path=path, task_type="async") for path in (CUTOUT, JOBS, CUTOUT, JOBS)
    ]

    assert [answer.status_code for answer in answers] == [200, 202, 200, 429]
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"uploads";q=3;w=60'}
    told = [re.fullmatch('"uploads";r=(.);t=([1-9].?)', a.headers["RateLimit"]) for a in answers]
    assert [found and found[1] for found in told] == ["2", "1", "0", "0"]
    assert told[3] is not None
    assert told[3][2] == answers[3].headers["Retry-After"]


@pytest.mark.usefixtures("early")
@pytest.mark.parametrize("changes", [{**TWO_IN_ALL, "rate_per_minute": 5}])
def test_what_is_refused_otherwise_says_what_is_left_of_the_rate_too(front_end: FrontEnd) -> None:
    wrong = front_end.post(b"GIF89a", task_type="async")
    front_end.submit()
    front_end.submit()

    full = front_end.post(task_type="async")

    assert (wrong.status_code, full.status_code) == (415, 503)
    assert wrong.headers["RateLimit"].startswith('"uploads";r=4;')
    assert full.headers["RateLimit"].startswith('"uploads";r=1;')


@pytest.mark.parametrize("changes", [{"rate_per_minute": 0}])
def test_without_a_rate_nothing_is_said_of_one(front_end: FrontEnd) -> None:
    answer = front_end.post(task_type="async")

    assert not [name for name, _ in answer.headers if name.startswith("RateLimit")]


def test_what_is_not_counted_says_nothing_of_the_rate(front_end: FrontEnd) -> None:
    job_id = front_end.submit()
    front_end.headers, known = {}, front_end.headers

    unknown = front_end.post()
    front_end.headers = known

    for answer in (unknown, front_end.query(job_id), front_end.client().get("/healthz")):
        assert "RateLimit" not in answer.headers


def test_while_nobody_can_count_only_the_policy_is_told(front_end: FrontEnd) -> None:
    answer = front_end.with_services(rate_limiter=Uncounted()).post(task_type="async")

    assert answer.headers["RateLimit-Policy"] == '"uploads";q=3;w=60'
    assert "RateLimit" not in answer.headers


def key_of(front_end: FrontEnd, **terms: Any) -> dict[str, str]:
    return {"ailabapi-api-key": front_end.services.key_store.create("shop", Terms(**terms))[1]}


def statuses(front_end: FrontEnd, count: int) -> list[int]:
    return [front_end.post(task_type="async").status_code for _ in range(count)]


@pytest.mark.usefixtures("early")
@pytest.mark.parametrize("changes", [{"rate_per_minute": 5}])
def test_a_keys_own_rate_holds_within_its_tenants(front_end: FrontEnd) -> None:
    other, front_end.headers = front_end.headers, key_of(front_end, rate_per_minute=2)

    own = [front_end.post(task_type="async") for _ in range(3)]
    front_end.headers = other

    assert [answer.status_code for answer in own] == [200, 200, 429]
    assert own[2].headers["RateLimit-Policy"] == '"uploads";q=2;w=60'
    assert statuses(front_end, 4) == [200, 200, 200, 429]
    front_end.headers = key_of(front_end, rate_per_minute=2)
    assert statuses(front_end, 1) == [429]


@pytest.mark.usefixtures("early")
@pytest.mark.parametrize("changes", [{"rate_per_minute": 1}])
def test_a_key_with_a_rate_above_its_tenants_has_its_minutes_for_itself(
    front_end: FrontEnd,
) -> None:
    assert statuses(front_end, 2) == [200, 429]
    front_end.headers = key_of(front_end, rate_per_minute=3)

    assert statuses(front_end, 4) == [200, 200, 200, 429]


@pytest.mark.parametrize("changes", [{"max_queued_per_tenant": 3}])
def test_a_keys_own_queue_holds_within_its_tenants(front_end: FrontEnd) -> None:
    other, front_end.headers = front_end.headers, key_of(front_end, max_queued=1)

    refused = [front_end.post(task_type="async") for _ in range(2)][-1]

    body = assert_error(refused, 429, ErrorCode.EXCEEDING_LIMITS)
    assert "1 photos of this key" in body["error_msg"]
    front_end.headers = other
    assert statuses(front_end, 3) == [200, 200, 429]


@pytest.mark.parametrize("changes", [{"max_queued_per_tenant": 1}])
def test_a_key_with_a_queue_above_its_tenants_has_it_for_itself(front_end: FrontEnd) -> None:
    assert statuses(front_end, 2) == [200, 429]
    front_end.headers = key_of(front_end, max_queued=2)

    assert statuses(front_end, 3) == [200, 200, 429]


def test_a_poll_is_never_refused(front_end: FrontEnd) -> None:
    job_id = front_end.submit()

    answer = front_end.with_services(rate_limiter=Exhausted(60)).query(job_id)

    assert_success(answer, task_status=0)


def test_every_route_that_takes_uploads_is_limited(front_end: FrontEnd) -> None:
    app = front_end.with_services(rate_limiter=Exhausted(60)).app()
    uploads = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    assert uploads
    headers = key_of(front_end, scopes=frozenset(Scope))

    for rule in uploads:
        answer = app.test_client().post(rule.rule, headers=headers)

        assert_error(answer, 429, ErrorCode.EXCEEDING_LIMITS)


def test_a_refusal_is_logged_with_what_was_told(front_end: FrontEnd, logged: Logged) -> None:
    front_end.with_services(rate_limiter=Exhausted(11.2)).post()

    [event] = logged
    assert (event["event"], event["code"]) == ("request.refused", ErrorCode.EXCEEDING_LIMITS)
    assert event["retry_after_s"] == 12


@pytest.mark.parametrize(
    ("queue", "seconds"),
    [
        # 10 of 1000 have to leave, at 20 a minute.
        (backlog(1000, finished_lately=20), 30),
        # 50 more than the limit, too.
        (backlog(1050, finished_lately=60), 60),
        # Fast enough for at once; slow enough for the longest there is.
        (backlog(1000, finished_lately=6000), 1),
        (backlog(1000, finished_lately=1), 300),
        # Nothing moves: as long again as it already has.
        (backlog(1000, oldest_age=45), 45),
        (backlog(1000, oldest_age=7200), 300),
        (backlog(1000), 1),
    ],
)
def test_the_estimate_follows_the_pace_of_the_queue(queue: Backlog, seconds: float) -> None:
    assert seconds_until_room(queue, limit=1000) == seconds

"""The library: what it sends, what it makes of the answers, and when it tries again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from flask import Response

from cutwork import (
    Access,
    AsyncClient,
    Client,
    Job,
    JobFailed,
    KeyRefused,
    Options,
    Picture,
    Refusal,
    Status,
    TryLater,
    Unreachable,
    patience,
)
from cutwork.names import name_of
from cutwork.transport import Transport
from deploy.local.servers.ports import LOOPBACK, free_port
from shared.errors import ErrorCode
from tests.client.fake_service import KEY, PNG, FakeService, refusal

PHOTO = b"a photo"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_FIRST", 0.001)


def times(count: int, make: Callable[[], Response]) -> Callable[[], Response | None]:
    """Answer so many requests otherwise."""
    answers = [make] * count
    return lambda: answers.pop()() if answers else None


def test_a_photo_is_cut_and_its_pictures_are_saved(service: FakeService, tmp_path: Path) -> None:
    with Client() as client:
        job = client.cut(PHOTO, Options(classes=["tops", "hat"], forms=["cutout", "mask"]))
        path = client.save(job.pictures[0], tmp_path / "cutout.png")

    assert job.status is Status.SUCCEEDED
    assert [(it.form, it.category) for it in job.pictures] == [
        ("cutout", ""),
        ("cutout", "tops"),
        ("mask", ""),
        ("mask", "tops"),
    ]
    assert job.classes == ["tops"]
    assert job.report
    assert not job.report.look
    assert path.read_bytes().startswith(PNG)
    assert [file.name for file in tmp_path.iterdir()] == ["cutout.png"]
    assert service.agents == {"cutwork-client/0.1.0"}


def test_the_async_client_does_the_same(service: FakeService, tmp_path: Path) -> None:
    service.lag = 1

    async def cut() -> tuple[Job, list[Status]]:
        async with AsyncClient() as client:
            await client.check()
            job = await client.cut(PHOTO, Options(classes=["tops"]))
            await client.save(job.pictures[0], tmp_path / "cutout.png")
            found = await client.get_many([job.task_id, "no-job"], wait=1)
            await client.erase(job.task_id)
            return job, [it.status for it in found.jobs]

    job, statuses = anyio.run(cut)

    assert job.status is Status.SUCCEEDED
    assert statuses == [Status.SUCCEEDED, Status.UNKNOWN]
    assert (tmp_path / "cutout.png").read_bytes().startswith(PNG)
    assert service.jobs == {}


def test_a_job_that_goes_on_is_waited_for(
    service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    service.lag = 3

    with Client() as client:
        assert client.cut(PHOTO).status is Status.SUCCEEDED


def test_a_photo_without_clothing_raises_what_the_service_says(service: FakeService) -> None:
    service.fate = lambda _: ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED

    with Client() as client, pytest.raises(JobFailed, match="NO_RECOGNITION_TARGET") as raised:
        client.cut(PHOTO)

    assert raised.value.job.status is Status.FAILED


def test_what_passes_is_tried_again_under_the_same_key(
    service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    service.intercept = times(2, lambda: refusal(ErrorCode.ERROR_RESOURCE_UNAVAILABLE, 7))

    with Client() as client:
        client.submit(PHOTO)

    assert pauses == [7, 7]
    assert sum(service.posts.values()) == len(service.jobs) == 1
    assert service.asked.count("POST /v1/jobs") == 3


def test_what_does_not_pass_is_not_tried_again(service: FakeService) -> None:
    service.intercept = lambda: refusal(ErrorCode.UNSUPPORTED_FILE_TYPES)

    with Client() as client, pytest.raises(Refusal) as raised:
        client.submit(PHOTO)

    assert (raised.value.status, raised.value.code) == (415, "UNSUPPORTED_FILE_TYPES")
    assert len(service.asked) == 1


def test_a_wait_that_is_longer_than_the_patience_is_told_instead(service: FakeService) -> None:
    service.intercept = lambda: refusal(ErrorCode.EXCEEDING_LIMITS, 7)

    with Client(patience=1) as client, pytest.raises(TryLater) as raised:
        client.submit(PHOTO)

    assert raised.value.retry_after == 7
    assert len(service.asked) == 1


def test_a_key_that_is_refused_is_an_error_of_its_own(service: FakeService) -> None:
    with Client(Access(service.url, "another")) as client, pytest.raises(KeyRefused):
        client.check()


def test_a_key_that_lacks_a_scope_is_refused_like_one_that_is_unknown(service: FakeService) -> None:
    service.intercept = lambda: refusal(ErrorCode.ERROR_PERMISSION_DENIED)

    with Client() as client, pytest.raises(KeyRefused):
        client.submit(PHOTO)


def test_nobody_there_is_an_error_of_its_own() -> None:
    access = Access(f"http://{LOOPBACK}:{free_port()}", KEY)

    with Client(access, patience=0) as client, pytest.raises(Unreachable):
        client.check()


@pytest.mark.parametrize("body", ["<h1>It works</h1>", "[]", '{"error_detail": {}}'])
def test_what_is_not_cutwork_is_not_taken_for_it(service: FakeService, body: str) -> None:
    service.intercept = lambda: Response(body, mimetype="text/html")

    with Client(patience=0) as client, pytest.raises(Unreachable, match="not Cutwork"):
        client.get("some-id")


def test_a_job_that_is_deleted_already_is_erased_all_the_same(service: FakeService) -> None:
    service.intercept = lambda: refusal(ErrorCode.ERROR_TASK_REVOKED)

    with Client() as client:
        client.erase("some-id")


@pytest.mark.parametrize(
    "url", ["http://[store/a?X-Amz-Signature=s", "http://127.0.0.1:1/a?X-Amz-Signature=s"]
)
def test_a_store_that_does_not_answer_is_named_without_the_signature(url: str) -> None:
    transport = Transport(Access("http://127.0.0.1:1", "key"))

    with pytest.raises(Unreachable) as raised, transport.download(url):
        pass

    transport.close()
    assert url.partition("?")[0] in str(raised.value)
    assert "Signature" not in str(raised.value)


@pytest.mark.parametrize("form", ["../mask", "a/b", "", ".."])
def test_no_answer_leads_a_picture_out_of_its_folder(form: str) -> None:
    with pytest.raises(Unreachable):
        name_of("photo", Picture(form, "", "http://127.0.0.1"), "image/png")


def test_a_key_is_never_shown() -> None:
    assert KEY not in repr(Access("http://127.0.0.1", KEY))

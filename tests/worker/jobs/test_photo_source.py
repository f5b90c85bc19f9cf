"""Photos that are fetched: what is taken, what is tried again, and what is refused in which words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
import structlog

from shared.errors import ErrorCode, ObjectMissing, Refused, TryAgain
from shared.objects.store import ObjectStore
from shared.outgoing.caller import Caller
from shared.outgoing.policy import Policy
from shared.wire.contract import MAX_IMAGE_BYTES
from tests.api.photos import photo
from tests.factories import new_job
from tests.pictures import png_header
from tests.raw_server import RawServer, Script, ok, running_raw_server, say
from tests.worker.conftest import Stores
from worker.jobs.photo_source import FetchesTaken, PhotoSource

PHOTO = photo()


@pytest.fixture
def shop() -> Iterator[RawServer]:
    with running_raw_server(say(ok(PHOTO))) as server:
        yield server


@pytest.fixture
def source(stores: Stores, shop: RawServer) -> PhotoSource:
    policy = Policy.read(ports=str(shop.port), networks="127.0.0.1/32")
    return PhotoSource(cast("ObjectStore", stores.object_store), Caller(policy), seconds=1)


@pytest.fixture
def url(shop: RawServer) -> str:
    return f"http://127.0.0.1:{shop.port}/a.jpg?signature=secret"


def test_a_fetched_photo_is_kept_as_an_upload_is(
    source: PhotoSource, stores: Stores, url: str
) -> None:
    job = stores.accept_url(url)

    assert source.read(job) == PHOTO
    assert stores.object_store.inputs == {job.id: PHOTO}


def test_an_upload_that_never_came_is_told_from_one_that_is_gone(
    source: PhotoSource, stores: Stores
) -> None:
    awaited = stores.job_store.create(new_job(input_bytes=0))
    lost = stores.accept(PHOTO)
    stores.object_store.delete_input(lost.id)
    assert awaited is not None

    with pytest.raises(Refused, match="POST /v1/uploads") as error:
        source.read(awaited)
    assert error.value.code is ErrorCode.UPLOAD_MISSING
    with pytest.raises(ObjectMissing):
        source.read(lost)


def test_what_was_kept_is_not_fetched_again(
    source: PhotoSource, stores: Stores, shop: RawServer, url: str
) -> None:
    job = stores.accept_url(url)
    stores.object_store.put_input(job.id, b"kept")

    assert source.read(job) == b"kept"
    assert not shop.heard


def test_an_upload_that_is_gone_is_not_fetched(source: PhotoSource, stores: Stores) -> None:
    job = stores.accept()
    stores.object_store.delete_input(job.id)

    with pytest.raises(ObjectMissing):
        source.read(job)


def silent(server: RawServer) -> Script:
    def wait(_: object) -> None:
        server.ended.wait(10)

    return wait


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 522])
def test_a_server_with_a_fault_of_its_own_is_asked_again(
    source: PhotoSource, stores: Stores, shop: RawServer, url: str, status: int
) -> None:
    shop.script = say(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())

    with pytest.raises(TryAgain, match=f"answers {status}") as error:
        source.read(stores.accept_url(url))

    assert error.value.code is ErrorCode.IMAGE_URL_UNREACHABLE


@pytest.mark.parametrize("status", [201, 204, 304, 400, 401, 403, 404, 410, 451])
def test_a_server_that_has_no_photo_is_not_asked_again(
    source: PhotoSource, stores: Stores, shop: RawServer, url: str, status: int
) -> None:
    shop.script = say(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())

    with pytest.raises(Refused, match=f"answers {status}") as error:
        source.read(stores.accept_url(url))

    assert error.value.code is ErrorCode.IMAGE_URL_UNREACHABLE


def test_a_server_that_takes_too_long_is_asked_again(
    source: PhotoSource, stores: Stores, shop: RawServer, url: str
) -> None:
    shop.script = silent(shop)

    with pytest.raises(TryAgain) as error:
        source.read(stores.accept_url(url))

    assert error.value.code is ErrorCode.IMAGE_URL_TIMEOUT


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (ok(bytes(MAX_IMAGE_BYTES + 1)), ErrorCode.FILE_SIZE_EXCEEDS_LIMIT, "more than"),
        (ok(png_header(3000, 100)), ErrorCode.FILE_RESOLUTION_EXCEEDS_LIMITS, "shorter than"),
        (ok(png_header(50, 100)), ErrorCode.ERROR_LOW_RESOLUTION, "longer than"),
        (ok(PHOTO[:30]), ErrorCode.FILE_DECODING_FAILURE, "damaged"),
        (ok(b"GIF89a"), ErrorCode.UNSUPPORTED_FILE_TYPES, "JPEG, PNG or BMP"),
        (ok(b""), ErrorCode.UNSUPPORTED_FILE_TYPES, "JPEG, PNG or BMP"),
        (
            ok(b"<html>", "Content-Type: text/html; charset=utf-8"),
            ErrorCode.UNSUPPORTED_FILE_TYPES,
            "page",
        ),
        (ok(PHOTO, "Content-Encoding: gzip"), ErrorCode.IMAGE_URL_UNREACHABLE, "packs"),
    ],
)
def test_what_would_be_refused_as_an_upload_is_refused_and_not_kept(
    source: PhotoSource,
    stores: Stores,
    shop: RawServer,
    url: str,
    answer: bytes,
    code: ErrorCode,
    words: str,
) -> None:
    shop.script = say(answer)

    with pytest.raises(Refused, match=words) as error:
        source.read(stores.accept_url(url))

    assert error.value.code is code
    assert not stores.object_store.inputs


def test_what_a_server_calls_a_page_may_be_a_photo_all_the_same(
    source: PhotoSource, stores: Stores, shop: RawServer, url: str
) -> None:
    shop.script = say(ok(PHOTO, "Content-Type: text/html"))

    assert source.read(stores.accept_url(url)) == PHOTO


def test_no_more_fetch_at_once_than_may(
    source: PhotoSource, stores: Stores, shop: RawServer, url: str
) -> None:
    with source.slots, pytest.raises(FetchesTaken):
        source.read(stores.accept_url(url))

    assert not shop.heard


def test_no_log_line_has_the_query_of_a_url(
    source: PhotoSource, stores: Stores, shop: RawServer, url: str
) -> None:
    with structlog.testing.capture_logs() as events:
        source.read(stores.accept_url(url))
        shop.script = say(b"garbage")
        with pytest.raises(TryAgain):
            source.read(job := stores.accept_url(url))

    assert [event["event"] for event in events] == ["photo.answered", "photo.not_fetched"]
    assert "secret" not in f"{events}{job}"

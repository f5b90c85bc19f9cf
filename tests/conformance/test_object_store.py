"""The object store, and the fake that stands in for it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from minio.deleteobjects import DeleteError, DeleteObject
from pydantic import SecretStr

from deploy.local.servers.ports import LOOPBACK
from shared.errors import Misconfigured, ObjectMissing, ObjectStoreUnavailable
from shared.job import Job, Lease
from shared.jobs.rows import new_row, to_job
from shared.objects.store import IMAGE, ObjectStore
from shared.settings.settings import Settings
from shared.sql.tables import jobs
from shared.wire.contract import RESULT_LIFETIME
from shared.wire.option_words import OptionWords
from shared.wire.rendition import Format
from tests.factories import new_job
from tests.fakes import InMemoryObjectStore
from tests.operator_client import OperatorClient


@pytest.fixture(params=["s3", "fake"])
def store(request: pytest.FixtureRequest) -> ObjectStore | InMemoryObjectStore:
    if request.param == "fake":
        return InMemoryObjectStore()
    return ObjectStore(request.getfixturevalue("settings"))


def finished_job(job_id: uuid.UUID, remaining: timedelta = RESULT_LIFETIME) -> Job:
    now = datetime.now(UTC)
    row: dict[str, Any] = {column.name: None for column in jobs.columns}
    row |= {**new_row(new_job(id=job_id), 0, now), "attempt": 1, "releases": 0, "error_message": ""}
    row |= {"status": "succeeded", "shown": {}, "expires_at": now + remaining}
    return to_job(row, now)  # type: ignore[arg-type]


def test_an_input_is_read_as_it_was_stored(store: ObjectStore) -> None:
    job_id = uuid.uuid4()
    store.put_input(job_id, b"\x00photo\xff")

    assert store.get_input(job_id) == b"\x00photo\xff"


def test_an_input_that_is_gone_is_missing_rather_than_unavailable(store: ObjectStore) -> None:
    job_id = uuid.uuid4()
    store.put_input(job_id, b"photo")
    store.delete_input(job_id)

    with pytest.raises(ObjectMissing):
        store.get_input(job_id)


def test_results_lead_where_their_urls_do(store: ObjectStore) -> None:
    url = urlsplit(store.sign_result(finished_job(uuid.uuid4()), IMAGE, "127.0.0.1"))

    assert store.results_origin("127.0.0.1") == f"{url.scheme}://{url.netloc}"


def test_deleting_what_is_not_there_is_fine(store: ObjectStore) -> None:
    store.delete_input(uuid.uuid4())
    store.delete_results(uuid.uuid4())
    store.delete_attempt(Lease(uuid.uuid4(), 1))


def test_all_of_many_jobs_is_deleted_together(store: ObjectStore) -> None:
    doomed, kept = [uuid.uuid4() for _ in range(20)], uuid.uuid4()
    for job_id in (*doomed, kept):
        store.put_input(job_id, b"photo")
        for attempt, name in ((1, IMAGE), (1, "tops"), (3, IMAGE)):
            store.put_result(Lease(job_id, attempt), name, b"png")

    assert store.delete_jobs([*doomed, uuid.uuid4()]) == {}

    for job_id in doomed:
        with pytest.raises(ObjectMissing):
            store.get_input(job_id)
    assert {key.partition("/")[0] for key in result_keys(store)} == {str(kept)}
    assert store.get_input(kept) == b"photo"


def test_many_uploads_are_deleted_together(store: ObjectStore) -> None:
    doomed, kept = [uuid.uuid4() for _ in range(3)], uuid.uuid4()
    for job_id in (*doomed, kept):
        store.put_input(job_id, b"photo")

    store.delete_inputs([*doomed, uuid.uuid4()])

    for job_id in doomed:
        with pytest.raises(ObjectMissing):
            store.get_input(job_id)
    assert store.get_input(kept) == b"photo"


def result_keys(store: ObjectStore) -> list[str]:
    if isinstance(store, InMemoryObjectStore):
        return [f"{job_id}/{attempt}/{name}.png" for job_id, attempt, name in store.results]
    found = store._client.list_objects(store._results, recursive=True)
    return [str(result.object_name) for result in found]


def test_a_result_has_a_url_that_names_its_file(store: ObjectStore) -> None:
    job_id = uuid.uuid4()
    store.put_result(Lease(job_id, 1), IMAGE, b"png")

    url = store.sign_result(finished_job(job_id), IMAGE)

    assert f"{job_id}/1/image.png" in url


@pytest.fixture
def s3(settings: Settings) -> ObjectStore:
    return ObjectStore(settings)


def test_what_the_store_refuses_to_delete_is_named_and_the_rest_is_gone(
    s3: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, free = uuid.uuid4(), uuid.uuid4()
    for job_id in (held, free):
        s3.put_result(Lease(job_id, 1), IMAGE, b"png")
    remove = s3._client.remove_objects

    def refuse(bucket: str, wanted: Iterable[DeleteObject]) -> Iterator[DeleteError]:
        """Answer as a store does where an object is locked."""
        named = list(wanted)
        for each in named:
            if str(held) in each.name:
                yield DeleteError("AccessDenied", "Access Denied", each.name, None)
        yield from remove(bucket, [each for each in named if str(held) not in each.name])

    monkeypatch.setattr(s3._client, "remove_objects", refuse)

    assert s3.delete_jobs([held, free]) == {held: "AccessDenied"}

    assert result_keys(s3) == [f"{held}/1/image.png"]


def test_a_result_url_reads_the_png_and_says_what_it_is(s3: ObjectStore) -> None:
    job_id = uuid.uuid4()
    s3.put_result(Lease(job_id, 1), "tops", b"png")

    got = httpx.get(s3.sign_result(finished_job(job_id), "tops"))

    assert got.content == b"png"
    assert got.headers["content-type"] == "image/png"
    assert got.headers["content-disposition"] == 'inline; filename="tops.png"'


@pytest.mark.parametrize("picture_format", Format)
def test_a_result_url_says_the_format_that_the_job_has(
    s3: ObjectStore, picture_format: Format
) -> None:
    job = finished_job(uuid.uuid4())
    job = replace(job, option_words=OptionWords(rendition={"format": str(picture_format)}))
    s3.put_result(job.lease, "tops-mask", b"picture", picture_format)

    got = httpx.get(s3.sign_result(job, "tops-mask"))

    assert got.content == b"picture"
    assert got.headers["content-type"] == f"image/{picture_format}"
    assert f'filename="tops-mask.{picture_format}"' in got.headers["content-disposition"]


def test_a_result_url_ends_with_its_job(s3: ObjectStore) -> None:
    job_id = uuid.uuid4()
    s3.put_result(Lease(job_id, 1), IMAGE, b"png")
    yesterday = datetime.now(UTC) - RESULT_LIFETIME
    job = finished_job(job_id)
    object.__setattr__(job, "read_at", yesterday)  # signed a day ago
    object.__setattr__(job, "expires_at", yesterday + timedelta(hours=23))

    assert httpx.get(s3.sign_result(job, IMAGE)).status_code == 403


def test_deleting_results_takes_all_attempts_of_one_job(s3: ObjectStore) -> None:
    mine, other = uuid.uuid4(), uuid.uuid4()
    for lease in (Lease(mine, 1), Lease(mine, 2), Lease(other, 1)):
        s3.put_result(lease, IMAGE, b"png")

    s3.delete_results(mine)

    assert httpx.get(s3.sign_result(finished_job(mine), IMAGE)).status_code == 404
    assert httpx.get(s3.sign_result(finished_job(other), IMAGE)).status_code == 200


def test_urls_carry_the_public_name_of_the_store(settings: Settings) -> None:
    public = settings.model_copy(update={"s3_public_endpoint": "https://cdn.example.com"})

    url = ObjectStore(public).sign_result(finished_job(uuid.uuid4()), IMAGE)

    assert url.startswith(f"https://cdn.example.com/{settings.results_bucket}/")


def test_urls_lead_to_the_host_by_which_a_client_came(settings: Settings) -> None:
    public = settings.model_copy(update={"s3_public_endpoint": "http://{host}:8001"})
    store, job = ObjectStore(public), finished_job(uuid.uuid4())

    hosts = ["192.168.1.5:8000", "photos.local", "[fd00::5]:8000", "evil/../x", ""]
    urls = [urlsplit(store.sign_result(job, IMAGE, host)).netloc for host in hosts]

    assert urls == [
        "192.168.1.5:8001",
        "photos.local:8001",
        "[fd00::5]:8001",
        "localhost:8001",
        "localhost:8001",
    ]


def test_a_url_for_the_host_by_which_a_client_came_opens_there_alone(
    settings: Settings, s3: ObjectStore
) -> None:
    """The signature covers the host, so a URL that was made for another one is refused."""
    endpoint = settings.s3_endpoint
    if urlsplit(endpoint).hostname != LOOPBACK:
        pytest.skip("it asks by two names that this machine has")
    port = endpoint.rpartition(":")[2]
    public = settings.model_copy(update={"s3_public_endpoint": f"http://{{host}}:{port}"})
    job_id = uuid.uuid4()
    s3.put_result(Lease(job_id, 1), IMAGE, b"png")

    url = ObjectStore(public).sign_result(finished_job(job_id), IMAGE, "localhost:8000")

    assert httpx.get(url.replace("localhost", "127.0.0.1", 1)).status_code == 403
    moved = url.replace("localhost", "127.0.0.1", 1)
    assert httpx.get(moved, headers={"Host": f"localhost:{port}"}).content == b"png"


def test_setting_up_twice_changes_nothing_and_passes_the_check(s3: ObjectStore) -> None:
    s3.set_up()

    s3.check()


def test_a_bucket_without_its_lifecycle_rule_is_reported_with_the_cure(
    settings: Settings, s3: ObjectStore
) -> None:
    client = OperatorClient(settings)
    client.delete_bucket_lifecycle(settings.results_bucket)

    with pytest.raises(ObjectStoreUnavailable, match=r"lifecycle rule.*cutwork-admin setup"):
        s3.check()
    s3.set_up()
    s3.check()


def test_a_bucket_that_is_missing_is_reported_with_the_cure(settings: Settings) -> None:
    elsewhere = settings.model_copy(update={"inputs_bucket": "nowhere"})

    with pytest.raises(ObjectStoreUnavailable, match="cutwork-admin setup"):
        ObjectStore(elsewhere).check()


@pytest.mark.parametrize(
    "change",
    [{"s3_endpoint": "http://127.0.0.1:1"}, {"s3_secret_key": SecretStr("wrong")}],
    ids=["nobody listens", "wrong secret"],
)
def test_a_store_that_cannot_be_used_is_unavailable(
    settings: Settings, change: dict[str, Any]
) -> None:
    store = ObjectStore(settings.model_copy(update=change))

    for call in (
        lambda: store.put_input(uuid.uuid4(), b"photo"),
        lambda: store.get_input(uuid.uuid4()),
        store.check,
    ):
        with pytest.raises(ObjectStoreUnavailable):
            call()


def test_an_endpoint_that_is_no_url_is_refused_at_start(settings: Settings) -> None:
    with pytest.raises(Misconfigured, match=r"127\.0\.0\.1:9000"):
        ObjectStore(settings.model_copy(update={"s3_endpoint": "127.0.0.1:9000"}))


def test_deleting_an_attempt_spares_the_others(s3: ObjectStore) -> None:
    job_id = uuid.uuid4()
    for attempt in (1, 10):
        s3.put_result(Lease(job_id, attempt), IMAGE, b"png")

    s3.delete_attempt(Lease(job_id, 10))

    # The job signs the URL of its current attempt, the first.
    assert httpx.get(s3.sign_result(finished_job(job_id), IMAGE)).status_code == 200
    s3.delete_attempt(Lease(job_id, 1))
    assert httpx.get(s3.sign_result(finished_job(job_id), IMAGE)).status_code == 404

"""The policies of `deploy/roles/s3`, as SeaweedFS holds them: each role does all of its work, and nothing else."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from minio import Minio
from minio.error import S3Error
from pydantic import SecretStr

from deploy.local.servers.s3_identities import POLICIES, Buckets
from deploy.local.servers.seaweedfs import SeaweedFS
from shared.errors import ObjectMissing, ObjectStoreUnavailable
from shared.job import Lease
from shared.objects.store import IMAGE, ObjectStore
from shared.settings.settings import Settings

PNG = b"\x89PNG"
HOUR = timedelta(hours=1)
#: Not the usual ones: the policies have to follow.
BUCKETS = Buckets("some-inputs", "some-results")
OTHER = "a-bucket-of-others"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    with SeaweedFS(tmp_path_factory.mktemp("roles"), buckets=BUCKETS) as server:
        client(server, "").make_bucket(OTHER)
        store(server, "setup").set_up()
        yield server


def client(server: SeaweedFS, role: str) -> Minio:
    """Connect as a role; as the owner without one."""
    keys = server.keys.for_role(role) if role else server.keys
    host = server.endpoint.removeprefix("http://")
    return Minio(host, keys.access_key, keys.secret_key, secure=False, region="us-east-1")


def store(server: SeaweedFS, role: str) -> ObjectStore:
    keys = server.keys.for_role(role)
    return ObjectStore(
        Settings(
            s3_endpoint=server.endpoint,
            s3_access_key=keys.access_key,
            s3_secret_key=SecretStr(keys.secret_key),
            inputs_bucket=BUCKETS.inputs,
            results_bucket=BUCKETS.results,
        )
    )


@pytest.fixture
def lease() -> Lease:
    return Lease(uuid.uuid4(), 1)


def test_setting_up_again_changes_nothing(server: SeaweedFS) -> None:
    store(server, "setup").set_up()


def test_a_front_end_takes_uploads_signs_results_and_erases_both(
    server: SeaweedFS, lease: Lease
) -> None:
    front_end = store(server, "front-end")

    front_end.check()
    front_end.put_input(lease.job_id, b"photo")
    form, fields = front_end.sign_upload(lease.job_id, datetime.now(UTC) + HOUR, 1000)
    assert httpx.post(form, data=fields, files={"file": b"photo"}).status_code == 204
    store(server, "worker").put_result(lease, IMAGE, PNG)
    url = client(server, "front-end").presigned_get_object(
        BUCKETS.results, f"{lease.job_id}/1/{IMAGE}.png"
    )
    assert httpx.get(url).content == PNG
    front_end.delete_results(lease.job_id)
    front_end.delete_input(lease.job_id)

    assert httpx.get(url).status_code == 404


def test_a_worker_reads_uploads_keeps_what_it_fetched_and_stores_and_takes_back_results(
    server: SeaweedFS, lease: Lease
) -> None:
    worker = store(server, "worker")
    store(server, "front-end").put_input(lease.job_id, b"photo")

    assert worker.get_input(lease.job_id) == b"photo"
    worker.put_input(lease.job_id, b"fetched")
    worker.put_result(lease, IMAGE, PNG)
    worker.delete_attempt(lease)
    worker.delete_results(lease.job_id)
    worker.delete_input(lease.job_id)

    with pytest.raises(ObjectMissing):
        worker.get_input(lease.job_id)


def test_a_sweeper_signs_results_for_webhooks(server: SeaweedFS, lease: Lease) -> None:
    store(server, "worker").put_result(lease, IMAGE, PNG)
    url = client(server, "sweeper").presigned_get_object(
        BUCKETS.results, f"{lease.job_id}/1/{IMAGE}.png"
    )

    assert httpx.get(url).content == PNG


def test_a_sweeper_deletes_what_is_over(server: SeaweedFS, lease: Lease) -> None:
    store(server, "front-end").put_input(lease.job_id, b"photo")
    store(server, "worker").put_result(lease, IMAGE, PNG)

    assert store(server, "sweeper").delete_jobs([lease.job_id]) == {}
    store(server, "sweeper").delete_inputs([lease.job_id])

    left = client(server, "").list_objects(BUCKETS.results, f"{lease.job_id}/", recursive=True)
    assert list(left) == []


OPEN = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", '
    f'"Action": "s3:GetObject", "Resource": "arn:aws:s3:::{BUCKETS.results}/*"}}]}}'
)
Attempt = Callable[[Minio], object]
READ_UPLOAD: Attempt = lambda it: it.get_object(BUCKETS.inputs, "photo")  # noqa: E731
READ_RESULT: Attempt = lambda it: it.get_object(BUCKETS.results, "result")  # noqa: E731
LIST_UPLOADS: Attempt = lambda it: list(it.list_objects(BUCKETS.inputs))  # noqa: E731
WRITE_UPLOAD: Attempt = lambda it: _put(it, BUCKETS.inputs)  # noqa: E731
WRITE_RESULT: Attempt = lambda it: _put(it, BUCKETS.results)  # noqa: E731
NOBODYS: dict[str, Attempt] = {
    "write elsewhere": lambda it: _put(it, OTHER),
    "read elsewhere": lambda it: it.get_object(OTHER, "x"),
    "list elsewhere": lambda it: list(it.list_objects(OTHER)),
    "make a bucket": lambda it: it.make_bucket("one-more"),
    "remove a bucket": lambda it: it.remove_bucket(BUCKETS.results),
    "drop the rule": lambda it: it.delete_bucket_lifecycle(BUCKETS.results),
    "open the bucket": lambda it: it.set_bucket_policy(BUCKETS.results, OPEN),
}
FORBIDDEN: dict[str, dict[str, Attempt]] = {
    "front-end": {
        "read uploads": READ_UPLOAD,
        "list uploads": LIST_UPLOADS,
        "write results": WRITE_RESULT,
    },
    "worker": {"read results": READ_RESULT},
    "sweeper": {
        "read uploads": READ_UPLOAD,
        "write uploads": WRITE_UPLOAD,
        "write results": WRITE_RESULT,
    },
}


def _put(who: Minio, bucket: str) -> None:
    who.put_object(bucket, "x", io.BytesIO(b"x"), 1)


@pytest.mark.parametrize(
    ("role", "what"),
    [(role, what) for role, own in FORBIDDEN.items() for what in (*own, *NOBODYS)],
)
def test_a_role_is_refused_what_is_not_its_work(server: SeaweedFS, role: str, what: str) -> None:
    attempt = {**FORBIDDEN[role], **NOBODYS}[what]

    with pytest.raises(S3Error) as refused:
        attempt(client(server, role))

    assert refused.value.code == "AccessDenied"


def test_a_role_sees_no_bucket_of_others(server: SeaweedFS) -> None:
    for role in FORBIDDEN:
        seen = {bucket.name for bucket in client(server, role).list_buckets()}

        assert OTHER not in seen


def test_setting_up_reads_no_photo(server: SeaweedFS, lease: Lease) -> None:
    store(server, "front-end").put_input(lease.job_id, b"photo")

    with pytest.raises(ObjectStoreUnavailable, match="AccessDenied"):
        store(server, "setup").get_input(lease.job_id)


def test_every_process_has_a_policy() -> None:
    assert {file.stem for file in POLICIES.glob("*.json")} == {*FORBIDDEN, "setup"}


def test_what_names_the_keys_is_closed_to_others(server: SeaweedFS) -> None:
    written = Path(server.directory, "identities.json")

    assert not written.stat().st_mode & 0o077

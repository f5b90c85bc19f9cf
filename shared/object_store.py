"""The object store: inputs and results as bytes, in two buckets that forget within days by themselves.

    <inputs bucket>/<job id>
    <results bucket>/<job id>/<attempt>/<image | category>.png

A result's key carries the attempt, so a worker that lost its lease can never write over the winner.
The lifecycle rule counts in whole days from midnight UTC, so it is the safety net only: the sweeper deletes in time.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Self
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.commonconfig import ENABLED, Filter
from minio.error import InvalidResponseError, S3Error, ServerError
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as HTTPTimeout

from shared.errors import Misconfigured, ObjectMissing, ObjectStoreUnavailable
from shared.job import Job, Lease
from shared.settings import Settings

#: The combined output's name; the others are named by their category.
IMAGE = "image"
PNG = "image/png"

_RULE_ID = "cutwork-one-day"
_MISSING = frozenset({"NoSuchKey", "NoSuchObject", "ResourceNotFound"})
_NO_RULE = "NoSuchLifecycleConfiguration"
_CONNECT_SECONDS, _READ_SECONDS, _POOL_SIZE = 2, 8, 32


class ObjectStore:
    """Both buckets, over plain S3.

    Every method raises `ObjectStoreUnavailable` when the store does not answer, or answers what no healthy store
    would.
    """

    def __init__(self, settings: Settings) -> None:
        """Prepare two clients: one to work with, one to sign for the address that clients see."""
        self._client = _client(settings, settings.s3_endpoint)
        self._signer = _client(settings, settings.signing_endpoint)
        self._inputs = settings.inputs_bucket
        self._results = settings.results_bucket

    def put_input(self, job_id: uuid.UUID, data: bytes) -> None:
        """Store an upload, before its job is."""
        self._put(self._inputs, str(job_id), data, "application/octet-stream")

    def get_input(self, job_id: uuid.UUID) -> bytes:
        """Read an upload.

        Raises:
            ObjectMissing: It is gone: the lifecycle rule, or somebody's hand.
        """
        with _translated():
            response = self._client.get_object(self._inputs, str(job_id))
            try:
                return response.read()
            finally:
                response.close()
                response.release_conn()

    def delete_input(self, job_id: uuid.UUID) -> None:
        """Delete an upload; fine if there is none."""
        with _translated():
            self._client.remove_object(self._inputs, str(job_id))

    def put_result(self, lease: Lease, name: str, png: bytes) -> None:
        """Store one output of an attempt under its name: `IMAGE` or a category."""
        self._put(self._results, _result_key(lease, name), png, PNG)

    def sign_result(self, job: Job, name: str) -> str:
        """Make a URL that reads one output until the job expires, and needs no key.

        It counts from the database's time at which the job was read, to the full second below.
        """
        return self._signer.presigned_get_object(
            self._results,
            _result_key(job.lease, name),
            expires=timedelta(seconds=max(1, int(job.remaining.total_seconds()))),
            request_date=job.read_at,
            response_headers={
                "response-content-type": PNG,
                "response-content-disposition": _disposition(name),
            },
        )

    def delete_results(self, job_id: uuid.UUID) -> None:
        """Delete all outputs of all attempts; fine if there are none."""
        self._delete_under(f"{job_id}/")

    def delete_attempt(self, lease: Lease) -> None:
        """Delete the outputs of one attempt; fine if there are none."""
        self._delete_under(f"{lease.job_id}/{lease.attempt}/")

    def set_up(self) -> None:
        """Make both buckets and their lifecycle rules; changes nothing that is right already."""
        for bucket in (self._inputs, self._results):
            with _translated():
                if not self._client.bucket_exists(bucket):
                    self._client.make_bucket(bucket)
                if not self._has_rule(bucket):
                    self._client.set_bucket_lifecycle(bucket, _one_day())

    def check(self) -> None:
        """See that both buckets are there and forget by themselves.

        Raises:
            ObjectStoreUnavailable: One does not, with a message that says which and what to run.
        """
        for bucket in (self._inputs, self._results):
            with _translated():
                if not self._client.bucket_exists(bucket):
                    raise ObjectStoreUnavailable(f"no bucket {bucket}: run `cutwork-admin setup`")
                if not self._has_rule(bucket):
                    raise ObjectStoreUnavailable(
                        f"bucket {bucket} has no lifecycle rule: run `cutwork-admin setup`"
                    )

    def _put(self, bucket: str, key: str, data: bytes, content_type: str) -> None:
        with _translated():
            self._client.put_object(bucket, key, io.BytesIO(data), len(data), content_type)

    def _delete_under(self, prefix: str) -> None:
        with _translated():
            for found in self._client.list_objects(self._results, prefix, recursive=True):
                if found.object_name is not None:
                    self._client.remove_object(self._results, found.object_name)

    def _has_rule(self, bucket: str) -> bool:
        try:
            config = self._client.get_bucket_lifecycle(bucket)
        except S3Error as error:
            if error.code == _NO_RULE:
                return False
            raise
        return config is not None and any(_forgets_in_a_day(rule) for rule in config.rules)


def _result_key(lease: Lease, name: str) -> str:
    return f"{lease.job_id}/{lease.attempt}/{name}.png"


def _disposition(name: str) -> str:
    return f'inline; filename="{name}.png"'


def _one_day() -> LifecycleConfig:
    rule = Rule(
        ENABLED, rule_filter=Filter(prefix=""), rule_id=_RULE_ID, expiration=Expiration(days=1)
    )
    return LifecycleConfig([rule])


def _forgets_in_a_day(rule: Rule) -> bool:
    return rule.status == ENABLED and rule.expiration is not None and rule.expiration.days == 1


def _client(settings: Settings, endpoint: str) -> Minio:
    url = urlsplit(endpoint)
    if url.scheme not in {"http", "https"} or not url.netloc or url.path.strip("/"):
        raise Misconfigured(
            f"{endpoint!r} is no endpoint of an object store: use http(s)://host[:port]."
        )
    secret_key = settings.s3_secret_key.get_secret_value()
    if not settings.s3_access_key or not secret_key:
        raise Misconfigured("CUTWORK_S3_ACCESS_KEY and CUTWORK_S3_SECRET_KEY must both be set.")
    return Minio(
        url.netloc,
        access_key=settings.s3_access_key,
        secret_key=secret_key,
        secure=url.scheme == "https",
        region=settings.s3_region,
        # The client's own default waits five minutes and tries five times.
        http_client=urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
            maxsize=_POOL_SIZE,
            retries=_OneRetry(total=1, backoff_factor=0.1, status_forcelist=[502, 503, 504]),
        ),
    )


class _OneRetry(urllib3.Retry):
    """For a connection that broke, or a gateway's error; who was silent once is not waited for again."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: Any = None,
        error: Exception | None = None,
        _pool: Any = None,
        _stacktrace: Any = None,
    ) -> Self:
        # What timed out while it was being sent comes as a broken connection with the cause in it.
        if error is not None and any(
            isinstance(cause, (HTTPTimeout, TimeoutError)) for cause in (error, *error.args)
        ):
            raise error
        return super().increment(method, url, response, error, _pool, _stacktrace)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        if error.code in _MISSING:
            raise ObjectMissing("the object store does not have the object") from error
        raise ObjectStoreUnavailable(f"the object store answers {error.code}") from error
    except (InvalidResponseError, ServerError, HTTPError, OSError) as error:
        raise ObjectStoreUnavailable("the object store does not answer") from error

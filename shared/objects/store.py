"""The object store: inputs and results as bytes, in two buckets that forget within days by themselves.

    <inputs bucket>/<job id>
    <results bucket>/<job id>/<attempt>/<image | category>[-<form>].<format>

A result's key carries the attempt, so a worker that lost its lease can never write over the winner.
The lifecycle rule counts in whole days from midnight UTC, so it is the safety net only: the sweeper deletes in time.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache, partial
from itertools import chain
from urllib.parse import urlsplit

from minio.datatypes import PostPolicy
from minio.deleteobjects import DeleteObject

from shared.errors import ObjectMissing, ObjectStoreUnavailable
from shared.job import Job, Lease
from shared.objects import lifecycle_rule
from shared.objects.lifecycle_rule import forgets_in_a_day
from shared.objects.pages import Pages
from shared.objects.public_endpoint import endpoint_for
from shared.objects.s3_client import S3Client
from shared.objects.translation import CURE, MISSING, of_one_object, translated
from shared.settings.settings import Settings
from shared.wire.rendition import Format

#: The combined output's name; the others are named by their category.
IMAGE = "image"

#: Public hosts for which a client is kept; there are more only where the endpoint follows the clients' `Host`.
_SIGNERS = 100
#: Requests at once where each would wait for the store's answer only.
_LISTS_AT_ONCE = 8


class ObjectStore:
    """Both buckets, over plain S3.

    Every method raises `ObjectStoreUnavailable` when the store does not answer, or answers what no healthy store
    would.
    """

    def __init__(self, settings: Settings) -> None:
        """Prepare clients: one to work with, and those that sign for the addresses that clients see.

        Raises:
            Misconfigured: An endpoint or the keys cannot be used.
        """
        self._client = S3Client(settings, settings.s3_endpoint)
        self._public_endpoint = settings.signing_endpoint
        self._signer = lru_cache(maxsize=_SIGNERS)(partial(S3Client, settings))
        # What cannot be used is told at the start.
        self._signer(endpoint_for(self._public_endpoint, ""))
        self._inputs = settings.inputs_bucket
        self._results = settings.results_bucket
        self._pages = Pages(
            settings.page_origins,
            # What a page does with signed forms and URLs.
            {self._inputs: "POST", self._results: "GET"},
            frozenset({self._results, *([self._inputs] if settings.direct_uploads else [])}),
        )

    def put_input(self, job_id: uuid.UUID, data: bytes) -> None:
        """Store an upload, before its job is."""
        self._put(self._inputs, str(job_id), data, "application/octet-stream")

    def sign_upload(
        self, job_id: uuid.UUID, expires_at: datetime, max_bytes: int, host: str = ""
    ) -> tuple[str, dict[str, str]]:
        """Sign a form by which anybody can upload the input of this job, once or again, and nothing else.

        Args:
            job_id: Of the job to be.
            expires_at: When the store takes it no more.
            max_bytes: The most that it takes.
            host: The `Host` of the request, for a public endpoint that follows it.

        Returns:
            Where to send it, and its fields; the file comes behind them.
        """
        endpoint = endpoint_for(self._public_endpoint, host)
        policy = PostPolicy(self._inputs, expires_at)
        policy.add_equals_condition("key", str(job_id))
        policy.add_content_length_range_condition(1, max_bytes)
        fields = self._signer(endpoint).presigned_post_policy(policy)
        return f"{endpoint.rstrip('/')}/{self._inputs}", {"key": str(job_id), **fields}

    def get_input(self, job_id: uuid.UUID) -> bytes:
        """Read an upload.

        Raises:
            ObjectMissing: It is gone: the lifecycle rule, or somebody's hand.
        """
        return self._get(self._inputs, str(job_id))

    def delete_input(self, job_id: uuid.UUID) -> None:
        """Delete an upload; fine if there is none."""
        self._remove(self._inputs, str(job_id))

    def put_result(
        self, lease: Lease, name: str, data: bytes, picture_format: Format = Format.PNG
    ) -> None:
        """Store one output of an attempt under its name, which `CutoutOptions.name_of` gives."""
        key = _result_key(lease, name, picture_format)
        self._put(self._results, key, data, picture_format.media_type)

    def get_result(self, job: Job, name: str) -> bytes:
        """Read one output of a job that has succeeded.

        Raises:
            ObjectMissing: It is gone: its owner deleted it a moment ago, or its time was over.
        """
        return self._get(self._results, _result_key(job.lease, name, job.options.rendition.format))

    def sign_result(self, job: Job, name: str, host: str = "") -> str:
        """Make a URL that reads one output until the job expires, and needs no key.

        It counts from the database's time at which the job was read, to the full second below.

        Args:
            job: The job.
            name: Of the output, as `CutoutOptions.name_of` gives it.
            host: The `Host` of the request, for a public endpoint that follows it: it is part of what is signed.
        """
        picture_format = job.options.rendition.format
        signer = self._signer(endpoint_for(self._public_endpoint, host))
        return signer.presigned_get_object(
            self._results,
            _result_key(job.lease, name, picture_format),
            expires=timedelta(seconds=max(1, int(job.remaining.total_seconds()))),
            request_date=job.read_at,
            response_headers={
                "response-content-type": picture_format.media_type,
                "response-content-disposition": f'inline; filename="{name}.{picture_format}"',
            },
        )

    def results_origin(self, host: str = "") -> str:
        """Tell where result URLs lead, as `scheme://host:port`.

        Args:
            host: The `Host` of the request, for a public endpoint that follows it.
        """
        signer = self._signer(endpoint_for(self._public_endpoint, host))
        url = urlsplit(signer.presigned_get_object(self._results, IMAGE))
        return f"{url.scheme}://{url.netloc}"

    def delete_results(self, job_id: uuid.UUID) -> None:
        """Delete all outputs of all attempts; fine if there are none."""
        self._delete_under(f"{job_id}/")

    def delete_inputs(self, job_ids: Collection[uuid.UUID]) -> None:
        """Delete uploads in few requests; fine if there are none."""
        with translated():
            left = self._delete_together(self._inputs, map(str, job_ids))
        if left:
            raise ObjectStoreUnavailable(f"the object store answers {', '.join({*left.values()})}")

    def delete_jobs(self, job_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
        """Delete the uploads and all outputs of all attempts of many jobs, in few requests.

        Returns:
            The jobs of which something is left although the store answers, and what it says of them.
        """
        with ThreadPoolExecutor(_LISTS_AT_ONCE) as pool:
            keys = list(pool.map(self._result_keys_of, job_ids))
        with translated():
            left = self._delete_together(self._results, chain.from_iterable(keys))
            left |= self._delete_together(self._inputs, map(str, job_ids))
        return {uuid.UUID(key.partition("/")[0]): reason for key, reason in left.items()}

    def delete_attempt(self, lease: Lease) -> None:
        """Delete the outputs of one attempt; fine if there are none."""
        self._delete_under(f"{lease.job_id}/{lease.attempt}/")

    def set_up(self) -> None:
        """Make both buckets, and their rules beside the operator's; changes nothing that is right already.

        Raises:
            ObjectStoreUnavailable: A bucket keeps what is deleted from it, or takes no rule; the message says which.
        """
        for bucket in (self._inputs, self._results):
            with translated():
                self._client.ensure_bucket(bucket)
                self._refuse_versions(bucket)
                rules = self._client.read_configuration(bucket, "lifecycle")
                if not forgets_in_a_day(rules):
                    self._client.write_configuration(
                        bucket, "lifecycle", lifecycle_rule.with_our_rule(rules)
                    )
                if self._pages.origins:
                    self._pages.let_in(self._client, bucket)

    def check(self) -> None:
        """See that both buckets are there and forget by themselves.

        Raises:
            ObjectStoreUnavailable: One does not, with a message that says which and what to do.
        """
        for bucket in (self._inputs, self._results):
            with translated(bucket):
                self._refuse_versions(bucket)
                if not forgets_in_a_day(self._client.read_configuration(bucket, "lifecycle")):
                    raise ObjectStoreUnavailable(f"bucket {bucket} has no lifecycle rule: {CURE}")

    def check_pages(self, cure: str = CURE, *, in_public: bool = False) -> None:
        """See that pages of the named origins may read results, and send direct uploads if those are switched on.

        Args:
            cure: What to do where they may not.
            in_public: Whether to ask at the address that clients see.

        Raises:
            ObjectStoreUnavailable: Some may not, with a message that says where and what to do.
        """
        public = self._signer(endpoint_for(self._public_endpoint, ""))
        with translated():
            self._pages.check(public if in_public else self._client, cure)

    def _refuse_versions(self, bucket: str) -> None:
        """Refuse a bucket in which an erased photo lives on as an old version."""
        if self._client.keeps_versions(bucket):
            raise ObjectStoreUnavailable(
                f"bucket {bucket} keeps old versions of what is deleted: suspend its versioning and delete them, or "
                "name another bucket"
            )

    def _put(self, bucket: str, key: str, data: bytes, content_type: str) -> None:
        with translated():
            self._client.put_whole(bucket, key, data, content_type)

    def _get(self, bucket: str, key: str) -> bytes:
        with of_one_object():
            response = self._client.get_object(bucket, key)
            try:
                return response.read()
            finally:
                response.close()
                response.release_conn()

    def _remove(self, bucket: str, key: str) -> None:
        with suppress(ObjectMissing), of_one_object():
            self._client.remove_object(bucket, key)

    def _result_keys_of(self, job_id: uuid.UUID) -> list[str]:
        with translated():
            found = self._client.list_objects(self._results, f"{job_id}/", recursive=True)
            return [str(result.object_name) for result in found]

    def _delete_together(self, bucket: str, keys: Iterable[str]) -> dict[str, str]:
        """Delete objects, a thousand a request; return those that the store refused to delete, with its reasons."""
        errors = self._client.remove_objects(bucket, map(DeleteObject, keys))
        return {str(error.name): str(error.code) for error in errors if error.code not in MISSING}

    def _delete_under(self, prefix: str) -> None:
        with translated():
            for found in self._client.list_objects(self._results, prefix, recursive=True):
                if found.object_name is not None:
                    self._remove(self._results, found.object_name)


def _result_key(lease: Lease, name: str, picture_format: Format) -> str:
    return f"{lease.job_id}/{lease.attempt}/{name}.{picture_format}"

"""Pages of the origins that the operator has named: whether the store lets them use the buckets, and our rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from minio.error import S3Error

from shared.errors import ObjectStoreUnavailable
from shared.objects import cors_rule
from shared.objects.s3_client import S3Client

_BY_HAND = "allow it at the store itself, docs/reference/api.md says how under “From a web page”"


class Pages(NamedTuple):
    """What pages need of the buckets."""

    origins: tuple[str, ...]
    #: Bucket → what a page does in it.
    methods: Mapping[str, str]
    #: The buckets that pages have to do with at present.
    used: frozenset[str]

    def let_in(self, client: S3Client, bucket: str) -> None:
        """Write our rule into a bucket, unless it is there; where none can be, the operator may have allowed it.

        Raises:
            ObjectStoreUnavailable: The bucket takes no rule, and refuses pages that need it.
        """
        method = self.methods[bucket]
        try:
            rules = client.read_configuration(bucket, "cors")
            if not cors_rule.has_our_rule(rules, self.origins, method):
                changed = cors_rule.with_our_rule(rules, self.origins, method)
                client.write_configuration(bucket, "cors", changed)
        except S3Error as error:
            if bucket in self.used and (fault := self._fault_of(client, bucket)):
                reason = f"{fault}, and takes no rule for it ({error.code}): {_BY_HAND}"
                raise ObjectStoreUnavailable(reason) from error

    def check(self, client: S3Client, cure: str) -> None:
        """Ask as a browser does, where pages reach the store by this client's address.

        Raises:
            ObjectStoreUnavailable: Some page may not, with a message that says which and what to do.
        """
        for bucket in sorted(self.used):
            if fault := self._fault_of(client, bucket):
                raise ObjectStoreUnavailable(f"{fault}: {cure}")

    def _fault_of(self, client: S3Client, bucket: str) -> str:
        method = self.methods[bucket]
        for origin in self.origins:
            if not client.lets_page(bucket, origin, method):
                return f"bucket {bucket} lets no page of {origin} {method}"
        return ""

"""The object store as its operator sees it."""

from __future__ import annotations

from minio import Minio

from shared.settings.settings import Settings


class OperatorClient(Minio):
    """A client with the rights of the settings, at the store itself and not at its public address."""

    def __init__(self, settings: Settings) -> None:
        scheme, _, host = settings.s3_endpoint.partition("://")
        super().__init__(
            host,
            settings.s3_access_key,
            settings.s3_secret_key.get_secret_value(),
            secure=scheme == "https",
            region=settings.s3_region,
        )

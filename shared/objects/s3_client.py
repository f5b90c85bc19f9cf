"""An S3 client: minio's, with an end to its patience, and with the configuration of buckets as XML."""

from __future__ import annotations

import hashlib
import io
import ssl
from base64 import b64encode
from functools import lru_cache
from typing import Any, Literal, Self
from urllib.parse import urlsplit
from xml.etree import ElementTree

import urllib3
from minio import Minio
from minio.error import S3Error
from urllib3.exceptions import TimeoutError as HTTPTimeout

from shared.errors import Misconfigured
from shared.settings.settings import Settings

#: To connect to the object store.
_CONNECT_SECONDS = 2
#: For its answer to begin, and for each piece of it.
_READ_SECONDS = 8
_POOL_SIZE = 32
#: The least size of parts that minio takes; smaller objects are sent whole anyway.
_LEAST_PART_BYTES = 5 * 1024 * 1024
_NO_RULES = frozenset({"NoSuchLifecycleConfiguration", "NoSuchCORSConfiguration"})
#: How AWS begins the access keys of roles: they are good for hours, and only together with a token.
_TEMPORARY = "ASIA"
_THERE_ALREADY = frozenset({"BucketAlreadyExists", "BucketAlreadyOwnedByYou"})
#: Of stores that know no versions.
_NOT_IMPLEMENTED = "NotImplemented"


@lru_cache(maxsize=1)
def tls_for(ca_certs: str) -> ssl.SSLContext:
    """Trust the system's authorities, and those of a file, if there is one.

    Raises:
        Misconfigured: It holds none.
    """
    context = ssl.create_default_context()
    if ca_certs:
        try:
            context.load_verify_locations(ca_certs)
        except OSError as error:
            raise Misconfigured(
                f"CUTWORK_S3_CA_CERTS: {ca_certs} is no PEM file of certificates ({error})"
            ) from None
    return context


class S3Client(Minio):
    """One endpoint and one pair of keys."""

    def __init__(self, settings: Settings, endpoint: str) -> None:
        """Prepare it; nothing is connected yet.

        Raises:
            Misconfigured: The endpoint or the keys cannot be used.
        """
        url = urlsplit(endpoint)
        if url.scheme not in {"http", "https"} or not url.netloc or url.path.strip("/"):
            raise Misconfigured(
                f"{endpoint!r} is not an endpoint of an object store: use http(s)://host[:port]."
            )
        secret_key = settings.s3_secret_key.get_secret_value()
        lasts = settings.s3_access_key and not settings.s3_access_key.startswith(_TEMPORARY)
        if not lasts or not secret_key:
            raise Misconfigured(
                "CUTWORK_S3_ACCESS_KEY and CUTWORK_S3_SECRET_KEY must both be set, to keys that last: result URLs are "
                "signed for a day, and those of an IAM role end with its session. Make a user with the rights of "
                "deploy/roles/s3, and take its keys."
            )
        self._endpoint = endpoint.rstrip("/")
        is_secure = url.scheme == "https"
        super().__init__(
            url.netloc,
            access_key=settings.s3_access_key,
            secret_key=secret_key,
            secure=is_secure,
            region=settings.s3_region,
            # minio's own default waits five minutes and tries five times.
            http_client=_Pool(
                timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
                maxsize=_POOL_SIZE,
                ssl_context=tls_for(settings.s3_ca_certs) if is_secure else None,
                retries=_OneRetry(total=1, backoff_factor=0.1, status_forcelist=[502, 503, 504]),
            ),
        )

    def ensure_bucket(self, bucket: str) -> None:
        """Make a bucket, unless it is there; another process may be doing the same."""
        if self.bucket_exists(bucket):
            return
        try:
            self.make_bucket(bucket)
        except S3Error as error:
            if error.code not in _THERE_ALREADY:
                raise

    def put_whole(self, bucket: str, key: str, data: bytes, content_type: str) -> None:
        """Store an object in one request, however large: parts of an upload that breaks off would be left behind."""
        self.put_object(
            bucket,
            key,
            io.BytesIO(data),
            len(data),
            content_type,
            part_size=max(len(data), _LEAST_PART_BYTES),
        )

    def read_configuration(self, bucket: str, kind: Literal["lifecycle", "cors"]) -> str:
        """Read what a bucket's configuration of a kind is; empty if there is none."""
        try:
            return self._read_configuration(bucket, kind)
        except S3Error as error:
            if error.code in _NO_RULES:
                return ""
            raise

    def write_configuration(
        self, bucket: str, kind: Literal["lifecycle", "cors"], configuration: bytes
    ) -> None:
        """Replace a bucket's configuration of a kind."""
        md5 = hashlib.md5(configuration, usedforsecurity=False).digest()
        self._execute(
            "PUT",
            bucket,
            body=configuration,
            headers={"Content-MD5": b64encode(md5).decode()},
            query_params={kind: ""},
        )

    def lets_page(self, bucket: str, origin: str, method: str) -> bool:
        """Ask as a browser does whether a page of this origin may use a method in a bucket."""
        asked = {"Origin": origin, "Access-Control-Request-Method": method}
        answer = self._http.request("OPTIONS", f"{self._endpoint}/{bucket}/some", headers=asked)
        allowed = answer.headers.get("Access-Control-Allow-Origin")
        return answer.status < 300 and allowed in {origin, "*"}  # noqa: PLR2004

    def keeps_versions(self, bucket: str) -> bool:
        """Tell whether what is deleted is kept as an old version; so are the objects of a bucket that locks them."""
        try:
            configuration = self._read_configuration(bucket, "versioning")
        except S3Error as error:
            if error.code == _NOT_IMPLEMENTED:
                return False
            raise
        root = ElementTree.fromstring(configuration)  # noqa: S314  the object store is trusted
        return root.findtext("{*}Status") == "Enabled"

    def _read_configuration(self, bucket: str, what: str) -> str:
        return self._execute("GET", bucket, query_params={what: ""}).data.decode()


class _Pool(urllib3.PoolManager):
    """Sends bodies in pieces: a socket's timeout is for all that it is given at once, and a line may be slow."""

    def urlopen(self, method: str, url: str, *args: Any, **options: Any) -> Any:
        body = options.get("body")
        if isinstance(body, bytes):
            options["body"] = io.BytesIO(body)
        return super().urlopen(method, url, *args, **options)


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

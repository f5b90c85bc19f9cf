"""The object store: its buckets and their rules, its clock, and whether what is signed for clients is read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree
from xml.etree.ElementTree import ParseError

import urllib3
from urllib3.exceptions import HTTPError

from deploy.doctor.clock import compare_clocks
from deploy.doctor.finding import Finding, cause_of, fine, unseen, wrong
from shared.errors import ObjectStoreUnavailable
from shared.objects.public_endpoint import endpoint_for
from shared.objects.s3_client import S3Client, tls_for
from shared.objects.store import ObjectStore
from shared.settings.settings import Settings, variable

_SECONDS = 3.0
#: In a container each is the container, and on a machine the machine.
_LOOPBACKS = ("localhost", "127.0.0.1", "::1")
#: An object that is never there.
_NOTHING = "doctor"
_NO_OBJECT = "NoSuchKey"
#: What a store answers who may read objects and may not list them.
_NO_RIGHT_TO_LIST = "AccessDenied"


def look_at_object_store(settings: Settings) -> Iterator[Finding]:
    """Look at it."""
    pool = urllib3.PoolManager(
        timeout=_SECONDS, retries=False, ssl_context=tls_for(settings.s3_ca_certs)
    )
    try:
        answer = pool.request("GET", settings.s3_endpoint)
    except (HTTPError, ValueError) as error:
        cure = f"start it, or mend {variable('s3_endpoint')}"
        yield wrong("object store", f"{settings.s3_endpoint}: {cause_of(error)}", cure)
        return
    yield _clock(answer.headers.get("Date", ""))
    yield _buckets(settings)
    yield _signed(settings, pool)
    if settings.page_origins:
        yield _pages(settings)


def _clock(date: str) -> Finding:
    try:
        ahead = parsedate_to_datetime(date).timestamp() - time.time()
    except ValueError:
        seen = "the object store does not tell the time"
        return unseen(
            "clock", seen, "see that it follows the same time server (NTP) as this machine"
        )
    return compare_clocks("object store", ahead, grain=1)


def _buckets(settings: Settings) -> Finding:
    names = f"{settings.inputs_bucket}, {settings.results_bucket}"
    try:
        ObjectStore(settings).check()
    except ObjectStoreUnavailable as error:
        seen, found, cure = str(error).partition(": ")
        if found:
            return wrong("buckets", seen, cure)
        keys = f"{variable('s3_access_key')} and {variable('s3_secret_key')}"
        return wrong(
            "buckets", f"{names}: {error}", f"see that {keys} are right, and what they may do"
        )
    return fine("buckets", f"{names}: there, and they forget by themselves")


def _pages(settings: Settings) -> Finding:
    store, endpoint = ObjectStore(settings), endpoint_for(settings.signing_endpoint, "")
    passes_on = f"let what answers at {endpoint} pass `OPTIONS` and `Origin` on, and the answers as they come"
    try:
        store.check_pages()
        if endpoint != settings.s3_endpoint and not _is_elsewhere(settings, endpoint):
            store.check_pages(passes_on, in_public=True)
    except ObjectStoreUnavailable as error:
        seen, _, cure = str(error).partition(": ")
        return wrong("pages", seen, cure or "see that the object store answers")
    return fine("pages", f"those of {', '.join(settings.page_origins)} may use the buckets")


def _signed(settings: Settings, pool: urllib3.PoolManager) -> Finding:
    """Read as a client would, by a signed URL, what is not there: a store that says so has taken the signature."""
    subject, setting = "result URLs", variable("s3_public_endpoint")
    endpoint = endpoint_for(settings.signing_endpoint, "")
    url = S3Client(settings, endpoint).presigned_get_object(settings.results_bucket, _NOTHING)
    try:
        code = _code_of(pool.request("GET", url).data)
    except HTTPError as error:
        if _is_elsewhere(settings, endpoint):
            seen = f"{endpoint} is another place for clients than from here"
            return unseen(subject, seen, "open a result's URL where a client is")
        seen = f"{endpoint} cannot be reached from here: {cause_of(error)}"
        return wrong(
            subject, seen, f"set {setting} to the address at which clients reach the object store"
        )
    if code == _NO_OBJECT:
        return fine(subject, f"{endpoint} takes what is signed")
    if code == _NO_RIGHT_TO_LIST:
        seen = f"{endpoint} does not say whether it takes what is signed"
        return unseen(subject, seen, "open a result's URL where a client is")
    cure = f"set {setting} to exactly what clients use; a proxy there must pass `Host` and the path on as they came"
    return wrong(subject, f"{endpoint} answers {code or 'what no object store does'}", cure)


def _is_elsewhere(settings: Settings, endpoint: str) -> bool:
    """Whether clients mean another machine by it than this process does."""
    return _is_loopback(endpoint) and not _is_loopback(settings.s3_endpoint)


def _is_loopback(endpoint: str) -> bool:
    return urlsplit(endpoint).hostname in _LOOPBACKS


def _code_of(body: bytes) -> str:
    try:
        return ElementTree.fromstring(body).findtext("{*}Code") or ""  # noqa: S314  the object store is trusted
    except ParseError:
        return ""

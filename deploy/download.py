"""A large file over HTTPS: all of it and exactly it, or nothing at all.

Not pooch: that checks the hash as well, but follows a redirect to `http:` or to this machine, and bounds neither how
much arrives nor how long it takes.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from shared.errors import CutworkError

#: An ONNX file without a manifest's word on its size is one protobuf message, and those end at 2 GiB.
MOST_BYTES = 2 * 1024**3
_CHUNK_BYTES = 1024 * 1024
_CONNECT_SECONDS, _READ_SECONDS = 10, 30
#: 250 MB at 70 kB/s; a server that only drips is given up.
_WHOLE_SECONDS = 3600
#: Code hosts send one to where the bytes are, sometimes twice.
_MOST_REDIRECTS = 5
_OK = 200


class DownloadFailed(CutworkError):
    """Raised when the file could not be had, or is not the one that was asked for."""


@dataclass(frozen=True)
class Wanted:
    """What makes a file the right one."""

    sha256: str
    #: None: not known beforehand.
    size_bytes: int | None

    @property
    def most_bytes(self) -> int:
        """How much is read before it is clear that this is another file."""
        return MOST_BYTES if self.size_bytes is None else self.size_bytes


@dataclass(frozen=True)
class Body:
    """What a server sends."""

    #: As announced; None: it did not say.
    size_bytes: int | None
    chunks: Iterator[bytes]


@contextmanager
def opened(url: str) -> Iterator[Body]:
    """Ask for a file, following redirects.

    Only https:// is taken, and http:// from this very machine: a hash says what arrives, not who listens.

    Raises:
        DownloadFailed: The address is no such one, or the server does not answer with a file.
    """
    pool = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS), retries=False
    )
    try:
        response = _follow(pool, url)
        try:
            length = response.headers.get("Content-Length", "")
            yield Body(int(length) if length.isdecimal() else None, _chunks(response, url))
        finally:
            response.close()
    finally:
        pool.clear()


def store(chunks: Iterable[bytes], target: Path, wanted: Wanted) -> None:
    """Write a file if it is the wanted one; until then `target` stays as it is.

    Raises:
        DownloadFailed: It is not, or it cannot be written. Nothing is left behind.
    """
    unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write_checked(chunks, unfinished, wanted)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise DownloadFailed(f"{target} cannot be written: {error.strerror}") from error


def is_there(target: Path, wanted: Wanted) -> bool:
    """Tell whether the right file is there already.

    Raises:
        DownloadFailed: There is one that cannot be read.
    """
    try:
        if not target.is_file() or wanted.size_bytes not in {None, target.stat().st_size}:
            return False
        with target.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == wanted.sha256
    except OSError as error:
        raise DownloadFailed(f"{target} cannot be read: {error.strerror}") from error


def _follow(pool: urllib3.PoolManager, url: str) -> urllib3.BaseHTTPResponse:
    here = _check_address(url, may_be_here=True)
    for _ in range(_MOST_REDIRECTS + 1):
        try:
            response = pool.request("GET", url, redirect=False, preload_content=False)
        except HTTPError as error:
            raise DownloadFailed(f"{url} does not answer: {error}") from error
        location = response.get_redirect_location()
        if not location:
            break
        response.close()
        url = urljoin(url, location)
        # What was asked of the world is never answered by this machine.
        _check_address(url, may_be_here=here)
    else:
        raise DownloadFailed(f"{url} is redirected again and again")
    if response.status != _OK:
        response.close()
        raise DownloadFailed(f"{url} answers with {response.status}")
    return response


def _check_address(url: str, *, may_be_here: bool) -> bool:
    """Refuse what is not https; tell whether it is http on this machine, where that may be."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise DownloadFailed(f"{url} is not an address") from None
    if parts.scheme == "https" and host:
        return False
    if parts.scheme == "http" and may_be_here and _is_loopback(host):
        return True
    raise DownloadFailed(f"{url} is not https://, so it is not fetched")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _chunks(response: urllib3.BaseHTTPResponse, url: str) -> Iterator[bytes]:
    deadline = time.monotonic() + _WHOLE_SECONDS
    try:
        # One read a turn: a server that drips would never fill a whole chunk.
        while chunk := response.read1(_CHUNK_BYTES, decode_content=False):
            if time.monotonic() > deadline:
                raise DownloadFailed(f"{url} took more than {_WHOLE_SECONDS} s")
            yield chunk
    except HTTPError as error:
        raise DownloadFailed(f"{url} broke off: {error}") from error


def _write_checked(chunks: Iterable[bytes], path: Path, wanted: Wanted) -> None:
    digest, count = hashlib.sha256(), 0
    with path.open("xb") as file:
        for chunk in chunks:
            count += len(chunk)
            if count > wanted.most_bytes:
                raise DownloadFailed(f"There are more than {wanted.most_bytes} bytes; nothing kept")
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if wanted.size_bytes not in {None, count}:
        raise DownloadFailed(f"There are {count} bytes, not {wanted.size_bytes}; nothing kept")
    if digest.hexdigest() != wanted.sha256:
        raise DownloadFailed(
            f"The SHA-256 is {digest.hexdigest()}, not {wanted.sha256}; nothing kept"
        )

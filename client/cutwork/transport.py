"""Connections: the one module that knows the HTTP library."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx2

from cutwork.access import Access
from cutwork.calls import Answer, Call
from cutwork.errors import NO_ROOM, TryLater, Unreachable
from cutwork.version import __version__

_CONNECT, _ANSWER = 10.0, 60.0
_OK = 200


class Transport:
    """Sends calls, one after the other or in several threads."""

    def __init__(self, access: Access) -> None:
        """Connect with the first call."""
        self._url = access.url
        self._api = httpx2.Client(base_url=access.url, headers=_headers(access), timeout=_ANSWER)
        # Results lie at another address: the key is not sent there.
        self._store = httpx2.Client(headers=_agent(), timeout=_ANSWER)

    def send(self, call: Call) -> Answer:
        """Make a call.

        Raises:
            Unreachable: No answer came.
        """
        with _translated(self._url):
            return _answer(self._api.request(call.method, call.path, **_arguments(call)))

    @contextmanager
    def download(self, url: str) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Open a result: its type, and its bytes; may raise `Unreachable`."""
        with _translated(url), self._store.stream("GET", url) as answer:
            _check_download(answer)
            yield _type(answer), answer.iter_bytes()

    def close(self) -> None:
        """Let go of all connections."""
        self._api.close()
        self._store.close()


class AsyncTransport:
    """The same for asyncio and trio."""

    def __init__(self, access: Access) -> None:
        """Connect with the first call."""
        self._url = access.url
        self._api = httpx2.AsyncClient(
            base_url=access.url, headers=_headers(access), timeout=_ANSWER
        )
        self._store = httpx2.AsyncClient(headers=_agent(), timeout=_ANSWER)

    async def send(self, call: Call) -> Answer:
        """Make a call; may raise `Unreachable`."""
        with _translated(self._url):
            return _answer(await self._api.request(call.method, call.path, **_arguments(call)))

    @asynccontextmanager
    async def download(self, url: str) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
        """Open a result: its type, and its bytes; may raise `Unreachable`."""
        with _translated(url):
            async with self._store.stream("GET", url) as answer:
                _check_download(answer)
                yield _type(answer), answer.aiter_bytes()

    async def close(self) -> None:
        """Let go of all connections."""
        await self._api.aclose()
        await self._store.aclose()


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        # The query of a URL may hold a signature: it is not shown.
        where = url.partition("?")[0]
        raise Unreachable(f"No answer from {where}: {error or type(error).__name__}") from None


def _arguments(call: Call) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "params": dict(call.query),
        "headers": dict(call.headers),
        "timeout": httpx2.Timeout(_ANSWER + call.wait, connect=_CONNECT),
    }
    if call.photo is not None:
        # The photo's own name is not sent: the service does not use it, and it need not be text.
        arguments["files"] = {"image": ("photo", call.photo, "application/octet-stream")}
        arguments["data"] = dict(call.fields)
    return arguments


def _answer(answer: httpx2.Response) -> Answer:
    headers = {name.lower(): text for name, text in answer.headers.items()}
    return Answer(answer.status_code, headers, answer.content)


def _check_download(answer: httpx2.Response) -> None:
    """Check that the answer is the result."""
    if answer.status_code == _OK:
        return
    message = f"The result could not be fetched (HTTP {answer.status_code})."
    if answer.status_code in NO_ROOM:
        raise TryLater(answer.status_code, "", message)
    raise Unreachable(message)


def _type(answer: httpx2.Response) -> str:
    told: str = answer.headers.get("content-type", "")
    return told.partition(";")[0].strip()


def _headers(access: Access) -> dict[str, str]:
    return {"Authorization": f"Bearer {access.key}", **_agent()}


def _agent() -> dict[str, str]:
    return {"User-Agent": f"cutwork-client/{__version__}"}

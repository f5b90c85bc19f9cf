"""A tenant that sends a batch, and reads what came of it, from whichever front end answers."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from typing import Any, TypeVar

import httpx

PATH = "/v1/batches"
_TIMEOUT = 60
_TRY_SECONDS = 300
_PAUSE_SECONDS = 0.5
_ENDED = frozenset({2, 3})

Answer = TypeVar("Answer")


class BatchClient:
    """Asks again, for minutes, as clients do that are told to."""

    def __init__(self, urls: Sequence[str], key: str) -> None:
        """Connect to nothing yet."""
        self._urls = cycle(urls)
        self._http = httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=_TIMEOUT)

    def close(self) -> None:
        self._http.close()

    def break_off(self, body: bytes) -> None:
        """Begin to send a batch, and vanish in the middle."""

        def half() -> Iterator[bytes]:
            yield body[: len(body) // 2]
            raise ConnectionAbortedError

        try:
            self._http.post(next(self._urls) + PATH, content=half(), headers=_TYPE)
        except (httpx.HTTPError, ConnectionAbortedError):
            return

    def send(self, body: bytes, key: str, callback_url: str) -> str:
        """Send a batch until it is taken, and return its id."""

        def post() -> str | None:
            answer = self._http.post(
                next(self._urls) + PATH,
                content=body,
                headers={**_TYPE, "Idempotency-Key": key},
                params={"callback_url": callback_url},
            )
            if answer.status_code in {200, 202}:
                return str(answer.json()["data"]["batch_id"])
            assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
            return None

        return _until(post)

    def show(self, batch_id: str, seconds: float = 0) -> dict[str, Any]:
        """Ask how far a batch is."""

        def ask() -> dict[str, Any] | None:
            url = f"{next(self._urls)}{PATH}/{batch_id}"
            answer = self._http.get(url, params={"wait": seconds})
            return dict(answer.json()["data"]) if answer.status_code == httpx.codes.OK else None

        return _until(ask)

    def read_lines(self, batch_id: str, name: str) -> list[dict[str, Any]]:
        """Read one of its files."""
        return [json.loads(line) for line in self.read(batch_id, name).splitlines()]

    def read(self, batch_id: str, name: str) -> bytes:
        """Read a whole file, or all pictures."""

        def ask() -> bytes | None:
            answer = self._http.get(f"{next(self._urls)}{PATH}/{batch_id}/{name}")
            return answer.content if answer.status_code == httpx.codes.OK else None

        return _until(ask)

    def time_a_job(self, photo: bytes) -> float:
        """Send a photo by itself until it is taken, and return the seconds until its result is known."""
        headers = {"Prefer": "wait=30", "Idempotency-Key": uuid.uuid4().hex}
        began = time.monotonic()

        def post() -> httpx.Response | None:
            answer = self._http.post(
                f"{next(self._urls)}/v1/jobs", files={"image": photo}, headers=headers
            )
            return _unless_away(answer)

        told = _until(post).json()
        location = f"/v1/jobs/{told['task_id']}"

        def ask() -> httpx.Response | None:
            answer = self._http.get(next(self._urls) + location, params={"wait": 30})
            return _unless_away(answer)

        while told["task_status"] not in _ENDED:
            told = _until(ask).json()
        return time.monotonic() - began


_TYPE = {"Content-Type": "application/jsonl"}


def _unless_away(answer: httpx.Response) -> httpx.Response | None:
    """Give an answer, unless it says that something is away."""
    if answer.is_server_error:
        return None
    assert answer.is_success, answer.text
    return answer


def _until(ask: Callable[[], Answer | None]) -> Answer:
    deadline = time.monotonic() + _TRY_SECONDS
    while time.monotonic() < deadline:
        try:
            if (answer := ask()) is not None:
                return answer
        except httpx.HTTPError:
            pass
        time.sleep(_PAUSE_SECONDS)
    raise AssertionError("no answer for minutes")

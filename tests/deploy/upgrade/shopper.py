"""A client that waits for each of its photos, one after the other, and notes how long that took."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from typing import Any

import httpx

from tests.background import Background
from tests.end_to_end.client import CUTOUT, HEADERS, QUERY
from tests.pictures import jpeg, photo

_DONE, _FAILED = 2, 3
_ENOUGH_SECONDS = 120
_PAUSE_SECONDS = 0.2


class Shopper(Background):
    """What is not answered it sends again under the same key."""

    def __init__(self, url: str) -> None:
        """Prepare it."""
        super().__init__("shopper")
        self._url = url
        self._photo = jpeg(photo(96, 96))
        #: What is going on meanwhile; times are kept by it.
        self.phase = ""
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)
        self.orders = 0
        #: Answers and errors that were not what it waited for.
        self.troubled: Counter[str] = Counter()
        self.troubles: list[str] = []

    def _run(self) -> None:
        while not self._stopping.is_set():
            began, phase = time.monotonic(), self.phase
            status = self._order(str(self.orders), began + _ENOUGH_SECONDS)
            self.orders += 1
            self.seconds[phase].append(time.monotonic() - began)
            if status != _DONE:
                self.troubles.append(f"order {self.orders} ended as {status}")

    def _order(self, key: str, deadline: float) -> int | None:
        """Send a photo until it is taken, and wait for its end; return its last status."""
        # A connection for each: it may lead to another front end.
        task_id, status = "", None
        while status not in {_DONE, _FAILED} and time.monotonic() < deadline:
            answer = self._look(task_id) if task_id else self._send(key)
            if answer is None:
                self._stopping.wait(_PAUSE_SECONDS)
                continue
            task_id, status = answer["task_id"], answer["task_status"]
        return status

    def _send(self, key: str) -> dict[str, Any] | None:
        return self._ask(
            "POST",
            CUTOUT,
            headers={**HEADERS, "Idempotency-Key": key},
            files={"image": (f"{key}.jpg", self._photo + key.encode())},
            data={"task_type": "sync"},
        )

    def _look(self, task_id: str) -> dict[str, Any] | None:
        parameters = {"task_id": task_id, "wait": "30"}
        return self._ask("GET", QUERY, headers=HEADERS, params=parameters)

    def _ask(self, method: str, path: str, **request: Any) -> dict[str, Any] | None:
        """Get an answer that tells of a job; None if there is none."""
        try:
            answer = httpx.request(method, f"{self._url}{path}", timeout=60, **request)
        except httpx.HTTPError as error:
            self.troubled[type(error).__name__] += 1
            return None
        if answer.status_code != httpx.codes.OK:
            self.troubled[str(answer.status_code)] += 1
            return None
        told: dict[str, Any] = answer.json()
        return told

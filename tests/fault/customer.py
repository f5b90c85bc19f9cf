"""A client that keeps posting, as long as not too many of everybody's jobs are open."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.end_to_end.client import CUTOUT, HEADERS
from tests.fault.ledger import Ledger
from tests.fault.order import Order, orders

_JOBS = "/v1/jobs"
_MOST_OPEN = 24
_TIMEOUT = 40
_PAUSE_SECONDS = (0.1, 0.8)
_TRIES_WITH_KEY = 4


class Customer:
    """One thread; a keyed order is posted twice at once, and again until somebody takes it."""

    def __init__(self, seed: str, urls: Sequence[str], ledger: Ledger, callback_url: str) -> None:
        """Prepare; nothing is sent yet.

        Args:
            seed: Of what it orders.
            urls: Of the front ends.
            ledger: Where it writes what it is told.
            callback_url: Who is told of the end of some jobs.
        """
        self._callback_url = callback_url
        self._chance = random.Random(seed)
        self._orders: Iterator[Order] = orders(seed)
        self._urls = urls
        self._ledger = ledger
        self._http = httpx.Client(timeout=_TIMEOUT)
        self._twice = ThreadPoolExecutor(2)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=seed, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Send nothing new."""
        self._stopping.set()

    def join(self) -> None:
        self._thread.join()
        self._twice.shutdown()
        self._http.close()

    def _run(self) -> None:
        while not self._stopping.wait(self._chance.uniform(*_PAUSE_SECONDS)):
            if len(self._ledger.open_entries()) < _MOST_OPEN:
                self._place(next(self._orders))

    def _place(self, order: Order) -> None:
        if order.key is None:
            self._post(order, self._chance.choice(self._urls))
            return
        for _ in range(_TRIES_WITH_KEY):
            accepted = list(self._twice.map(self._post, [order] * 2, self._urls))
            if any(accepted) or self._stopping.wait(1):
                return

    def _post(self, order: Order, url: str) -> bool:
        headers = HEADERS if order.key is None else {**HEADERS, "Idempotency-Key": order.key}
        began = time.monotonic()
        try:
            answer = self._http.post(
                url + (_JOBS if order.is_told else CUTOUT),
                headers=headers,
                data=self._fields_of(order),
                files={"image": order.picture},
            )
        except httpx.HTTPError as error:
            self._ledger.answered(type(error).__name__)
            return False
        self._ledger.answered(str(answer.status_code))
        task_id = _task_id(answer)
        if task_id:
            self._ledger.accept(task_id, order, time.monotonic() - began)
        elif answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            self._ledger.violated([f"a post was answered {answer.status_code}: {answer.text}"])
        elif "retry-after" not in answer.headers:
            self._ledger.violated(["a 503 without Retry-After"])
        return bool(task_id)

    def _fields_of(self, order: Order) -> dict[str, str]:
        told = {"callback_url": self._callback_url} if order.is_told else {}
        return {**order.fields, **told}


def _task_id(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["task_id"])
    except (ValueError, KeyError):
        return ""

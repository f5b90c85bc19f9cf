"""A client that asks for jobs until they are finished, and reads every result; and later, whether it still is so."""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

import httpx
from PIL import Image

from tests.background import Background
from tests.end_to_end.client import HEADERS, QUERY, urls_of
from tests.fault.ledger import Ending, Entry, Ledger, Output

_TIMEOUT = 15
_ROUND_SECONDS = 0.4
_DONE, _FAILED = 2, 3


class NotNow(Exception):
    """Raised when something is away: ask again later."""


class Reader(Background):
    """One thread that goes round all open entries."""

    def __init__(self, urls: Sequence[str], ledger: Ledger) -> None:
        """Prepare; nothing is asked yet."""
        super().__init__("reader")
        self._urls: Iterator[str] = itertools.cycle(urls)
        self._ledger = ledger
        self._http = httpx.Client(timeout=_TIMEOUT)

    def close(self) -> None:
        self._http.close()

    def read_again(self, entries: Iterable[Entry]) -> Iterator[str]:
        """Read settled entries a second time, and tell what is not as it was."""
        for entry in entries:
            ending, urls = self._ask(entry)
            if ending != entry.ending:
                yield f"{entry.task_id} ended {entry.ending}, and later {ending}"
                continue
            for path, url in urls.items():
                output = self._fetch(url)
                if output != entry.outputs[path]:
                    yield f"{path} was {entry.outputs[path]}, and is {output}"

    def ask_status(self, entry: Entry) -> int:
        """Ask for a job and return the HTTP status."""
        return self._query(entry).status_code

    def _run(self) -> None:
        while not self._stopping.wait(_ROUND_SECONDS):
            for entry in self._ledger.open_entries():
                if self._stopping.is_set():
                    return
                try:
                    self._look_at(entry)
                except NotNow:
                    continue

    def _look_at(self, entry: Entry) -> None:
        ending, urls = self._ask(entry)
        if ending is None:
            if entry.ending is not None:
                self._ledger.violated([f"{entry.task_id} was finished, and is live again"])
            return
        if entry.ending is not None and ending != entry.ending:
            self._ledger.violated([f"{entry.task_id} ended {entry.ending}, then {ending}"])
        entry.ending = ending
        for path, url in urls.items():
            entry.outputs[path] = self._fetch(url)
        self._ledger.violated(_wrong_sizes(entry))
        self._ledger.close(entry)

    def _ask(self, entry: Entry) -> tuple[Ending | None, dict[str, str]]:
        body = self._query(entry).json()
        status, code = body["task_status"], body["error_code_str"]
        if body["task_id"] != entry.task_id:
            if code != "ERROR_RESOURCE_UNAVAILABLE":
                self._ledger.violated([f"{entry.task_id} was accepted, and is answered {code}"])
            raise NotNow
        if status not in {_DONE, _FAILED}:
            return None, {}
        urls = urls_of(body).values() if status == _DONE else ()
        by_path = {urlsplit(url).path: url for url in urls if url}
        return Ending(status, code, frozenset(by_path)), by_path

    def _query(self, entry: Entry) -> httpx.Response:
        try:
            return self._http.get(
                next(self._urls) + QUERY, headers=HEADERS, params={"task_id": entry.task_id}
            )
        except httpx.HTTPError as error:
            raise NotNow from error

    def _fetch(self, url: str) -> Output:
        try:
            answer = self._http.get(url)
        except httpx.HTTPError as error:
            raise NotNow from error
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise NotNow
        if answer.status_code != httpx.codes.OK:
            self._ledger.violated([f"a result answers {answer.status_code}: {answer.text}"])
            raise NotNow
        try:
            with Image.open(io.BytesIO(answer.content), formats=["PNG"]) as image:
                image.load()
                size = image.size
        except (OSError, SyntaxError) as error:
            self._ledger.violated([f"{urlsplit(url).path} is no whole PNG: {error}"])
            size = 0, 0
        return Output(answer.headers["etag"], hashlib.sha256(answer.content).hexdigest(), size)


def _wrong_sizes(entry: Entry) -> list[str]:
    right = entry.order.width, entry.order.height
    return [
        f"{path} is {output.size}, the photo {right}"
        for path, output in entry.outputs.items()
        if output.size != right
    ]

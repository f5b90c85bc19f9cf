"""A client as others are: uploads photos, asks again when it is told to, and fetches the pictures."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import urllib3

from shared.errors import CutworkError
from shared.jobs.envelope import PROCESSING, QUEUED

_SECONDS = 60.0
_JOBS = "/v1/jobs"


class NotServed(CutworkError):
    """Raised when the installation does not do what it is asked."""


@dataclass(frozen=True)
class Delivery:
    """What became of a job."""

    polls: int
    pictures: int
    bytes_out: int


class Client:
    """One caller, with connections that are kept."""

    def __init__(self, url: str, key: str) -> None:
        """Connect with the first request."""
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"}
        self._http = urllib3.PoolManager(timeout=_SECONDS, retries=False)

    def submit(self, photo: bytes, options: Mapping[str, str]) -> str:
        """Upload a photo, and return the job's id.

        Raises:
            NotServed: It was not taken.
        """
        fields = {**options, "image": ("photo", photo, "application/octet-stream")}
        answer = _read(self._send("POST", _JOBS, fields=fields))
        return str(answer["task_id"])

    def ask(self, job_id: str) -> tuple[dict[str, Any], float]:
        """Ask for a job; return what is said, and in how many seconds to ask again."""
        response = self._send("GET", f"{_JOBS}/{job_id}")
        return _read(response), float(response.headers.get("Retry-After", 1))

    def fetch(self, job_id: str) -> Delivery:
        """Wait for a job as long as it takes, and fetch its pictures.

        Raises:
            NotServed: It failed, or its pictures cannot be read.
        """
        polls = 0
        while True:
            answer, seconds = self.ask(job_id)
            polls += 1
            if answer["task_status"] not in {QUEUED, PROCESSING}:
                break
            time.sleep(seconds)
        if "data" not in answer:
            raise NotServed(f"job {job_id} ended with {answer['error_detail']['message']!r}")
        sizes = [self._size_of(url) for url in _urls_of(answer)]
        return Delivery(polls, len(sizes), sum(sizes))

    def _size_of(self, url: str) -> int:
        response = self._http.request("GET", url)
        if response.status != HTTPStatus.OK:
            raise NotServed(f"a picture answers {response.status}")
        return len(response.data)

    def _send(self, method: str, path: str, **more: Any) -> urllib3.BaseHTTPResponse:
        try:
            return self._http.request(method, self._url + path, headers=self._headers, **more)
        except urllib3.exceptions.HTTPError as error:
            raise NotServed(f"{self._url} does not answer: {type(error).__name__}") from None


def _read(response: urllib3.BaseHTTPResponse) -> dict[str, Any]:
    if response.status >= HTTPStatus.BAD_REQUEST:
        raise NotServed(f"the service answers {response.status}: {response.data[:300]!r}")
    answer: dict[str, Any] = json.loads(response.data)
    return answer


def _urls_of(answer: Mapping[str, Any]) -> list[str]:
    image, classes = answer["data"]["elements"]
    return [url for url in (image["image_url"], *classes["class_url"].values()) if url]

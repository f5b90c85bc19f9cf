"""A catalogue's photos, by its own names: sent, awaited together, found again, and followed through every log."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.end_to_end.client import HEADERS
from tests.end_to_end.installation import Installation

JOBS = "/v1/jobs"
TRACE = "0af7651916cd43dd8448eb211c80319c"


def ask(installation: Installation, **query: str) -> list[dict[str, Any]]:
    url = f"{installation.url}{JOBS}"
    answer = httpx.get(url, headers=HEADERS, params=query, timeout=60)
    assert answer.status_code == 200, answer.text
    jobs: list[dict[str, Any]] = answer.json()["data"]["jobs"]
    return jobs


def send(installation: Installation, photo: bytes, number: int) -> str:
    answer = httpx.post(
        f"{installation.url}{JOBS}",
        headers={
            **HEADERS,
            "X-Request-ID": f"import/{number}",
            "traceparent": f"00-{TRACE}-b7ad6b7169203331-01",
        },
        data={"reference": f"SKU-{number % 2}", "metadata[number]": str(number)},
        files={"image": photo},
        timeout=60,
    )
    assert answer.status_code == 202, answer.text
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"] == f"import/{number}"
    return str(answer.json()["task_id"])


def test_a_catalogues_photos_are_awaited_found_and_followed_by_its_own_names(
    installation: Installation, photo: bytes
) -> None:
    ids = [send(installation, photo, number) for number in range(3)]
    installation.start_worker()
    waiting, finished = list(ids), {}
    while waiting:
        for job in ask(installation, ids=",".join(waiting), wait="30"):
            if job["status"] == "succeeded":
                finished[job["task_id"]] = job
                waiting.remove(job["task_id"])

    for number, job_id in enumerate(ids):
        job = finished[job_id]
        assert job["metadata"] == {"number": str(number)}
        assert httpx.get(job["data"]["elements"][0]["image_url"]).status_code == 200
    found = ask(installation, reference="SKU-0", status="succeeded")
    assert [job["task_id"] for job in found] == [ids[2], ids[0]]
    tag = httpx.get(f"{installation.url}{JOBS}/{ids[0]}", headers=HEADERS).headers["ETag"]
    again = httpx.get(
        f"{installation.url}{JOBS}/{ids[0]}", headers={**HEADERS, "If-None-Match": tag}
    )
    assert (again.status_code, again.content) == (304, b"")
    lines = [json.loads(line) for line in installation.logs().splitlines() if TRACE in line]
    events = {line["event"] for line in lines if line["task_id"] == ids[1]}
    assert {"job.queued", "job.claimed", "job.succeeded"} <= events
    assert {line.get("request_id") for line in lines if line["event"] == "job.queued"} == {
        f"import/{number}" for number in range(3)
    }

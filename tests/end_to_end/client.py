"""What a client does, over HTTP and nothing else."""

from __future__ import annotations

from typing import Any

import httpx

from tests.conditions import eventually

CUTOUT = "/api/cutout/general/apparel-background-removal"
QUERY = "/api/common/query-async-task-result"
HEADERS = {"ailabapi-api-key": "any"}


def post(url: str, photo: bytes, **fields: str) -> httpx.Response:
    """Upload a photo."""
    return httpx.post(
        url + CUTOUT, headers=HEADERS, data=fields, files={"image": photo}, timeout=90
    )


def submit(url: str, photo: bytes, **fields: str) -> str:
    """Upload a photo, wait for nothing, and return the task id."""
    answer = post(url, photo, task_type="async", **fields)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["task_id"])


def query(url: str, task_id: str, **more: str) -> httpx.Response:
    """Ask for a task."""
    parameters = {"task_id": task_id, **more}
    return httpx.get(url + QUERY, headers=HEADERS, params=parameters, timeout=60)


def wait_for(url: str, task_id: str, within: float = 60) -> dict[str, Any]:
    """Poll until the task is neither queued nor processing, and return the last answer."""

    def finished() -> dict[str, Any] | None:
        answer: dict[str, Any] = query(url, task_id, wait="5").json()
        return answer if answer["task_status"] in {2, 3} else None

    return eventually(finished, within)


def urls_of(answer: dict[str, Any]) -> dict[str, str]:
    """Take all URLs out of an answer: `image` and the categories."""
    image, classes = answer["data"]["elements"]
    return {"image": image["image_url"], **classes["class_url"]}

"""What became of a job's webhook is told, and it is sent again on demand."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from tests.api.conftest import FrontEnd
from tests.webhook_receiver import SECRET

pytestmark = pytest.mark.parametrize("changes", [{"webhook_secrets": SecretStr(SECRET)}])

URL = "https://shop.example/hook?key=hidden"


def submitted(front_end: FrontEnd) -> uuid.UUID:
    answer = front_end.post(path="/v1/jobs", callback_url=URL)
    return uuid.UUID(answer.get_json()["task_id"])


def path_of(job_id: uuid.UUID) -> str:
    return f"/v1/jobs/{job_id}/deliveries"


def shown(front_end: FrontEnd, job_id: uuid.UUID) -> list[dict[str, Any]]:
    answer = front_end.client().get(path_of(job_id), headers=front_end.headers)
    assert answer.status_code == 200
    assert "hidden" not in answer.text
    deliveries: list[dict[str, Any]] = answer.get_json()["data"]["deliveries"]
    return deliveries


def test_a_job_that_goes_on_has_none(front_end: FrontEnd) -> None:
    assert shown(front_end, submitted(front_end)) == []


def test_one_that_failed_tells_why_and_when_it_is_tried_again(front_end: FrontEnd) -> None:
    job_id = submitted(front_end)
    front_end.complete(job_id)
    delivery = front_end.services.deliveries.take(1)[0]
    front_end.services.deliveries.postpone(delivery, timedelta(minutes=5), 503, "It was busy.")

    assert shown(front_end, job_id) == [
        {
            "id": f"msg_{job_id.hex}",
            "event": "job.succeeded",
            "state": "pending",
            "tries": 1,
            "status": 503,
            "reason": "It was busy.",
            "created_at": "2026-11-23T12:00:00.001Z",
            "next_try_at": "2026-11-23T12:05:00.001Z",
            "finished_at": None,
        }
    ]


def test_one_that_was_given_up_is_sent_again_from_the_beginning(front_end: FrontEnd) -> None:
    job_id, deliveries = submitted(front_end), front_end.services.deliveries
    front_end.complete(job_id)
    deliveries.give_up(deliveries.take(1)[0], 410, "Gone.")
    [before] = shown(front_end, job_id)

    answer = front_end.client().post(
        f"{path_of(job_id)}/{before['id']}/redeliver", headers=front_end.headers
    )

    assert before["state"] == "failed"
    assert before["finished_at"]
    assert answer.status_code == 200
    [after] = answer.get_json()["data"]["deliveries"]
    assert (after["state"], after["tries"], after["finished_at"]) == ("pending", 0, None)
    assert [it.job_id for it in deliveries.take(1)] == [job_id]


def test_a_delivery_that_there_is_not_is_404(front_end: FrontEnd) -> None:
    job_id = submitted(front_end)

    for name in (f"msg_{job_id.hex}", f"msg_{uuid.uuid4().hex}", "x"):
        answer = front_end.client().post(
            f"{path_of(job_id)}/{name}/redeliver", headers=front_end.headers
        )
        assert answer.status_code == 404

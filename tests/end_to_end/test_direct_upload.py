"""A photo that goes to the object store itself, and becomes a job."""

from __future__ import annotations

import httpx
import pytest

from tests.conditions import eventually
from tests.end_to_end.client import HEADERS, urls_of
from tests.end_to_end.installation import Installation


@pytest.mark.parametrize("changes", [{"direct_uploads": True}])
def test_a_photo_that_no_front_end_saw_comes_back_as_cutouts(
    installation: Installation, photo: bytes
) -> None:
    installation.start_worker()
    with httpx.Client(base_url=installation.url, headers=HEADERS, timeout=60) as client:
        form = client.post("/v1/uploads").json()["data"]
        sent = httpx.post(form["url"], data=form["fields"], files={"file": photo})
        assert sent.status_code == 204, sent.text

        named = {"upload": (None, form["upload"]), "cloth_class": (None, "tops")}
        job = client.post("/v1/jobs", files=named).json()
        assert job["task_id"] == form["upload"]
        done = eventually(
            lambda: (
                (body := client.get(f"/v1/jobs/{job['task_id']}").json())["task_status"] > 1
                and body
            ),
            60,
        )

    assert httpx.get(urls_of(done)["image"]).headers["content-type"] == "image/png"

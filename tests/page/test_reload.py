"""What a reload finds again, and what is deleted for good."""

from __future__ import annotations

from pathlib import Path

import httpx
from playwright.sync_api import expect

from tests.conditions import eventually
from tests.end_to_end.client import HEADERS
from tests.end_to_end.installation import Installation
from tests.page.visitor import Visitor


def test_a_reload_finds_the_result_and_the_photo_again(visitor: Visitor, photo_file: Path) -> None:
    visitor.come()
    visitor.choose(photo_file)
    visitor.wait_for("jacket.jpg")

    visitor.page.reload()

    card = visitor.wait_for("jacket.jpg")
    expect(card.locator(".after")).to_be_visible()
    expect(card.get_by_role("slider", name="Before and after")).to_be_visible()
    assert len(visitor.sent("POST", "/v1/jobs")) == 1


def test_a_reload_while_the_job_runs_makes_no_second_job(
    visitor: Visitor, photo_file: Path, site: Installation
) -> None:
    site.close_gate()
    visitor.come()
    visitor.choose(photo_file)
    visitor.wait_for("jacket.jpg", "Being cut out")
    eventually(site.count_at_gate)

    visitor.page.reload()
    visitor.wait_for("jacket.jpg", "Being cut out")
    site.open_gate()

    visitor.wait_for("jacket.jpg")
    assert len(visitor.sent("POST", "/v1/jobs")) == 1


def test_delete_deletes_with_the_service_and_stays_deleted(
    visitor: Visitor, photo_file: Path, site: Installation
) -> None:
    visitor.come()
    visitor.choose(photo_file)
    card = visitor.wait_for("jacket.jpg")
    [shown] = visitor.page.evaluate("JSON.parse(localStorage.getItem('cutwork.jobs'))")

    card.get_by_role("button", name="Delete").click()

    expect(card).to_have_count(0)
    job = f"{site.url}/v1/jobs/{shown['taskId']}"
    eventually(lambda: httpx.get(job, headers=HEADERS).status_code == 410)
    visitor.page.reload()
    expect(visitor.page.locator("cutwork-card")).to_have_count(0)


def test_a_service_that_is_away_is_waited_for(visitor: Visitor, photo_file: Path) -> None:
    visitor.come()
    visitor.page.route("**/v1/jobs", lambda route: route.abort())
    visitor.choose(photo_file)
    visitor.wait_for("jacket.jpg", "The service cannot be reached. Going on in")

    visitor.page.unroute("**/v1/jobs")

    visitor.wait_for("jacket.jpg")
    visitor.complaints.clear()  # the browser's own, of the request that was lost

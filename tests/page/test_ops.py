"""The operations page in a real browser: finds, shows, chooses, withdraws; by keyboard, read aloud, in the dark."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from shared.errors import ErrorCode
from shared.job import Queue
from shared.jobs.store import JobStore, limits_of
from shared.sql.database import Database
from shared.tenants.api_key import Scope, Terms
from shared.tenants.audit import AuditLog
from shared.tenants.key_store import KeyStore
from tests.end_to_end.installation import Installation
from tests.factories import new_job
from tests.page.visitor import PATIENCE, Visitor


@pytest.fixture
def database(site: Installation) -> Iterator[Database]:
    database = Database(site.settings.database_url)
    yield database
    database.close()


@pytest.fixture
def job_store(database: Database, site: Installation) -> JobStore:
    return JobStore(database, limits_of(site.settings))


def failed(job_store: JobStore, tenant: str) -> uuid.UUID:
    """A job that failed, and whose message no worker will take."""
    new = new_job(tenant=tenant, queue=Queue.INTERACTIVE, request_id=f"import/{tenant}")
    assert job_store.create(new)
    for queue in Queue:
        while job := job_store.claim(queue, "gpu-3:4711"):
            job_store.fail(job.lease, ErrorCode.PROCESSING_FAILURE, "It was tried too often.")
            if job.id == new.id:
                return new.id
    raise AssertionError("another worker took it")


def come(visitor: Visitor, query: str = "") -> Page:
    visitor.page.goto(f"{visitor.url}/ops{query}")
    return visitor.page


@pytest.mark.parametrize("who", ["visitor", "caller"])
def test_all_that_matters_is_on_the_first_screen(
    who: str, request: pytest.FixtureRequest, job_store: JobStore
) -> None:
    visitor: Visitor = request.getfixturevalue(who)
    failed(job_store, f"first-{who}")
    job_id = failed(job_store, f"second-{who}")
    page = come(visitor, f"?job={job_id}")

    for name in ("Waiting", "Being worked on", "Workers"):
        expect(page.locator(".tile", has_text=name).locator(".value")).to_have_text(
            re.compile(r"\d")
        )
    rows = page.get_by_role("region", name="Workers").get_by_role("row")
    expect(rows).to_have_count(2, timeout=PATIENCE)
    bad = page.locator(".tile.bad", has_text="Failed").get_by_role("link")
    expect(bad).to_have_attribute("href", "docs/reference/errors#processing_failure")
    # A phone's own `innerWidth` grows with what is too wide.
    assert page.evaluate("document.documentElement.scrollWidth <= screen.width")


def test_a_job_is_found_by_what_somebody_was_told_and_its_life_is_shown(
    visitor: Visitor, job_store: JobStore
) -> None:
    job_id = failed(job_store, "life")
    page = come(visitor)

    for text in ("import/life", f"http://x/results/{job_id}/1/image.png?X-Amz=1", job_id.hex):
        page.get_by_role("searchbox").fill(text)
        page.keyboard.press("Enter")
        found = page.get_by_role("region", name=f"Job {job_id}")
        expect(found).to_contain_text("Attempt 1 began on gpu-3:4711")
        expect(found).to_contain_text("Failed with PROCESSING_FAILURE")
        expect(found).to_be_focused()
        page.reload()
        expect(found).to_contain_text("Attempt 1 began on gpu-3:4711")
        page.get_by_role("button", name="Close").click()
        expect(page.get_by_role("searchbox")).to_be_focused()


def test_a_choice_stands_in_the_address_and_survives_a_reload_and_the_way_back(
    visitor: Visitor, job_store: JobStore
) -> None:
    failed(job_store, "choice")
    page = come(visitor)
    page.get_by_label("Tenant").fill("choice")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#tally")).to_have_text("1 job")

    page.get_by_label("State").select_option("Failed")
    expect(page).to_have_url(
        re.compile(r"\?tenant=choice&status=failed$|status=failed&tenant=choice$")
    )
    page.reload()
    expect(page.get_by_label("Tenant")).to_have_value("choice")
    expect(page.locator("#tally")).to_have_text("1 job")

    page.go_back()
    expect(page.get_by_label("State")).to_have_value("")


def test_all_that_match_are_withdrawn_once_their_number_was_confirmed(
    visitor: Visitor, job_store: JobStore, database: Database
) -> None:
    kept = failed(job_store, "kept")
    for _ in range(3):
        failed(job_store, "gone")
    page = come(visitor, "?status=failed&tenant=gone")

    page.get_by_role("button", name="Withdraw all that match").click()
    dialog = page.get_by_role("dialog", name="Withdraw 3 jobs?")
    expect(dialog).to_contain_text("Failed, of gone")
    expect(dialog.get_by_role("button", name="Leave them")).to_be_focused()
    dialog.get_by_role("button", name="Withdraw 3").click()
    expect(dialog).to_contain_text("3 withdrawn.")
    dialog.get_by_role("button", name="Close").click()

    expect(page.locator("#tally")).to_have_text("0 jobs")
    found = job_store.find(kept, "kept")
    assert found is not None
    assert not found.is_revoked
    [line] = AuditLog(database).list_entries("gone", 10)
    assert line.details["count"] == 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_finding_of_axe(visitor: Visitor, job_store: JobStore, scheme: str) -> None:
    job_id = failed(job_store, "axe")
    visitor.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page = come(visitor, f"?tenant=axe&status=failed&job={job_id}")
    expect(page.get_by_role("region", name="Jobs")).to_contain_text("axe")
    page.get_by_text("As a table").first.click()
    assert visitor.serious_findings() == []

    page.get_by_role("button", name="Withdraw all that match").click()
    assert visitor.serious_findings() == []


def test_a_keyboard_is_enough(visitor: Visitor, job_store: JobStore) -> None:
    failed(job_store, "keys")
    page = come(visitor, "?tenant=keys&status=failed")
    expect(page.locator("#tally")).to_have_text("1 job")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the jobs")).to_be_focused()
    for role, name in {"Photos": "link", "Documentation": "link", "Key": "button"}.items():
        page.keyboard.press("Tab")
        expect(page.get_by_role(name, name=role, exact=True)).to_be_focused()  # type: ignore[arg-type]
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()

    page.get_by_role("button", name="Withdraw all that match").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("region", name="Jobs").locator("a.name").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name=re.compile("^Job "))).to_be_focused()


def test_a_key_that_may_look_is_asked_for_once_and_stands_in_no_url(
    visitor: Visitor, database: Database
) -> None:
    """Last: from then on nobody is served without a key."""
    keys = KeyStore(database)
    _, usual = keys.create("shop")
    _, key = keys.create("operations", Terms(scopes=frozenset({Scope.OBSERVE})))
    page = come(visitor)
    dialog = page.get_by_role("dialog", name="Your API key")

    for reason, said in {"--scope observe": usual, "lacks the scope `observe`": key}.items():
        expect(dialog).to_contain_text(reason)
        dialog.get_by_label("Key", exact=True).fill(said)
        dialog.get_by_role("button", name="Use this key").click()
    expect(page.locator(".tile", has_text="Waiting").locator(".value")).to_have_text(
        re.compile(r"\d")
    )

    expect(dialog).not_to_be_visible()
    assert not [it.url for it in visitor.requests if key in it.url or usual in it.url]

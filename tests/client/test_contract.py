"""The client knows the contract by heart, and imports none of the service: its words are held to the service's here."""

from __future__ import annotations

from api.answers.job_ids import MAX_IDS
from cutwork import CATEGORIES, FORMS, Status, calls
from cutwork.options import FORMATS
from shared.job import JobStatus
from shared.wire.contract import Category, ReturnForm
from shared.wire.rendition import Format


def test_the_client_knows_the_services_categories_forms_and_formats() -> None:
    assert tuple(Category) == CATEGORIES
    assert tuple(form.word for form in ReturnForm) == FORMS
    assert tuple(Format) == FORMATS


def test_the_client_knows_every_state_that_a_job_is_told_in() -> None:
    assert {*JobStatus, "unknown"} == set(Status)


def test_the_client_asks_for_as_many_jobs_as_the_service_shows_at_once() -> None:
    assert calls.MAX_IDS == MAX_IDS

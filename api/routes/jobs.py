"""The modern face: the same jobs as a resource of their own (contract, section 4)."""

from __future__ import annotations

import time
from dataclasses import replace

from flask import Blueprint, Response, request

from api.admission.auth import current_caller, current_tenant
from api.answers.cursor import cut_page
from api.answers.entity_tag import add_tag, is_known, not_modified, tag_of
from api.answers.envelope import Describe, respond, without_body
from api.answers.job_id import parse_job_id, unknown_job
from api.answers.job_ids import name_jobs, parse_ids, read_ids
from api.answers.job_items import for_found, for_page, seconds_until_next
from api.answers.listing import read_page
from api.answers.prefer_header import APPLIED, preferred_wait
from api.answers.wait_parameter import read_wait
from api.intake.fields import Rules, RulesFor
from api.intake.form import read_cutout_request
from api.intake.idempotency import read_idempotency_key
from api.intake.submission import submit
from api.services import Services
from shared.job import LIVE, Bookmark, Job, JobStatus
from shared.jobs.envelope import OK
from shared.telemetry.logs import about, get_logger
from shared.wire.contract import TaskType

PATH = "/v1/jobs"

log = get_logger(__name__)

_ACCEPTED, _NO_CONTENT = 202, 204
_GONE = frozenset({JobStatus.CANCELLED, JobStatus.EXPIRED})


def create_blueprint(services: Services, describe: Describe, rules_for: RulesFor) -> Blueprint:
    """Make the four routes.

    Args:
        services: What they stand on.
        describe: How a job is shown.
        rules_for: What a tenant may send.
    """
    blueprint = Blueprint("jobs", __name__)

    @blueprint.post(PATH)
    def create_job() -> Response:
        return _create(services, describe, rules_for(current_tenant()))

    @blueprint.get(PATH)
    def list_jobs() -> Response:
        ids = read_ids(request.args)
        return _show_named(services, describe, ids) if ids else _show_page(services)

    @blueprint.get(f"{PATH}/<job_id>")
    def show_job(job_id: str) -> Response:
        seconds = read_wait(request.args)
        job = services.long_polls.wait(parse_job_id(job_id), current_tenant(), seconds)
        if job is None:
            raise unknown_job()
        tag = tag_of(job)
        answer = not_modified() if is_known(request, tag) else _answer(describe, job)
        return add_tag(answer, tag)

    @blueprint.delete(f"{PATH}/<job_id>")
    def erase_job(job_id: str) -> Response:
        return _erase(services, describe, job_id)

    return blueprint


def _show_page(services: Services) -> Response:
    page = read_page(request.args)
    # One more than wanted tells whether there is a next page.
    found = services.job_store.list_jobs(current_tenant(), page.limit + 1, page.which, page.after)
    return respond(for_page(*cut_page(found, page.limit, _bookmark_of)))


def _bookmark_of(job: Job) -> Bookmark:
    return Bookmark(job.created_at, job.id)


def _show_named(services: Services, describe: Describe, ids: list[str]) -> Response:
    seconds, parsed = read_wait(request.args), parse_ids(ids)
    jobs = services.long_polls.wait_for_any(set(parsed.values()), current_tenant(), seconds)
    envelope = for_found(ids, name_jobs(parsed, jobs), describe)
    return respond(envelope, retry_after=seconds_until_next(envelope))


def _create(services: Services, describe: Describe, rules: Rules) -> Response:
    key, seconds = read_idempotency_key(request), preferred_wait(request)
    # `Prefer` says here what `task_type` says on the other face: whether somebody waits.
    wanted = replace(
        read_cutout_request(request, rules),
        task_type=TaskType.SYNC if seconds else TaskType.ASYNC,
    )
    tenant = current_tenant()
    with services.long_polls.slot(tenant, seconds) as granted:
        job = submit(services, wanted, current_caller(), key)
        began = time.monotonic()
        job = services.long_polls.watch(job, granted)
    has_waited = job.status not in LIVE or time.monotonic() - began >= seconds
    response = _answer(describe, job, _ACCEPTED if job.status in LIVE else OK)
    if job.seen_as not in _GONE:
        response.headers["Location"] = f"{PATH}/{job.id}"
    # Not so when all waiting slots were taken.
    if seconds and has_waited:
        response.headers[APPLIED] = f"wait={seconds}"
    return response


def _answer(describe: Describe, job: Job, status: int = OK) -> Response:
    """Describe a job; that it failed is part of the description, and no failure of this request."""
    return respond(describe(job, status), 0 if job.seen_as in _GONE else status)


def _erase(services: Services, describe: Describe, text: str) -> Response:
    """Row first: from then on no worker can finish the job, and what it stores it deletes itself."""
    job_id, tenant = parse_job_id(text), current_tenant()
    is_new = services.job_store.erase(job_id, tenant)
    job = services.job_store.find(job_id, tenant)
    if job is None:
        raise unknown_job()
    if job.is_revoked:
        # On every DELETE: the one before may have been stopped here by a store that was away.
        services.object_store.delete_input(job_id)
        services.object_store.delete_results(job_id)
        services.long_polls.wake(job_id)
    if not is_new:
        return _answer(describe, job)
    log.info("job.erased", **about(job))
    return without_body(_NO_CONTENT)

"""The whole installation, across all tenants: for who looks after it, and shown by the page at `/ops`."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from datetime import timedelta

from flask import Blueprint, Response, request

from api.admission.auth import current_actor
from api.answers.cursor import PLACE, read_limit
from api.answers.envelope import respond
from api.answers.job_id import parse_job_id
from api.answers.life import for_life
from api.answers.listing import read_word
from api.answers.matching import NAMES, Place, read_erasable, read_matching, read_place, write_place
from api.answers.operations import for_overview, for_series
from api.answers.overseen import for_discovery, for_erased, for_jobs
from api.intake.json_body import read_json_object
from api.intake.needle import read_needle
from api.intake.parameters import refuse_others
from api.services import Services
from shared.errors import ErrorCode, Refused
from shared.jobs.matching import WINDOW, Matching
from shared.operations.series import Span
from shared.telemetry.logs import about, get_logger
from shared.tenants.audit import Action

PATH = "/v1/ops"
SERIES, FIND, JOBS = f"{PATH}/series", f"{PATH}/find", f"{PATH}/jobs"
ONE, ERASE = f"{JOBS}/<job_id>", f"{PATH}/erase"

log = get_logger(__name__)

#: Jobs that were asked for by one request; more of it are not shown.
_OF_A_REQUEST = 50
#: Jobs that one request withdraws: the page asks again until there are no more.
_AT_ONCE = 100
_UNKNOWN = "There is no such job."


def create_blueprint(services: Services) -> Blueprint:
    """Make the routes."""
    blueprint = Blueprint("ops", __name__)

    @blueprint.get(PATH)
    def show_overview() -> Response:
        return respond(for_overview(services.lookout.look()))

    @blueprint.get(SERIES)
    def show_series() -> Response:
        refuse_others(request.args, ["span"])
        span = read_word(request.args, "span", Span) or Span.HOUR
        return respond(for_series(span, services.samples.read(span.length)))

    @blueprint.get(FIND)
    def find_anything() -> Response:
        needle = read_needle(request.args)
        jobs = services.job_store.look_up(needle.ids, needle.request_id, _OF_A_REQUEST)
        return respond(for_discovery(jobs, services.batches.look_up(needle.ids)))

    @blueprint.get(JOBS)
    def list_all_jobs() -> Response:
        refuse_others(request.args, [*NAMES, *PLACE])
        return _list(services, read_matching(request.args), read_place(request.args))

    @blueprint.get(ONE)
    def show_life(job_id: str) -> Response:
        found = services.job_store.look_up([parse_job_id(job_id)], "", 1)
        if not found:
            raise Refused(ErrorCode.ERROR_RESOURCE_NOT_FOUND, _UNKNOWN)
        return respond(for_life(found[0]))

    @blueprint.post(ERASE)
    def erase_matching() -> Response:
        return _erase(services, read_erasable(read_json_object(request)))

    return blueprint


def _list(services: Services, which: Matching, place: Place | None) -> Response:
    limit, shown = read_limit(request.args), 0 if place is None else place.shown
    from_there = which if place is None else _until(which, place)
    found = services.job_store.list_matching(from_there, shown + limit + 1)[shown:]
    page = found[:limit]
    cursor = write_place(page, place) if found[limit:] else ""
    count = services.job_store.count_matching(which)
    return respond(for_jobs(page, count, cursor, is_more=count >= WINDOW))


def _until(which: Matching, place: Place) -> Matching:
    """End with the moment at which the page before ended: others of that moment may be left."""
    end = place.at + timedelta(microseconds=1)
    return replace(which, until=min(which.until or end, end))


def _erase(services: Services, which: Matching) -> Response:
    """Withdraw some of what matches; rows first, as for one job (`api.routes.jobs`)."""
    found = [it.job for it in services.job_store.list_matching(which, _AT_ONCE)]
    details = {name: str(value) for name, value in asdict(which).items() if value}
    for tenant, count in Counter(job.tenant for job in found).items():
        services.audit.note(
            current_actor(), Action.JOBS_ERASE, "", **{**details, "tenant": tenant}, count=count
        )
    erased = [job for job in found if services.job_store.erase(job.id, job.tenant)]
    if erased:
        # What cannot be deleted now, the sweeper deletes.
        services.object_store.delete_jobs([job.id for job in erased])
    for job in erased:
        services.long_polls.wake(job.id)
        log.info("job.erased", **about(job))
    # Of those that are left nothing can be withdrawn: their time is over.
    is_more = bool(erased) and len(found) == _AT_ONCE
    return respond(for_erased(len(erased), is_more=is_more))

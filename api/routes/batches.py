"""Batches: many photos that are asked for in one request."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from flask import Blueprint, Request, Response, request, stream_with_context

from api.admission.auth import current_caller, current_tenant
from api.answers.batch_files import error_lines, output_lines, pictures
from api.answers.batch_id import known, parse_batch_id, unknown_batch
from api.answers.batches import answer_batch, for_batches, for_lines, tell_items
from api.answers.cursor import PLACE, cut_page, read_limit, read_line, read_paging
from api.answers.envelope import Describe, respond
from api.answers.wait_parameter import read_wait
from api.intake.batch import Intake
from api.intake.fields import Rules, RulesFor
from api.intake.form import read_url_options
from api.intake.idempotency import read_idempotency_key
from api.intake.lines import Lines
from api.intake.options import CALLBACK_URL, REFERENCE, invalid, text_of
from api.intake.packing import refuse_packed
from api.intake.parameters import refuse_others
from api.intake.records import READERS
from api.intake.tags import check_reference
from api.request_names import read_traceparent
from api.services import Services
from shared.batches.batch import AT_WORK, Batch, BatchStatus, NewBatch
from shared.errors import ErrorCode, Refused, TryLater
from shared.job import Bookmark, log_id_of
from shared.jobs.envelope import OK
from shared.settings.settings import Settings
from shared.telemetry.logs import get_logger
from shared.tenants.api_key import Caller

PATH = "/v1/batches"
ONE = f"{PATH}/<batch_id>"
JSON_LINES, ZIP = "application/jsonl", "application/zip"

log = get_logger(__name__)

_ACCEPTED = 202
_SEND_LINES = (
    "Send the items as lines of JSON (`Content-Type: application/jsonl`) or as `text/csv` whose first line names the "
    "columns."
)
#: What the URL can say of the batch itself; all else is its items'.
_OF_THE_BATCH = frozenset({CALLBACK_URL, REFERENCE})
#: When one of many batches may have ended.
_LATER_SECONDS = 60.0


def create_blueprint(
    settings: Settings, services: Services, describe: Describe, rules_for: RulesFor
) -> Blueprint:
    """Make all routes.

    Args:
        settings: Say how many batches may go on.
        services: What they stand on.
        describe: How a job is shown.
        rules_for: What a tenant may send, as items as well as by themselves.
    """
    blueprint = Blueprint("batches", __name__)

    @blueprint.post(PATH)
    def create_batch() -> Response:
        return _create(settings, services, rules_for(current_tenant()))

    @blueprint.get(PATH)
    def list_batches() -> Response:
        return _list(services)

    @blueprint.get(ONE)
    def show_batch(batch_id: str) -> Response:
        seconds, wanted = read_wait(request.args), parse_batch_id(batch_id)
        batch = services.long_polls.wait_until(
            current_tenant(),
            seconds,
            lambda: services.batches.find(wanted, current_tenant()),
            lambda found: found is None or found.status not in AT_WORK,
        )
        return answer_batch(known(batch))

    @blueprint.post(f"{ONE}/cancel")
    def cancel_batch(batch_id: str) -> Response:
        batch = known(services.batches.cancel(parse_batch_id(batch_id), current_tenant()))
        log.info("batch.cancelled", batch_id=str(batch.id), log_id=batch.log_id)
        return answer_batch(batch)

    @blueprint.get(f"{ONE}/jobs")
    def list_batch_jobs(batch_id: str) -> Response:
        return _list_items(services, describe, batch_id)

    @blueprint.get(f"{ONE}/output")
    def read_output(batch_id: str) -> Response:
        batch = _readable(services, batch_id)
        lines = output_lines(services, batch, describe)
        return _stream(lines, JSON_LINES, f"{batch.id}-output.jsonl")

    @blueprint.get(f"{ONE}/errors")
    def read_errors(batch_id: str) -> Response:
        batch = _readable(services, batch_id)
        return _stream(error_lines(services, batch), JSON_LINES, f"{batch.id}-errors.jsonl")

    @blueprint.get(f"{ONE}/results")
    def read_results(batch_id: str) -> Response:
        after, batch = read_line(request.args), _readable(services, batch_id)
        return _stream(pictures(services, batch, after), ZIP, f"{batch.id}.zip")

    return blueprint


def _list(services: Services) -> Response:
    limit, after = read_paging(request.args)
    found = services.batches.list_batches(current_tenant(), limit + 1, after)
    return respond(for_batches(*cut_page(found, limit, _bookmark_of)))


def _bookmark_of(batch: Batch) -> Bookmark:
    return Bookmark(batch.accepted_at, batch.id)


def _list_items(services: Services, describe: Describe, batch_id: str) -> Response:
    refuse_others(request.args, PLACE)
    limit, after = read_limit(request.args), read_line(request.args)
    page = services.batches.read_items(parse_batch_id(batch_id), current_tenant(), after, limit + 1)
    if page is None:
        raise unknown_batch()
    items = page.items[:limit]
    released = [item.job_id for item in items if item.is_released]
    found = {job.id: job for job in services.job_store.find_all(released, current_tenant())}
    cursor = str(items[-1].line) if len(page.items) > limit else ""
    return respond(for_lines(tell_items(items, found, describe), cursor))


def _create(settings: Settings, services: Services, rules: Rules) -> Response:
    key, caller = read_idempotency_key(request), current_caller()
    tenant = caller.tenant
    _refuse_other_types(request)
    new = _new_batch(rules, caller)
    most = settings.max_batches_per_tenant
    if services.batches.count_at_work(tenant, most) >= most and not _is_replay(services, key):
        raise TryLater(
            ErrorCode.EXCEEDING_LIMITS,
            f"{most} batches of your account go on already. Please send this one when one of them has ended.",
            _LATER_SECONDS,
        )
    intake = Intake(services.batches, new, rules, Lines(request), key, caller.callback_url)
    batch = intake.receive(request)
    if batch.id == new.id:
        log.info(
            "batch.accepted",
            batch_id=str(batch.id),
            log_id=batch.log_id,
            tenant=tenant,
            items=batch.total,
        )
    response = answer_batch(batch, _ACCEPTED if batch.status in AT_WORK else OK)
    response.headers["Location"] = f"{PATH}/{batch.id}"
    return response


def _new_batch(rules: Rules, caller: Caller) -> NewBatch:
    options = list(read_url_options(request, rules.names))
    for option in options:
        if option.text and option.name not in _OF_THE_BATCH:
            raise invalid(f"Send `{option.name}` in each line: in the URL it would be of no item.")
    callback = text_of(options, CALLBACK_URL)
    batch_id = uuid.uuid4()
    return NewBatch(
        id=batch_id,
        log_id=log_id_of(batch_id),
        tenant=caller.tenant,
        key_id=caller.key_id or None,
        reference=check_reference(text_of(options, REFERENCE)),
        callback_url=(rules.callbacks.check(callback) if rules.callbacks else None)
        or caller.callback_url,
        traceparent=read_traceparent(request),
    )


def _is_replay(services: Services, key: str | None) -> bool:
    if key is None:
        return False
    return services.batches.find_by_idempotency_key(key, current_tenant()) is not None


def _refuse_other_types(received: Request) -> None:
    if received.mimetype not in READERS:
        raise Refused(ErrorCode.ERROR_PARAMETERS, _SEND_LINES)
    refuse_packed(received)


def _readable(services: Services, text: str) -> Batch:
    batch = known(services.batches.find(parse_batch_id(text), current_tenant()))
    if batch.seen_as is BatchStatus.EXPIRED:
        raise Refused(
            ErrorCode.ERROR_RESOURCE_RECLAIMED,
            "The results of this batch were kept for 24 hours and are deleted.",
        )
    return batch


def _stream(pieces: Iterator[bytes], mimetype: str, name: str) -> Response:
    response = Response(stream_with_context(pieces), mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

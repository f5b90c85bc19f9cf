"""What answers look like, as JSON Schema 2020-12: one closed schema for each kind of envelope."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from api.answers.audit import AuditPage
from api.answers.batches import BatchLines, BatchPage
from api.answers.deliveries import DeliveryLog
from api.answers.job_items import FoundJobs, Page
from api.answers.keys import CREATED, KeyPage, NewKey, OneKey
from api.answers.life import Life
from api.answers.operations import OverviewState, SeriesState
from api.answers.overseen import Discovery, Erased, OverseenJobs
from api.answers.problem import Problem
from api.answers.usage import UsageReport
from api.intake.tags import Metadata, Reference
from api.openapi.batches import WRONG_LINES
from api.openapi.types import Schema, reference, schema_of, schemas_of
from api.request_names import VALID
from api.routes.uploads import UploadForm
from shared.batches.telling import BatchState
from shared.errors import CATALOGUE, JOB_FAILURES, ErrorCode
from shared.jobs.envelope import OK, Delivered, Elements, Envelope, QueueState
from shared.wire.types import JobName, LogName

_ACCEPTED = 202
_TEXT: Schema = {"type": "string"}
_REQUEST_ID: Schema = {"type": "string", "pattern": f"^{VALID.pattern}$"}
_NOTHING: Schema = {"const": ""}
_NO_TASK: Schema = {"task_id": _NOTHING, "task_type": _NOTHING}
_TASK: Schema = {"task_id": schema_of(JobName), "task_type": {"const": "async"}}
_ANY_TASK: Schema = {"anyOf": [_NOTHING, schema_of(JobName)]}
_TAGS: Schema = {"reference": schema_of(Reference), "metadata": schema_of(Metadata)}
#: A job on `/v1`.
_TAGGED: Schema = {**_TASK, **_TAGS}
#: What is in the `data` of some kind.
_DATA = (
    *(QueueState, Elements, Delivered, Page, FoundJobs, UploadForm, DeliveryLog),
    *(BatchState, BatchPage, BatchLines),
    *(UsageReport, KeyPage, OneKey, NewKey, AuditPage),
    *(OverviewState, SeriesState, Discovery, OverseenJobs, Life, Erased),
)


@cache
def create_schemas() -> Mapping[str, Schema]:
    """Make all of them, by name: the kinds of envelopes, and what is in their `data`.

    They are the same for every application of a process, and take a quarter of a second.
    """
    return {
        "WaitingJob": _live("A job that is queued (0) or processing (1).", **_TASK),
        "AcceptedJob": _live("A job that was just stored, or goes on.", _ACCEPTED, **_TAGGED),
        "PendingJob": _live(
            "A job that is queued (0) or processing (1), with all that `/v1` tells.", **_TAGGED
        ),
        "FinishedJob": _done("A job with its outputs.", Elements, task=_TASK),
        "DeliveredJob": _done("A job with all that it delivers.", Delivered, task=_TAGGED),
        "FailedJob": _failure("A job that failed, and why.", JOB_FAILURES, _TAGGED),
        "JobList": _done("A page of jobs.", Page),
        "NamedJobs": _done("Jobs that were asked for by their ids.", FoundJobs),
        "AcceptedBatch": _done("A batch that was just taken, or goes on.", BatchState, _ACCEPTED),
        "Batch": _done("A batch.", BatchState),
        "BatchList": _done("A page of batches.", BatchPage),
        "BatchItems": _done("Items of a batch.", BatchLines),
        "CreatedUpload": _done("Where and how to upload a photo.", UploadForm, CREATED),
        "Deliveries": _done("What became of a job's webhook.", DeliveryLog),
        "UsageOfDays": _done("What was used, day by day.", UsageReport),
        "KeyList": _done("A page of keys.", KeyPage),
        "ShownKey": _done("A key.", OneKey),
        "CreatedKey": _done("A key that was just made.", NewKey, CREATED),
        "AuditEntries": _done("A page of the audit log.", AuditPage),
        "Overview": _done("The whole installation in numbers.", OverviewState),
        "Series": _done("How it was, minute by minute.", SeriesState),
        "Found": _done("What goes by an id.", Discovery),
        "AllJobs": _done("A page of jobs of all tenants.", OverseenJobs),
        "JobLife": _done("A job and all that happened to it.", Life),
        "ErasedJobs": _done("How many were withdrawn.", Erased),
        "Alive": _done("All is well."),
        "Ready": _done(
            "All is well; `warnings` say what is missing all the same.",
            checks=_checks(),
            warnings=_warnings(),
        ),
        "NotReady": _failure(
            "What is down.",
            [ErrorCode.ERROR_RESOURCE_UNAVAILABLE],
            _NO_TASK,
            checks=_checks(),
            warnings=_warnings(),
        ),
        "Error": _failure(
            "What went wrong. With a `task_id`, it is about that job; with `task_status` 0 or 1, the job goes on.",
            list(ErrorCode),
            {"task_id": _ANY_TASK, "task_type": {"enum": ["", "async"]}},
            task_status={"enum": [0, 1, 3]},
            **_TAGS,
            lines=WRONG_LINES,
        ),
        **schemas_of(Problem, *_DATA),
    }


def _live(description: str, status: int = OK, **fields: Schema) -> Schema:
    shown = {"task_status": {"enum": [0, 1]}, "queue": reference(QueueState.__name__)}
    return _success(description, status, **fields, **shown)


def _done(
    description: str,
    data: type | None = None,
    status: int = OK,
    *,
    task: Schema = _NO_TASK,
    **fields: Schema,
) -> Schema:
    """Describe an answer that has `data` of a type; without one, it is empty."""
    shown = _closed() if data is None else reference(data.__name__)
    return _success(description, status, task_status={"const": 2}, data=shown, **task, **fields)


def _success(description: str, status: int = OK, **fields: Schema) -> Schema:
    detail = _closed(
        status_code={"const": status}, code=_NOTHING, code_message=_NOTHING, message=_NOTHING
    )
    return _envelope(
        description,
        error_code={"const": 0},
        error_code_str=_NOTHING,
        error_msg=_NOTHING,
        error_detail=detail,
        **fields,
    )


def _failure(
    description: str, codes: tuple[ErrorCode, ...] | list[ErrorCode], task: Schema, **fields: Schema
) -> Schema:
    return _envelope(
        description,
        error_code={"type": "integer", "minimum": 400, "maximum": 599},
        error_code_str={"enum": list(codes)},
        error_msg={"type": "string", "minLength": 1},
        error_detail=_detail(codes),
        **{**task, "task_status": {"const": 3}, **fields},
    )


def _detail(codes: tuple[ErrorCode, ...] | list[ErrorCode]) -> Schema:
    return _closed(
        status_code={"type": "integer", "minimum": 400, "maximum": 599},
        code={"enum": list(codes)},
        code_message={"enum": sorted({CATALOGUE[code].text for code in codes})},
        message={"type": "string", "minLength": 1},
    )


def _envelope(description: str, **fields: Schema) -> Schema:
    """Close the envelope: what `Envelope` requires and what is given is there, and nothing else."""
    shown = {"request_id": _REQUEST_ID, "log_id": schema_of(LogName), **fields}
    in_order = {name: shown[name] for name in Envelope.__annotations__ if name in shown}
    envelope = _closed(**in_order)
    # Of waiting jobs alone, which share their schema with those that are being worked on; and of errors on `/v1`.
    optional = {"queue", "lines", *_TAGS} if fields.get("task_id") == _ANY_TASK else {"queue"}
    envelope["required"] = [name for name in in_order if name not in optional]
    return {"description": description, **envelope}


def _closed(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _checks() -> Schema:
    return _closed(database=_TEXT, redis=_TEXT, object_store=_TEXT)


#: Of `/readyz`.
_WARNINGS = ("sweeper", "retention", "batches", "webhooks", "workers", "cors", "circuit")


def _warnings() -> Schema:
    return {
        "type": "object",
        "properties": dict.fromkeys(_WARNINGS, _TEXT),
        "additionalProperties": False,
    }

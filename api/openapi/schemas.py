"""What answers look like, as JSON Schema 2020-12: one closed schema for each kind of envelope."""

from __future__ import annotations

from typing import Any

from api.answers.job_items import UNKNOWN
from api.answers.listing import CURSOR
from api.openapi.codes import JOB_FAILURES
from api.openapi.deliveries import DELIVERIES
from api.openapi.tags import METADATA, REFERENCE
from api.request_names import VALID
from shared.contract import Category
from shared.envelope import OK, Envelope
from shared.errors import CATALOGUE, ErrorCode
from shared.job import JobStatus
from shared.rendition import OUTPUTS

Schema = dict[str, Any]

_CREATED, _ACCEPTED = 201, 202
_TEXT: Schema = {"type": "string"}
_NAME: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_REQUEST_ID: Schema = {"type": "string", "pattern": f"^{VALID.pattern}$"}
_UUID: Schema = {"type": "string", "format": "uuid"}
_URL: Schema = {"type": "string", "format": "uri"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_TIME_OR_NONE: Schema = {"type": ["string", "null"], "format": "date-time"}
_NOTHING: Schema = {"const": ""}
_NO_TASK: Schema = {"task_id": _NOTHING, "task_type": _NOTHING}
_TASK: Schema = {"task_id": _UUID, "task_type": {"const": "async"}}
_ANY_TASK: Schema = {"anyOf": [_NOTHING, _UUID]}
_TAGS: Schema = {"reference": REFERENCE, "metadata": METADATA}
#: A job on `/v1`.
_TAGGED: Schema = {**_TASK, **_TAGS}


def reference(name: str) -> Schema:
    """Point to one of `create_schemas`."""
    return {"$ref": f"#/components/schemas/{name}"}


def create_schemas() -> dict[str, Schema]:
    """Make all of them, by name."""
    return {
        "WaitingJob": _success(
            "A job that is queued (0) or processing (1).",
            **_TASK,
            task_status={"enum": [0, 1]},
            queue=_queue(),
        ),
        "AcceptedJob": _success(
            "A job that was just stored, or goes on.",
            _ACCEPTED,
            **_TAGGED,
            task_status={"enum": [0, 1]},
            queue=_queue(),
        ),
        "PendingJob": _success(
            "A job that is queued (0) or processing (1), with all that `/v1` tells.",
            **_TAGGED,
            task_status={"enum": [0, 1]},
            queue=_queue(),
        ),
        "FinishedJob": _success(
            "A job with its outputs.", **_TASK, task_status={"const": 2}, data=_cutouts()
        ),
        "DeliveredJob": _success(
            "A job with all that it delivers.",
            **_TAGGED,
            task_status={"const": 2},
            data=_delivery(),
        ),
        "FailedJob": _failure("A job that failed, and why.", JOB_FAILURES, _TAGGED),
        "JobList": _success("A page of jobs.", **_NO_TASK, task_status={"const": 2}, data=_page()),
        "NamedJobs": _success(
            "Jobs that were asked for by their ids, in that order; `unknown` ones do not exist, or are not yours.",
            **_NO_TASK,
            task_status={"const": 2},
            data=_closed(jobs={"type": "array", "items": _named(), "minItems": 1}),
        ),
        "CreatedUpload": _success(
            "Where and how to upload a photo.",
            _CREATED,
            **_NO_TASK,
            task_status={"const": 2},
            data=_upload(),
        ),
        "Deliveries": _success("The log.", **_NO_TASK, task_status={"const": 2}, data=DELIVERIES),
        "Alive": _success("All is well.", **_NO_TASK, task_status={"const": 2}, data=_closed()),
        "Ready": _success(
            "All is well; `warnings` say what is missing all the same.",
            **_NO_TASK,
            task_status={"const": 2},
            data=_closed(),
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
        ),
    }


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
    shown = {"request_id": _REQUEST_ID, "log_id": _NAME, **fields}
    in_order = {name: shown[name] for name in Envelope.__annotations__ if name in shown}
    envelope = _closed(**in_order)
    # Of waiting jobs alone, which share their schema with those that are being worked on; and of errors on `/v1`.
    optional = {"queue", *_TAGS} if fields.get("task_id") == _ANY_TASK else {"queue"}
    envelope["required"] = [name for name in in_order if name not in optional]
    return {"description": description, **envelope}


def _closed(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _queue() -> Schema:
    least = {"type": "integer", "minimum": 1}
    return {
        "description": "While the job waits: its place (1: the next one), and the seconds until it should be done.",
        **_closed(position=least, estimated_seconds=least),
    }


def _cutouts() -> Schema:
    first, second = _closed(image_url=_URL), _closed(class_url=_class_url())
    elements = {"type": "array", "prefixItems": [first, second], "minItems": 2, "maxItems": 2}
    return _closed(elements=elements)


def _class_url() -> Schema:
    classes = {category.value: {"anyOf": [_NOTHING, _URL]} for category in Category}
    return {"type": "object", "properties": classes, "additionalProperties": False}


def _outputs() -> Schema:
    pictures = _closed(image_url=_URL, class_url=_class_url())
    return {
        "description": "The pictures of each output that was asked for; the first one's are in `elements` too.",
        "type": "object",
        "properties": dict.fromkeys(OUTPUTS, pictures),
        "minProperties": 1,
        "additionalProperties": False,
    }


def _report() -> Schema:
    """Describe what `worker.imaging.quality_report` writes; later releases may measure more."""
    share = {"type": "number", "minimum": 0, "maximum": 1}
    number = {"type": "integer", "minimum": 0}
    box = _closed(x=number, y=number, width=number, height=number)
    measured = {
        "box": {**box, "type": ["object", "null"]},
        "share": share,
        "cut_sides": {"type": "array", "items": {"enum": ["left", "top", "right", "bottom"]}},
        "scale": {"type": "number", "exclusiveMinimum": 0},
        "fill": share,
        "white": {**share, "type": ["number", "null"]},
        "look": {"type": "boolean"},
        "reasons": {"type": "array", "items": _TEXT},
    }
    return {
        "description": "What was measured of `image_url`'s picture; null of jobs that an earlier release finished.",
        "type": ["object", "null"],
        "properties": measured,
        "required": list(measured),
    }


def _delivery() -> Schema:
    return _closed(**_cutouts()["properties"], outputs=_outputs(), report=_report())


def _page() -> Schema:
    cursor = {"type": "string", "pattern": f"^({CURSOR.pattern})?$"}
    return _closed(jobs={"type": "array", "items": _item()}, next_cursor=cursor)


def _named() -> Schema:
    item = _item()
    shown = item["properties"] | {
        "task_id": {"type": "string", "description": "As it was sent."},
        "log_id": {"anyOf": [_NOTHING, _NAME]},
        "status": {"enum": [*JobStatus, UNKNOWN]},
        "created_at": _TIME_OR_NONE,
        "queue": _queue(),
        "data": _delivery(),
    }
    return {**item, "properties": shown}


def _item() -> Schema:
    return _closed(
        task_id=_UUID,
        log_id=_NAME,
        task_status={"enum": [0, 1, 2, 3]},
        status={"enum": list(JobStatus)},
        created_at=_TIME,
        finished_at=_TIME_OR_NONE,
        expires_at=_TIME_OR_NONE,
        error_detail=_closed(
            status_code={"type": "integer"},
            code={"enum": ["", *ErrorCode]},
            code_message=_TEXT,
            message=_TEXT,
        ),
        **_TAGS,
    )


def _upload() -> Schema:
    fields = {"type": "object", "additionalProperties": _TEXT}
    return _closed(
        upload=_UUID, url=_URL, fields=fields, max_bytes={"type": "integer"}, expires_at=_TIME
    )


def _checks() -> Schema:
    return _closed(database=_TEXT, redis=_TEXT, object_store=_TEXT)


def _warnings() -> Schema:
    return {
        "type": "object",
        "properties": dict.fromkeys(("sweeper", "retention", "workers", "cors", "circuit"), _TEXT),
        "additionalProperties": False,
    }

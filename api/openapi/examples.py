"""One example of each kind of answer; `tests/api` holds them to the schemas."""

from __future__ import annotations

from typing import Any

from api.openapi import operator_examples
from api.openapi.batches import EXAMPLE as BATCH
from api.openapi.errors import SOME_NAME, error_example
from shared.errors import CATALOGUE, ErrorCode
from shared.wire.contract import MAX_IMAGE_BYTES

_ID = "8f0c2b1a-7d34-4a52-9a51-3f2f0f6f9c11"
_URL = f"https://photos.example.com/cutwork-results/{_ID}/1"
_JPEG = f"{_URL}/image.jpeg?X-Amz-Signature=5f3b4c7d"
_DOWN = ErrorCode.ERROR_RESOURCE_UNAVAILABLE
_EMPTY = ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED
_WELL = {"database": "ok", "redis": "ok", "object_store": "ok"}


def _success(task_status: int, status: int = 200, **more: Any) -> dict[str, Any]:
    return {
        "request_id": SOME_NAME,
        "log_id": SOME_NAME,
        "error_code": 0,
        "error_code_str": "",
        "error_msg": "",
        "error_detail": _detail(status),
        "task_type": "",
        "task_id": "",
        "task_status": task_status,
        **more,
    }


def _detail(status: int, code: str = "", text: str = "", message: str = "") -> dict[str, Any]:
    return {"status_code": status, "code": code, "code_message": text, "message": message}


_TASK: dict[str, Any] = {"task_type": "async", "task_id": _ID}
_TAGS: dict[str, Any] = {"reference": "SKU-4711", "metadata": {"colour": "red"}}
_CUTOUTS = {
    "elements": [
        {"image_url": f"{_URL}/image.png?X-Amz-Signature=5f3b4c7d"},
        {"class_url": {"tops": f"{_URL}/tops.png?X-Amz-Signature=5f3b4c7d", "hat": ""}},
    ]
}
_DELIVERY = {
    "elements": [{"image_url": _JPEG}, {"class_url": {}}],
    "outputs": {"white": {"image_url": _JPEG, "class_url": {}}},
    "report": {
        "box": {"x": 212, "y": 96, "width": 410, "height": 1180},
        "share": 0.2113,
        "class_share": {},
        "cut_sides": ["bottom"],
        "scale": 1.4915,
        "fill": 0.88,
        "white": 0.6931,
        "look": False,
        "reasons": [],
        "remarks": ["cut_by_photo", "enlarged", "overfilled"],
    },
}
_QUEUE = {"position": 17, "estimated_seconds": 42}
_ITEM = {
    "task_id": _ID,
    "log_id": SOME_NAME,
    "task_status": 3,
    "status": "failed",
    "created_at": "2026-11-23T12:00:00.000Z",
    "finished_at": "2026-11-23T12:00:01.250Z",
    "expires_at": "2026-11-24T12:00:01.250Z",
    "error_detail": _detail(
        422, _EMPTY.value, CATALOGUE[_EMPTY].text, "The photo shows no clothing."
    ),
    **_TAGS,
}

_DELIVERED = {
    **_ITEM,
    "task_status": 2,
    "status": "succeeded",
    "error_detail": _detail(200),
    "data": _DELIVERY,
}
_UNKNOWN_JOB = error_example(ErrorCode.ERROR_RESOURCE_NOT_FOUND)
_UNKNOWN = {
    "task_id": "c1f7b0ce-9d0e-4a5b-8d57-2a3c8d1f6b20",
    "log_id": "",
    "task_status": 3,
    "status": "unknown",
    "created_at": None,
    "finished_at": None,
    "expires_at": None,
    "error_detail": _UNKNOWN_JOB["error_detail"],
    "reference": "",
    "metadata": {},
}
_DELIVERIES = {
    "deliveries": [
        {
            "id": "msg_8f0c5f0e1b2a4c3d9e8f7a6b5c4d3e2f",
            "event": "job.succeeded",
            "state": "pending",
            "tries": 1,
            "status": 503,
            "reason": "The URL's host answered 503.",
            "created_at": "2026-11-23T12:00:01.250Z",
            "next_try_at": "2026-11-23T12:00:07.000Z",
            "finished_at": None,
        }
    ]
}

_USED = {
    "accepted": 120,
    "done": 117,
    "failed": 2,
    "cancelled": 1,
    "megapixels": 280.8,
    "worker_seconds": 93.412,
}
_USAGE = {
    "from": "2026-11-01",
    "to": "2026-11-30",
    "days": [{"day": "2026-11-23", **_USED}],
    "total": _USED,
}

_KEY = {
    "id": "5f3b4c7d8e9f",
    "name": "nightly import",
    "scopes": ["submit", "read"],
    "rate_per_minute": 600,
    "max_queued": None,
    "created_at": "2026-11-23T12:00:00.000Z",
    "expires_at": None,
    "revoked_at": None,
    "last_used_at": "2026-11-24T09:30:00.000Z",
    "callback_url": "https://shop.example/cutwork",
}
_LINE = {
    "created_at": "2026-11-23T12:00:00.000Z",
    "actor": "operator",
    "action": "key.create",
    "subject": "5f3b4c7d8e9f",
    "address": "",
    "request_id": "",
    "details": {"name": "nightly import", "scopes": "submit read"},
}

#: The name of a schema → an answer.
EXAMPLES: dict[str, dict[str, Any]] = {
    "WaitingJob": _success(0, **_TASK, queue=_QUEUE),
    "AcceptedJob": _success(0, 202, **_TASK, queue=_QUEUE, **_TAGS),
    "PendingJob": _success(0, **_TASK, queue=_QUEUE, **_TAGS),
    "FinishedJob": _success(2, **_TASK, data=_CUTOUTS),
    "DeliveredJob": _success(
        2,
        **_TASK,
        data=_DELIVERY,
        **_TAGS,
    ),
    "FailedJob": {**error_example(_EMPTY), **_TASK, **_TAGS},
    "NamedJobs": _success(2, data={"jobs": [_DELIVERED, _UNKNOWN]}),
    "JobList": _success(2, data={"jobs": [_ITEM], "next_cursor": ""}),
    "AcceptedBatch": _success(2, 202, data=BATCH),
    "Batch": _success(2, data=BATCH),
    "BatchList": _success(2, data={"batches": [BATCH], "next_cursor": ""}),
    "BatchItems": _success(2, data={"jobs": [{"line": 17, **_DELIVERED}], "next_cursor": "17"}),
    "CreatedUpload": _success(
        2,
        201,
        data={
            "upload": _ID,
            "url": "https://photos.example.com/cutwork-inputs",
            "fields": {"key": _ID, "policy": "eyJl…", "x-amz-signature": "5f3b4c7d"},
            "max_bytes": MAX_IMAGE_BYTES,
            "expires_at": "2026-11-23T12:15:00.000Z",
        },
    ),
    "Deliveries": _success(2, data=_DELIVERIES),
    "UsageOfDays": _success(2, data=_USAGE),
    "KeyList": _success(2, data={"keys": [_KEY], "next_cursor": ""}),
    "ShownKey": _success(2, data={"key": _KEY}),
    "CreatedKey": _success(
        2, 201, data={"key": _KEY, "secret": "cw_5f3b4c7d8e9f_…", "webhook_secret": "whsec_…"}
    ),
    "AuditEntries": _success(2, data={"entries": [_LINE], "next_cursor": ""}),
    "Overview": _success(2, data=operator_examples.OVERVIEW),
    "Series": _success(2, data=operator_examples.SERIES),
    "Found": _success(2, data=operator_examples.DISCOVERY),
    "AllJobs": _success(2, data=operator_examples.ALL_JOBS),
    "JobLife": _success(2, data=operator_examples.LIFE),
    "ErasedJobs": _success(2, data=operator_examples.ERASED),
    "Alive": _success(2, data={}),
    "Ready": _success(2, data={}, checks=_WELL, warnings={}),
    "NotReady": {
        **error_example(_DOWN),
        "checks": {**_WELL, "database": "the database does not answer"},
        "warnings": {
            "sweeper": "the last sweep was 95 s ago: see that `python -m worker.sweeper` runs"
        },
    },
}

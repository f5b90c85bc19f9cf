"""What an operator may be told of an installation: the `data` of one answer of each kind."""

from __future__ import annotations

from typing import Any

from api.openapi.batches import EXAMPLE as BATCH

_ID = "8f0c2b1a-7d34-4a52-9a51-3f2f0f6f9c11"
_HELP = "/docs/reference/errors#processing_failure"

OVERVIEW: dict[str, Any] = {
    "queued": 412,
    "is_more": False,
    "oldest_seconds": 371.2,
    "at_work": 8,
    "finished_lately": 96,
    "failures": {
        "ended": 5200,
        "codes": [{"code": "PROCESSING_FAILURE", "count": 60, "is_ours": True, "help": _HELP}],
    },
    "workers": [
        {
            "name": "gpu-3:4711",
            "release": "0.1.0",
            "model": "cutwork-1",
            "provider": "cpu",
            "hands": 4,
            "busy": 4,
            "up_seconds": 86_400,
            "silent_seconds": 2.1,
            "is_silent": False,
        }
    ],
    "duties": [{"name": "sweep", "seconds_ago": 1.4}, {"name": "retention", "seconds_ago": None}],
    "alarms": [
        {
            "about": "oldest",
            "message": "A photo has waited for 6 minutes.",
            "help": "/docs/guides/troubleshooting#jobs-wait-for-minutes",
        }
    ],
}

SERIES: dict[str, Any] = {
    "span": "hour",
    "points": [
        {
            "at": "2026-11-23T12:01:00.000Z",
            "queued": 412,
            "oldest_seconds": 371,
            "arrived": 120.0,
            "done": 95.0,
            "failed": 1.0,
            "workers": 2,
        }
    ],
    "marks": [{"at": "2026-11-23T12:01:00.000Z", "what": "0.1.0 cutwork-1 cpu"}],
}

_JOB: dict[str, Any] = {
    "task_id": _ID,
    "log_id": "8f0c2b1a7d344a529a513f2f0f6f9c11",
    "request_id": "import-2026-11-23/4711",
    "tenant": "shop",
    "key_id": "5f3b4c7d8e9f",
    "status": "succeeded",
    "at": "2026-11-23T12:00:01.900Z",
    "created_at": "2026-11-23T12:00:00.000Z",
    "started_at": "2026-11-23T12:00:01.400Z",
    "finished_at": "2026-11-23T12:00:01.900Z",
    "attempts": 1,
    "worker": "",
    "code": "",
    "message": "",
    "help": "",
    "reference": "SKU-4711",
}

ALL_JOBS: dict[str, Any] = {
    "jobs": [_JOB],
    "matching": 10_000,
    "is_more": True,
    "counted_at": "2026-11-23T12:05:00.000Z",
    "next_cursor": "1795752301900000-1",
}
DISCOVERY: dict[str, Any] = {"jobs": [_JOB], "batches": [{**BATCH, "tenant": "shop"}]}
ERASED: dict[str, Any] = {"erased": 100, "is_more": True}


def _event(at: str, event: str, seconds: float, **more: Any) -> dict[str, Any]:
    of_a_job = {"attempt": 0, "words": "", "parts": {}, **more}
    return {"at": f"2026-11-23T12:00:{at}Z", "event": event, "seconds": seconds, **of_a_job}


LIFE: dict[str, Any] = {
    "job": _JOB,
    "events": [
        _event("00.000", "stored", 0.0),
        _event("01.400", "claimed", 1.4, attempt=1, words="gpu-3:4711"),
        _event(
            *("01.900", "succeeded", 0.5),
            attempt=1,
            parts={"get": 12, "decode": 31, "cutout": 410, "put": 22},
        ),
    ],
}

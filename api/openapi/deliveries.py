"""What is said of a job's deliveries."""

from __future__ import annotations

from typing import Any

from shared.webhooks.delivery import EVENTS, DeliveryState

_TIME = {"type": "string", "format": "date-time"}
_TIME_OR_NONE = {"type": ["string", "null"], "format": "date-time"}
_ID_PATTERN = "^msg_[0-9a-f]{32}$"

_ITEM: dict[str, Any] = {
    "id": {"type": "string", "pattern": _ID_PATTERN, "description": "The `webhook-id`."},
    "event": {"enum": list(EVENTS.values())},
    "state": {"enum": list(DeliveryState)},
    "tries": {"type": "integer", "minimum": 0},
    "status": {
        "type": ["integer", "null"],
        "description": "Of the last answer; `null`: there was none.",
    },
    "reason": {"type": "string", "description": "Why it did not count."},
    "created_at": _TIME,
    "next_try_at": {**_TIME_OR_NONE, "description": "While it is pending."},
    "finished_at": _TIME_OR_NONE,
}
#: `data`.
DELIVERIES: dict[str, Any] = {
    "type": "object",
    "required": ["deliveries"],
    "additionalProperties": False,
    "properties": {
        "deliveries": {
            "type": "array",
            "maxItems": 1,
            "items": {
                "type": "object",
                "required": list(_ITEM),
                "additionalProperties": False,
                "properties": _ITEM,
            },
        }
    },
}
EXAMPLE: dict[str, Any] = {
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
DELIVERY_ID: dict[str, Any] = {
    "name": "delivery_id",
    "in": "path",
    "required": True,
    "description": "The `id` of the delivery.",
    "schema": {"type": "string", "pattern": _ID_PATTERN},
}

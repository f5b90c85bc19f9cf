"""Body and headers of one try, as the specification of Standard Webhooks says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from shared.webhooks.delivery import Delivery
from shared.webhooks.signature import signed_headers
from shared.wire.types import rfc3339
from worker.webhooks.subjects import Subject


@dataclass(frozen=True)
class Message:
    """What is sent."""

    headers: dict[str, str]
    body: bytes


def write_message(delivery: Delivery, subject: Subject, secrets: Iterable[bytes]) -> Message:
    """Write a try: what it is about as it is now, with URLs that are signed now.

    Args:
        delivery: What is tried.
        subject: As it was just read: also the time of this try, which receivers compare with theirs.
        secrets: Each of them signs it.
    """
    event = {
        "type": delivery.event,
        "timestamp": rfc3339(subject.ended_at or subject.read_at),
        "data": subject.told,
    }
    body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    headers = signed_headers(delivery.webhook_id, subject.read_at, body, secrets)
    return Message(headers, body)

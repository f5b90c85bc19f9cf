"""Body and headers of one try, as the specification of Standard Webhooks says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.envelope import Signer, add_all_of, envelope_of
from shared.job import Job
from shared.webhooks.delivery import Delivery
from shared.webhooks.signature import signed_headers


@dataclass(frozen=True)
class Message:
    """What is sent."""

    headers: dict[str, str]
    body: bytes


def write_message(
    delivery: Delivery, job: Job, sign: Signer, secrets: Iterable[bytes], now: datetime
) -> Message:
    """Write a try: the job as it is now, with URLs that are signed now.

    Args:
        delivery: What is tried.
        job: As it was just read.
        sign: Makes the URLs.
        secrets: Each of them signs it.
        now: The time of this try, which receivers compare with theirs.
    """
    data = add_all_of(job, envelope_of(job, delivery.webhook_id, sign), sign)
    event = {
        "type": delivery.event,
        "timestamp": _rfc3339(job.finished_at or now),
        "data": data,
    }
    body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    headers = signed_headers(delivery.webhook_id, now, body, secrets)
    return Message(headers, body)


def _rfc3339(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")

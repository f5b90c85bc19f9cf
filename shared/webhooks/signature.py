"""How receivers know that a body is ours, and new: the headers of Standard Webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime


def signed_headers(
    webhook_id: str, now: datetime, body: bytes, secrets: Iterable[bytes]
) -> dict[str, str]:
    """Sign a body.

    Args:
        webhook_id: The same whenever it is sent.
        now: The time of this try, which receivers compare with theirs.
        body: The very bytes.
        secrets: Each of them signs it.
    """
    seconds = str(int(now.timestamp()))
    signed = f"{webhook_id}.{seconds}.".encode() + body
    return {
        "Content-Type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(_signature(secret, signed) for secret in secrets),
    }


def _signature(secret: bytes, signed: bytes) -> str:
    digest = hmac.new(secret, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"

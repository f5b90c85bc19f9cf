"""What an answer says of its tenant's rate: `RateLimit` and `RateLimit-Policy`.

They are those of draft-ietf-httpapi-ratelimit-headers-11 (May 2026); up to the seventh, drafts wrote them otherwise.
"""

from __future__ import annotations

import math

from api.admission.rate_limiter import WINDOW_SECONDS, Count

FIELD, POLICY_FIELD = "RateLimit", "RateLimit-Policy"
#: What the policy is called.
POLICY = "uploads"


def rate_limit_fields(count: Count | None, per_minute: int) -> dict[str, str]:
    """Write both; nothing where there is no limit, and the policy alone where nobody could count.

    Args:
        count: What the request found.
        per_minute: So many may pass; 0: there is no limit.
    """
    if not per_minute:
        return {}
    fields = {POLICY_FIELD: f'"{POLICY}";q={per_minute};w={WINDOW_SECONDS}'}
    if count is not None:
        # The moment that `Retry-After` names, where there is one.
        seconds = max(1, math.ceil(count.seconds))
        fields[FIELD] = f'"{POLICY}";r={count.remaining};t={seconds}'
    return fields

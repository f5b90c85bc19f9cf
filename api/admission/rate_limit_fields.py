"""What an answer says of the rate of its tenant, or of its key: `RateLimit` and `RateLimit-Policy`.

They are those of draft-ietf-httpapi-ratelimit-headers-11 (May 2026); up to the seventh, drafts wrote them otherwise.
"""

from __future__ import annotations

import math

from api.admission.rate_limiter import WINDOW_SECONDS
from api.admission.rates import Rate

FIELD, POLICY_FIELD = "RateLimit", "RateLimit-Policy"
#: What the policy is called.
POLICY = "uploads"


def rate_limit_fields(rate: Rate) -> dict[str, str]:
    """Write both; nothing where there is no limit, and the policy alone where nobody could count."""
    count = rate.count
    if not rate.per_minute:
        return {}
    fields = {POLICY_FIELD: f'"{POLICY}";q={rate.per_minute};w={WINDOW_SECONDS}'}
    if count is not None:
        # The moment that `Retry-After` names, where there is one.
        seconds = max(1, math.ceil(count.seconds))
        fields[FIELD] = f'"{POLICY}";r={count.remaining};t={seconds}'
    return fields

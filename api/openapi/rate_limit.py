"""What every answer to an upload says of its tenant's rate."""

from __future__ import annotations

from typing import Any

from api.admission import rate_limit_fields

_POLICY = rate_limit_fields.POLICY
RATE_LIMIT_FIELDS: dict[str, dict[str, Any]] = {
    rate_limit_fields.POLICY_FIELD: {
        "description": "So many uploads (`q`) may your account send in so many seconds (`w`). Missing where there is "
        "no limit. As in draft-ietf-httpapi-ratelimit-headers-11.",
        "schema": {"type": "string", "pattern": f'^"{_POLICY}";q=[1-9][0-9]*;w=[1-9][0-9]*$'},
        "example": f'"{_POLICY}";q=6000;w=60',
    },
    rate_limit_fields.FIELD: {
        "description": "So many uploads (`r`) may follow within so many seconds (`t`); with `r=0`, none before they "
        "are over. Missing where nobody could count.",
        "schema": {"type": "string", "pattern": f'^"{_POLICY}";r=[0-9]+;t=[1-9][0-9]*$'},
        "example": f'"{_POLICY}";r=5978;t=31',
    },
}

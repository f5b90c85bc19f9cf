"""What a key is asked for."""

from __future__ import annotations

from typing import Any

from api.intake import key_terms
from api.openapi.uploads import CALLBACK
from shared.settings.front_end import FrontEndSettings
from shared.tenants.api_key import LONGEST_NAME, USUAL

Described = dict[str, Any]


def _most(setting: str) -> int:
    """Tell what an account has unless the operator says otherwise; what it really has is the operator's to say."""
    return int(FrontEndSettings.model_fields[setting].default)


KEY_TERMS: Described = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {
            "type": ["string", "null"],
            "maxLength": LONGEST_NAME,
            "pattern": "^([A-Za-z0-9_.-]+( [A-Za-z0-9_.-]+)*)?$",
            "description": "What you call it. Other letters are taken, too; invisible characters are not.",
            "examples": ["nightly import"],
        },
        "scopes": {
            "type": "array",
            "items": {"enum": list(key_terms.SCOPES)},
            "minItems": 1,
            "default": sorted(USUAL),
            "description": "What it may do. None includes another.",
        },
        "expires_in": {
            "type": ["integer", "null"],
            "minimum": key_terms.SHORTEST,
            "maximum": key_terms.LONGEST,
            "description": "Seconds after which it ends by itself; left out: it does not.",
        },
        "rate_per_minute": {
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": _most("rate_per_minute"),
            "description": "Uploads a minute, at most your account's; left out: your account's.",
        },
        "max_queued": {
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": _most("max_queued_per_tenant"),
            "description": "Its jobs that may wait, at most your account's; left out: your account's.",
        },
        "callback_url": {
            **CALLBACK,
            "type": ["string", "null"],
            "description": "Who is told of the end of its jobs, unless they name a `callback_url` of their own. It "
            "gets a secret of its own, which signs that. Refused where no webhooks are sent.",
        },
    },
}
ROTATION: Described = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "overlap": {
            "type": ["integer", "null"],
            "minimum": 0,
            "maximum": key_terms.MAX_OVERLAP,
            "default": key_terms.OVERLAP,
            "description": "Seconds that the old key still opens; 0 ends it at once.",
        }
    },
}


def body_of(schema: Described) -> Described:
    """Describe a body that may be left out."""
    return {
        "required": False,
        "description": "A JSON object; none at all is an empty one. Names that are not here are refused.",
        "content": {"application/json": {"schema": schema}},
    }

"""The `Prefer: wait=<seconds>` header (RFC 7240): how long a client would like a POST to wait for its job."""

from __future__ import annotations

import re

from flask import Request
from werkzeug.http import parse_list_header

HEADER = "Prefer"
APPLIED = "Preference-Applied"
#: The longest wait that `Prefer` gets: less than most proxies allow.
MAX_SECONDS = 30

_WAIT = re.compile(r'wait\s*=\s*(?:"([0-9]+)"|([0-9]+))\s*(?:;.*)?', re.IGNORECASE)


def preferred_wait(received: Request) -> int:
    """Read the seconds; 0 without a usable wish, because a preference is never an error."""
    for preference in parse_list_header(received.headers.get(HEADER, "")):
        found = _WAIT.fullmatch(preference)
        if found:
            # A float may have any number of digits; Python refuses to read an int of more than 4,300.
            return int(min(float(found[1] or found[2]), MAX_SECONDS))
    return 0

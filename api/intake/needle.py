"""What an operator was told of a job: any of its ids, or a URL that holds one."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import NamedTuple

from api.intake.options import invalid
from api.intake.parameters import refuse_others
from api.request_names import VALID

LONGEST = 4096
#: Ids that are looked for, of one text.
_MOST = 10
#: With hyphens as the API gives them out, or without, as logs and webhooks have them.
_ID = re.compile(
    r"(?<![0-9a-f])(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32})(?![0-9a-f])",
    re.IGNORECASE,
)


class Needle(NamedTuple):
    """What is looked for."""

    ids: tuple[uuid.UUID, ...]
    #: What a request was called; empty: it cannot have been called so.
    request_id: str


def read_needle(query: Mapping[str, str]) -> Needle:
    """Read `q`.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    refuse_others(query, ["q"])
    text = query.get("q", "").strip()
    if not 0 < len(text) <= LONGEST:
        raise invalid(f"`q` must be an id or a URL, of at most {LONGEST} characters.")
    found = dict.fromkeys(uuid.UUID(name) for name in _ID.findall(text))
    return Needle(tuple(found)[:_MOST], text if VALID.fullmatch(text) else "")

"""Lists of jobs in pages: what a client asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from api.answers.cursor import PLACE, read_after, read_limit
from api.intake.options import invalid
from api.intake.parameters import refuse_others
from api.intake.tags import check_reference
from shared.job import Bookmark, JobStatus, Selection

Word = TypeVar("Word", bound=StrEnum)

#: The parameters of the list of jobs.
NAMES = (*PLACE, "status", "reference", "created_after", "created_before")

#: RFC 3339.
TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+ -][0-9]{2}:[0-9]{2})"
)


@dataclass(frozen=True)
class Page:
    """Which jobs a client wants to see."""

    limit: int
    which: Selection
    after: Bookmark | None


def read_page(query: Mapping[str, str]) -> Page:
    """Read `limit` and `cursor`, and by what to select.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    refuse_others(query, NAMES)
    return Page(limit=read_limit(query), which=_selection(query), after=read_after(query))


def _selection(query: Mapping[str, str]) -> Selection:
    reference = query.get("reference")
    return Selection(
        status=read_word(query, "status", JobStatus),
        reference="" if reference is None else _reference(reference.strip()),
        created_after=read_time(query, "created_after"),
        created_before=read_time(query, "created_before"),
    )


def _reference(text: str) -> str:
    if not text:
        # Not the same as none: who filters by a name that came out empty does not mean all.
        raise invalid("`reference` must not be empty. Leave it out for all jobs.")
    return check_reference(text)


def read_time(query: Mapping[str, str], name: str) -> datetime | None:
    """Read a time with its zone; None if it is not there.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    text = query.get(name)
    if text is None:
        return None
    try:
        if TIME.fullmatch(text):
            # A plus sign that was not escaped is a space in a URL.
            return datetime.fromisoformat(text.replace(" ", "+").upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # no such day, or none that a calendar has in UTC
    raise invalid(f"`{name}` must be a time with its zone, such as 2026-11-23T12:00:00Z.")


def read_word(query: Mapping[str, str], name: str, words: type[Word]) -> Word | None:
    """Read one of some words; None if none was sent.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    text = query.get(name)
    try:
        return None if text is None else words(text)
    except ValueError:
        raise invalid(f"`{name}` must be one of {', '.join(words)}.") from None

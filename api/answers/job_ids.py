"""`ids=a,b,…`: several jobs that a client names, instead of a list that is searched."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from api.answers.job_id import parse_id
from api.answers.wait_parameter import NAME as WAIT
from api.intake.options import invalid
from shared.job import Job

NAME = "ids"
MAX_IDS = 100


def read_ids(query: Mapping[str, str]) -> list[str]:
    """Read the ids as they were sent, in that order; none if jobs are not named.

    Raises:
        Refused: ERROR_INVALID_PARAMETER: they are too many, or none, or something else is asked for, too.
    """
    if NAME not in query:
        if WAIT in query:
            raise invalid(f"`{WAIT}` goes with `{NAME}`: a list is not waited for.")
        return []
    ids = [text for text in (text.strip() for text in query[NAME].split(",")) if text]
    if not 0 < len(ids) <= MAX_IDS:
        raise invalid(f"Send 1 to {MAX_IDS} ids in `{NAME}`, separated by commas.")
    if others := sorted(set(query) - {NAME, WAIT}):
        raise invalid(f"`{NAME}` names the jobs: send it without `{others[0]}`.")
    return ids


def parse_ids(ids: list[str]) -> dict[str, uuid.UUID]:
    """Parse those that can be a job's."""
    return {text: found for text in ids if (found := parse_id(text)) is not None}


def name_jobs(parsed: Mapping[str, uuid.UUID], jobs: Iterable[Job]) -> dict[str, Job]:
    """Call the jobs that were found by the ids as they were sent."""
    by_id = {job.id: job for job in jobs}
    return {text: by_id[job_id] for text, job_id in parsed.items() if job_id in by_id}

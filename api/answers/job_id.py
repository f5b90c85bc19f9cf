"""Job ids as clients send them, and the one answer to those that are not theirs."""

from __future__ import annotations

import uuid

from shared.errors import ErrorCode, Refused

UNKNOWN_JOB = "There is no such task under your API key."


def parse_job_id(text: str) -> uuid.UUID:
    """Take the one spelling that this service gives out; to `uuid.UUID` many more are the same.

    Raises:
        Refused: ERROR_RESOURCE_NOT_FOUND.
    """
    job_id = parse_id(text)
    if job_id is None:
        raise unknown_job()
    return job_id


def parse_id(text: str) -> uuid.UUID | None:
    """Read an id; None for what is none, or another spelling of one."""
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text.lower() else None


def unknown_job() -> Refused:
    """Say that a job does not exist, or is somebody else's: the answer must not tell which."""
    return Refused(ErrorCode.ERROR_RESOURCE_NOT_FOUND, UNKNOWN_JOB)

"""Entity tags (RFC 9110, 8.8.3): a client that already has the answer of a finished job is not sent it again.

They are weak: of two answers of one job, every URL is signed anew, and works as long.
"""

from __future__ import annotations

from flask import Request, Response
from werkzeug.http import quote_etag

from api.answers.envelope import without_body
from shared.job import Job, JobStatus

_NOT_MODIFIED = 304
#: What an answer goes on to be: until it is erased, or expires.
_STEADY = frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED})


def tag_of(job: Job) -> str:
    """Name what a job has become; empty while it may become something else."""
    return f"{job.status}-{job.attempt}" if job.seen_as in _STEADY else ""


def is_known(received: Request, tag: str) -> bool:
    """Tell whether the client has this answer already."""
    return bool(tag) and received.if_none_match.contains_weak(tag)


def not_modified() -> Response:
    """Say that the client has the answer already."""
    return without_body(_NOT_MODIFIED)


def add_tag(response: Response, tag: str) -> Response:
    """Name an answer."""
    if tag:
        response.headers["ETag"] = quote_etag(tag, weak=True)
    return response

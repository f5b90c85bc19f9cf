"""What is sent, and what its answer means: the HTTP contract, without a connection."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cutwork.errors import NO_ROOM, KeyRefused, Refusal, TryLater, Unreachable
from cutwork.jobs import Job, read_job

JOBS = "/v1/jobs"
#: One answer shows no more jobs than these.
MAX_IDS = 100
#: The service holds an answer back no longer than this, in seconds.
MAX_WAIT = 30

_OK, _GONE = 200, 410
#: The key is unknown, or its scopes do not cover the call.
_KEY_REFUSED = frozenset({401, 403})
#: Unless the service says it of the error.
_TRY_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Call:
    """A request."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    photo: bytes | None = None
    #: How long the answer may be held back.
    wait: float = 0


class Answer(NamedTuple):
    """What came back."""

    status: int
    #: Names are in lower case.
    headers: Mapping[str, str]
    body: bytes


class Found(NamedTuple):
    """Jobs that were asked for together."""

    jobs: tuple[Job, ...]
    #: When to ask again for those that go on; None: none does.
    retry_after: float | None


def submission(
    photo: bytes, fields: Mapping[str, str], idempotency_key: str, wait: float = 0
) -> Call:
    """Send a photo. Two requests with the same key make one job."""
    headers = {"Idempotency-Key": idempotency_key}
    if wait:
        headers["Prefer"] = f"wait={_whole(wait)}"
    return Call("POST", JOBS, headers=headers, fields=fields, photo=photo, wait=wait)


def question(task_id: str, wait: float = 0) -> Call:
    """Ask for a job."""
    return Call("GET", f"{JOBS}/{task_id}", query=_wait(wait), wait=wait)


def question_for_many(task_ids: Collection[str], wait: float = 0) -> Call:
    """Ask for up to `MAX_IDS` jobs; with `wait`, until one of them has ended."""
    return Call("GET", JOBS, query={"ids": ",".join(task_ids), **_wait(wait)}, wait=wait)


def greeting() -> Call:
    """Make the smallest request that needs a key."""
    return Call("GET", JOBS, query={"limit": "1"})


def erasure(task_id: str) -> Call:
    """Delete a job with its photo and its results."""
    return Call("DELETE", f"{JOBS}/{task_id}")


def job_of(answer: Answer) -> Job:
    """Read a job.

    Raises:
        Refusal: The service answered with an error.
        Unreachable: The answer does not come from Cutwork.
    """
    told = checked(answer)
    try:
        return read_job(told)
    except (KeyError, TypeError, ValueError):
        raise _no_cutwork(answer) from None


def jobs_of(answer: Answer) -> Found:
    """Read jobs that were asked for together; may raise as `job_of` does."""
    told = checked(answer)
    try:
        jobs = tuple(read_job(item) for item in told["data"]["jobs"])
    except (KeyError, TypeError, ValueError):
        raise _no_cutwork(answer) from None
    return Found(jobs, _retry_after(answer))


def check_erased(answer: Answer) -> None:
    """Check that a job is deleted, by this request or an earlier one; may raise as `job_of` does."""
    if answer.status not in {204, _GONE}:
        checked(answer)


def checked(answer: Answer) -> dict[str, Any]:
    """Read an answer's envelope.

    Raises:
        Refusal: It holds an error; its class, such as `KeyRefused` or `TryLater`, says what helps.
        Unreachable: The answer does not come from Cutwork.
    """
    try:
        told = json.loads(answer.body)
        detail = told["error_detail"]
        words = (str(detail["code"]), str(detail["message"]), str(told["log_id"]))
    except (ValueError, KeyError, TypeError):
        raise _no_cutwork(answer) from None
    if answer.status // 100 != _OK // 100:
        raise _refusal(answer, *words)
    return dict(told)


def _refusal(answer: Answer, code: str, message: str, log_id: str) -> Refusal:
    if answer.status in _KEY_REFUSED:
        return KeyRefused(answer.status, code, message, log_id)
    if _may_pass(answer):
        later = TryLater(answer.status, code, message, log_id)
        later.retry_after = _retry_after(answer)
        return later
    return Refusal(answer.status, code, message, log_id)


def _may_pass(answer: Answer) -> bool:
    """Tell whether the same call may succeed later, if only after a pause that is too long for other clients."""
    told = answer.headers.get("x-should-retry")
    if told == "false":
        return answer.status in NO_ROOM and "retry-after" in answer.headers
    return told == "true" or answer.status in _TRY_LATER


def _no_cutwork(answer: Answer) -> Exception:
    """Name the error if something else answered, such as a proxy before the service."""
    if answer.status in NO_ROOM:
        later = TryLater(answer.status, "", "Something before the service has no room.")
        later.retry_after = _retry_after(answer)
        return later
    return Unreachable(f"What answers there is not Cutwork (HTTP {answer.status}).")


def _retry_after(answer: Answer) -> float | None:
    try:
        return max(0.0, float(answer.headers["retry-after"]))
    except (KeyError, ValueError):
        return None


def _wait(seconds: float) -> dict[str, str]:
    return {"wait": _whole(seconds)} if seconds else {}


def _whole(seconds: float) -> str:
    return str(min(MAX_WAIT, max(1, round(seconds))))

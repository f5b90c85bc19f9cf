"""Jobs, as the service describes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """The state of a job."""

    QUEUED = "queued"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    #: Its owner deleted it.
    CANCELLED = "cancelled"
    #: It ended more than 24 hours ago.
    EXPIRED = "expired"
    #: The service has no such job.
    UNKNOWN = "unknown"

    @property
    def is_live(self) -> bool:
        """Whether the job has not ended yet."""
        return self in {Status.QUEUED, Status.PROCESSING}


@dataclass(frozen=True)
class Failure:
    """Why a job has no pictures."""

    code: str
    #: What to change.
    message: str


@dataclass(frozen=True)
class QueuePlace:
    """How long a job is expected to wait."""

    position: int
    estimated_seconds: int


@dataclass(frozen=True)
class Picture:
    """One result. Its URL works without a key, for 24 hours from the job's end."""

    #: cutout, mask or white.
    form: str
    #: Empty: the picture of all that was asked for.
    category: str
    url: str


@dataclass(frozen=True)
class Report:
    """What the service measured of a picture, so that people look at the doubtful ones only."""

    #: Of the photo.
    share: float
    #: Whether somebody should look at the picture.
    look: bool
    reasons: tuple[str, ...]
    #: All that the service measured, these three too.
    measured: Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """A job."""

    task_id: str
    status: Status
    log_id: str = ""
    failure: Failure | None = None
    pictures: tuple[Picture, ...] = ()
    report: Report | None = None
    queue: QueuePlace | None = None
    reference: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def classes(self) -> list[str]:
        """The categories that were asked for and found."""
        return list(dict.fromkeys(it.category for it in self.pictures if it.category))


_STATUSES = (Status.QUEUED, Status.PROCESSING, Status.SUCCEEDED, Status.FAILED)
_GONE = {"ERROR_TASK_REVOKED": Status.CANCELLED, "ERROR_RESOURCE_RECLAIMED": Status.EXPIRED}


def read_job(told: Mapping[str, Any]) -> Job:
    """Read an envelope, or an item of a list.

    Raises:
        KeyError: It is neither of them.
        TypeError: It is neither of them.
        ValueError: It is neither of them.
    """
    detail = told["error_detail"]
    status = _GONE.get(detail["code"], _STATUSES[told["task_status"]])
    data = told.get("data") or {}
    return Job(
        task_id=str(told["task_id"]),
        status=Status(told.get("status", status)),
        log_id=str(told["log_id"]),
        failure=Failure(detail["code"], detail["message"]) if detail["code"] else None,
        pictures=tuple(_pictures(data.get("outputs") or {})),
        report=_report(data["report"]) if data.get("report") else None,
        queue=QueuePlace(**told["queue"]) if "queue" in told else None,
        reference=told.get("reference", ""),
        metadata=told.get("metadata") or {},
    )


def _pictures(outputs: Mapping[str, Any]) -> Iterator[Picture]:
    for form, urls in outputs.items():
        yield Picture(form, "", urls["image_url"])
        for category, url in urls["class_url"].items():
            if url:
                yield Picture(form, category, url)


def _report(told: Mapping[str, Any]) -> Report:
    return Report(float(told["share"]), bool(told["look"]), tuple(told["reasons"]), told)

"""A client of Cutwork, the clothing cut-out service: `Client`, `AsyncClient`, and the command `cutwork`.

It knows the service by its HTTP contract alone, and needs nothing of it installed.
"""

from typing import TYPE_CHECKING

from cutwork.access import Access, find_access
from cutwork.errors import (
    CutworkError,
    JobFailed,
    KeyRefused,
    NoKey,
    Refusal,
    TryLater,
    Unreachable,
    Unusable,
)
from cutwork.jobs import Failure, Job, Picture, QueuePlace, Report, Status
from cutwork.options import CATEGORIES, FORMS, Options
from cutwork.version import __version__

if TYPE_CHECKING:
    from cutwork.async_client import AsyncClient
    from cutwork.client import Client

__all__ = [
    "CATEGORIES",
    "FORMS",
    "Access",
    "AsyncClient",
    "Client",
    "CutworkError",
    "Failure",
    "Job",
    "JobFailed",
    "KeyRefused",
    "NoKey",
    "Options",
    "Picture",
    "QueuePlace",
    "Refusal",
    "Report",
    "Status",
    "TryLater",
    "Unreachable",
    "Unusable",
    "__version__",
    "find_access",
]


def __getattr__(name: str) -> object:
    """Load the HTTP library only for those who make a client: `cutwork --help` need not wait for it."""
    match name:
        case "Client":
            from cutwork.client import Client  # noqa: PLC0415

            return Client
        case "AsyncClient":
            from cutwork.async_client import AsyncClient  # noqa: PLC0415

            return AsyncClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

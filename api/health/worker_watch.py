"""Whether anybody works.

Without a worker uploads are still taken, so a front end stays ready. But their jobs wait until their deadline,
and fail.
"""

from __future__ import annotations

from datetime import timedelta

from shared.errors import DatabaseUnavailable
from shared.jobs.store import JobStore
from shared.telemetry.logs import get_logger

_log = get_logger(__name__)

#: Workers are missing when jobs wait this long and none is taken: longer than a lost message or a restart delays one.
_PATIENCE = timedelta(seconds=30)
_MISSING = (
    f"jobs have waited for more than {_PATIENCE.total_seconds():.0f} s and no worker takes one: "
    "see that `python -m worker` runs"
)


class WorkerWatch:
    """Looks whether jobs wait that nobody claims, and logs it when that begins and when it ends."""

    def __init__(self, job_store: JobStore) -> None:
        """Look for nothing yet."""
        self._job_store = job_store
        self._is_missing = False

    def look(self) -> str:
        """Tell what is wrong; nothing if somebody works, or if there is nothing to do."""
        try:
            is_missing = self._job_store.is_stalled(_PATIENCE)
        except DatabaseUnavailable as error:
            return f"cannot be seen: {error}"
        if is_missing != self._is_missing:
            self._is_missing = is_missing
            if is_missing:
                _log.warning("worker.missing")
            else:
                _log.info("worker.seen")
        return _MISSING if is_missing else ""

"""Whether a process that serves no requests is alive: it touches a file while it is well, and a probe looks at its age.

Whoever watches the process from inside touches it after each look: a file that grows old is that of a process in which
not even this goes on.
"""

from __future__ import annotations

from pathlib import Path

from shared.telemetry.logs import get_logger

_log = get_logger(__name__)


class LivenessFile:
    """The file of one process; one without a name is none."""

    def __init__(self, name: str) -> None:
        """Touch nothing yet."""
        self._file = Path(name) if name else None
        self._is_touched = True

    def touch(self) -> None:
        """Say that all is well. A file that cannot be written is logged once: the probe says the rest."""
        if self._file is None:
            return
        try:
            self._file.touch()
        except OSError as error:
            if self._is_touched:
                _log.error("liveness.unwritable", file=str(self._file), reason=error.strerror)
            self._is_touched = False
        else:
            self._is_touched = True

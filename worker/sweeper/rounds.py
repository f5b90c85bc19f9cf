"""Work that is repeated by a thread of its own, and how the process notices when that thread stops.

A round that fails is followed by the next one. A thread that hangs, or is gone, ends the process.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from shared.telemetry.logs import get_logger
from worker.sweeper.metrics import FAULTS, LAST_ROUND

_log = get_logger(__name__)

#: sysexits.h EX_SOFTWARE: whoever supervises this process should start it again.
EXIT_FAULT = 70
#: Between two looks whether all rounds go on.
_LOOK_SECONDS = 0.5


class Rounds:
    """One kind of work; a round that says that there is more to do is followed by the next one at once."""

    def __init__(
        self, name: str, work: Callable[[], bool], interval: float, stopping: threading.Event
    ) -> None:
        """Start nothing yet.

        Args:
            name: Of the work, for the log.
            work: One round of it; True if there is more to do at once.
            interval: Seconds between two rounds.
            stopping: Ends it, after the round that runs.
        """
        self.name = name
        self._work = work
        self._interval = interval
        self._stopping = stopping
        self._came_round_at = time.monotonic()
        # From the first moment on: what is never told to have ended well sets off no alarm.
        self._last_round = LAST_ROUND.labels(name.lower())
        self._faults = FAULTS.labels(name.lower())
        # A daemon, because one that hangs must not hold up the end of the process.
        self._thread = threading.Thread(target=self._go_round, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._came_round_at = time.monotonic()
        self._thread.start()

    def fault(self, patience: float) -> str:
        """Tell what is wrong; nothing as long as each round ends within `patience` seconds."""
        if not self._thread.is_alive():
            return "died"
        if time.monotonic() - self._came_round_at > self._interval + patience:
            return "hangs"
        return ""

    def join(self, seconds: float) -> None:
        """Wait for the end of the round that runs, and not longer than told."""
        self._thread.join(seconds)

    def _go_round(self) -> None:
        while not self._stopping.is_set():
            is_more = self._do_one()
            self._came_round_at = time.monotonic()
            if not is_more:
                self._stopping.wait(self._interval)

    def _do_one(self) -> bool:
        try:
            is_more = self._work()
        except Exception:  # noqa: BLE001 - whatever it is, the next round may do better
            self._faults.inc()
            _log.exception("sweeper.work_failed", work=self.name)
            return False
        self._last_round.set_to_current_time()
        return is_more


def keep_going(
    all_work: Sequence[Rounds],
    stopping: threading.Event,
    patience: float,
    all_is_well: Callable[[], None] = lambda: None,
) -> int:
    """Do all the work until told to stop, or until one kind of it is no longer done.

    After each look at which all work goes on, `all_is_well` is called.

    Returns:
        The exit status: 0 when told to stop. With another one the process has to end as it is: threads may hang.
    """
    for rounds in all_work:
        rounds.start()
    while not stopping.wait(_LOOK_SECONDS):
        for rounds in all_work:
            if (fault := rounds.fault(patience)) and not stopping.is_set():
                _log.error("sweeper.fault", work=rounds.name, fault=fault)
                return EXIT_FAULT
        all_is_well()
    return 0

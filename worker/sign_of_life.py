"""Says every few seconds what this worker is and how busy it is: operators see it, and nothing else depends on it."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import replace

from shared.errors import BrokerUnavailable
from shared.operations.fleet import BEAT_SECONDS, Fleet, Worker
from shared.telemetry.logs import get_logger
from worker.jobs.lease import LeaseKeeper

_log = get_logger(__name__)


class SignOfLife:
    """One thread; it may fail without harm."""

    def __init__(self, fleet: Fleet, worker: Worker, leases: LeaseKeeper) -> None:
        """Prepare the thread.

        Args:
            fleet: Where it is said.
            worker: What does not change.
            leases: Of the jobs that it works on.
        """
        self._fleet = fleet
        self._worker = worker
        self._leases = leases
        self._began = time.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="sign-of-life", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """Say no more: the worker is about to end."""
        self._stopping.set()
        with suppress(BrokerUnavailable):
            self._fleet.leave(self._worker.name)

    def _go_on(self) -> None:
        is_heard = True
        while True:
            try:
                self._fleet.say(self._now())
            except Exception as error:  # noqa: BLE001  whatever Redis says: the next sign may be heard
                if is_heard:
                    unforeseen = None if isinstance(error, BrokerUnavailable) else error
                    _log.warning("sign_of_life.lost", reason=str(error), exc_info=unforeseen)
                is_heard = False
            else:
                is_heard = True
            if self._stopping.wait(BEAT_SECONDS):
                return

    def _now(self) -> Worker:
        up_seconds = int(time.monotonic() - self._began)
        return replace(self._worker, busy=len(self._leases.held()), up_seconds=up_seconds)

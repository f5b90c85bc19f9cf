"""Every rule for when a worker process must end, and how it ends.

A thread cannot be stopped from outside, and a device that is broken stays broken for its process. So the process hands
its jobs back and ends, and whoever supervises it starts the next one.

| reason      | what is wrong                                       | who notices it           | counted       | code |
|-------------|-----------------------------------------------------|--------------------------|---------------|------|
| `HUNG`      | an attempt runs longer than `run_timeout`           | `Watchdog`               | that attempt  | 70   |
| `HEARTBEAT` | the thread that extends the leases is dead or stuck | `Watchdog`               | nothing       | 70   |
| `DEAF`      | a thread is free, messages wait, and none is read   | `Watchdog`               | nothing       | 70   |
| `DEVICE`    | the device fails at what it could do before         | whoever runs the network | who was alone | 70   |
| `STOPPED`   | TERM, and the grace is over                         | the timer of the grace   | nothing       | 0    |
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import Enum
from typing import NoReturn, Protocol

from shared.errors import ErrorCode
from shared.jobs.store import JobStore
from shared.telemetry.logs import get_logger
from worker.jobs.lease import LeaseKeeper, log_failure
from worker.messages.hearing import Hearing

_log = get_logger(__name__)

HUNG_MESSAGE = "The job ran longer than it may."

#: Between two looks whether a worker is well.
_LOOK_SECONDS = 0.5
#: For handing jobs back. If the database does not answer by then, their leases run out.
_HAND_BACK_SECONDS = 10
#: A worker ends when its heartbeat is this late: longer than the database and its pool take to answer or to fail.
_HEARTBEAT_SECONDS = 60


class Reason(Enum):
    """Why a process ends, and its exit code: 70 is EX_SOFTWARE of sysexits.h."""

    HUNG = "hung", 70
    HEARTBEAT = "heartbeat", 70
    DEAF = "deaf", 70
    DEVICE = "device", 70
    STOPPED = "stopped", 0

    def __init__(self, word: str, exit_code: int) -> None:
        """Take the word that the log has for it, and the code."""
        self.word = word
        self.exit_code = exit_code


class HandBack(Protocol):
    """Gives back what this process works on."""

    def __call__(self, *, are_suspect: bool) -> None:
        """Do so; `are_suspect`: whether any of it may have broken the device."""


#: Looks once, and ends the process if it must end. The last of a worker's rules says that all others were looked at.
Rule = Callable[[], None]

_hand_backs: list[HandBack] = []
_ending = threading.Lock()


def hand_back_with(hand_back: HandBack) -> None:
    """Call this before the process ends. It may take some seconds, and it may fail."""
    _hand_backs.append(hand_back)


def end_process(reason: Reason) -> NoReturn:
    """Hand back what this process works on, uncounted, and end it. Any thread may call; the first call counts."""
    with _ending:
        _log.warning("worker.ends", reason=reason.word)
        handing_back = threading.Thread(target=_hand_back, args=[reason], daemon=True)
        handing_back.start()
        handing_back.join(_HAND_BACK_SECONDS)
        os._exit(reason.exit_code)


def stop_after(grace: timedelta) -> None:
    """End the process when the grace is over, unless it has ended by then: its jobs have that long to finish."""
    timer = threading.Timer(grace.total_seconds(), end_process, [Reason.STOPPED])
    timer.daemon = True
    timer.start()


class Watchdog:
    """One thread that looks at every rule, again and again."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Prepare the thread."""
        self._rules = rules
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            for rule in self._rules:
                try:
                    rule()
                except Exception as error:  # noqa: BLE001  a rule that fails must not keep the others from looking
                    _log.error("watchdog.failed", exc_info=error)


def hung_attempt(job_store: JobStore, leases: LeaseKeeper, run_timeout: timedelta) -> Rule:
    """Make the rule that an attempt may not run longer than `run_timeout`."""

    def look() -> None:
        for lease in leases.held_for(run_timeout):
            _log.error("attempt.hung", task_id=str(lease.job_id), attempt=lease.attempt)
            leases.drop(lease)
            try:
                job_store.retry(lease, timedelta(0), ErrorCode.AI_SERVICE_TIMEOUT, HUNG_MESSAGE)
            except Exception as error:  # noqa: BLE001  whatever it is: no other look would find this attempt again
                log_failure("lease.left", lease, error)
            end_process(Reason.HUNG)

    return look


def stopped_heartbeat(leases: LeaseKeeper) -> Rule:
    """Make the rule that somebody extends the leases."""

    def look() -> None:
        if leases.seconds_late() > _HEARTBEAT_SECONDS:
            end_process(Reason.HEARTBEAT)

    return look


def deaf_consumer(hearing: Hearing) -> Rule:
    """Make the rule that a worker with a free thread reads messages that wait."""

    def look() -> None:
        if hearing.is_deaf():
            end_process(Reason.DEAF)

    return look


def _hand_back(reason: Reason) -> None:
    for hand_back in _hand_backs:
        hand_back(are_suspect=reason is Reason.DEVICE)

"""An installation of two front ends, two workers and a sweeper, whose processes are replaced one by one under load."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path

from deploy.local.processes.process import Process
from deploy.local.servers.health import answers_ok
from deploy.local.servers.ports import LOOPBACK, free_port
from shared.messaging.broker import Broker, Duty
from shared.settings.settings import Settings
from tests.deploy.upgrade.balancer import Balancer
from tests.deploy.upgrade.release import Release
from tests.end_to_end.installation import front_end_command

_TWO = (1, 2)
_START_SECONDS = 90
#: Longer than any process needs that is told to end.
_GRACE_SECONDS = 40
_SETUP = ("-m", "deploy.admin", "setup")


@dataclass
class Place:
    """Where one process after the other runs."""

    name: str
    start: Callable[[Release], Process]
    process: Process | None = None


@dataclass
class Rolling:
    """What runs, and how it is replaced."""

    settings: Settings
    directory: Path
    balancer: Balancer = field(default_factory=Balancer)
    #: Processes that did not end as they should.
    troubles: list[str] = field(default_factory=list)
    _lives: count[int] = field(default_factory=count)
    _ports: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make its places, in the order in which they are replaced."""
        self._broker = Broker(self.settings)
        self.places = [
            *(Place(f"worker {number}", self._start_worker) for number in _TWO),
            Place("sweeper", self._start_sweeper),
            *(
                Place(f"front end {number}", partial(self._start_front_end, f"front end {number}"))
                for number in _TWO
            ),
        ]

    @property
    def url(self) -> str:
        """Where clients find it, whoever runs behind."""
        return f"http://{LOOPBACK}:{self.balancer.port}"

    def set_up(self, release: Release) -> str:
        """Migrate as an operator does; return what was said."""
        return release.run(_SETUP, self.settings)

    def start(self, release: Release, load: Callable[[], None]) -> None:
        """Start all of it, front ends first; then the load, without which nobody sees that a worker works."""
        *workers, sweeper, first, second = self.places
        for place in (first, second, sweeper):
            place.process = place.start(release)
        load()
        for place in workers:
            place.process = place.start(release)

    def replace(
        self, release: Release, places: Iterable[Place], between: Callable[[], None]
    ) -> None:
        """Replace one process after the other by one of another release.

        Args:
            release: Whose processes come.
            places: In this order.
            between: Is called after each.
        """
        for place in places:
            old, old_port = place.process, self._ports.get(place.name)
            assert old is not None
            place.process = place.start(release)
            if old_port is not None:
                self.balancer.in_service.remove(old_port)
            self._end(old)
            between()

    def stop(self) -> None:
        """End all of it, as it should end."""
        for place in reversed(self.places):
            if place.process is not None:
                self._end(place.process)

    def _end(self, process: Process) -> None:
        was_running = process.is_running
        process.stop(_GRACE_SECONDS)
        if not was_running or process.return_code != 0:
            self.troubles.append(f"a {process.name} ended with {process.return_code}")

    def _start_worker(self, release: Release) -> Process:
        """Start a worker, and wait until it does something: there is always work."""
        worker, log = self._start("worker", [sys.executable, "-m", "worker"], release)
        worker.wait_until(lambda: "job.claimed" in log.read_text(), _START_SECONDS)
        return worker

    def _start_sweeper(self, release: Release) -> Process:
        """Start a sweeper, and wait until somebody has swept since."""
        sweeper, _ = self._start("sweeper", [sys.executable, "-m", "worker.sweeper"], release)
        began = time.monotonic()

        def has_swept() -> bool:
            seconds = self._broker.seconds_since(Duty.SWEEP)
            return seconds is not None and seconds < time.monotonic() - began

        sweeper.wait_until(has_swept, _START_SECONDS)
        return sweeper

    def _start_front_end(self, place: str, release: Release) -> Process:
        """Start a front end, and put it into service when it is ready."""
        port = free_port()
        command = front_end_command(port, "--workers", "1")
        front_end, _ = self._start("front end", command, release)
        front_end.wait_until(partial(answers_ok, LOOPBACK, port, "/readyz"), _START_SECONDS)
        self._ports[place] = port
        self.balancer.in_service.append(port)
        return front_end

    def _start(self, kind: str, command: list[str], release: Release) -> tuple[Process, Path]:
        log = self.directory / f"{next(self._lives):02}-{kind.replace(' ', '-')}.log"
        process = release.process(f"{kind} of {release.name}", command, log, self.settings)
        process.start()
        return process, log

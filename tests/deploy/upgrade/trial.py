"""A rolling upgrade, and the way back, while photos are imported; then the books are closed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from shared.errors import DatabaseUnavailable
from shared.job import JobStatus
from shared.settings.settings import Settings
from tests.conditions import eventually
from tests.deploy.upgrade.importer import Importer
from tests.deploy.upgrade.release import Release
from tests.deploy.upgrade.rolling import Rolling
from tests.deploy.upgrade.shopper import Shopper
from tests.fault.audit import Audit, leftovers, wait_until_quiet

Say = Callable[[str], None]

_BEFORE, _UPGRADE, _AFTER, _BACK = "before", "upgrade", "after", "way back"
#: What a client's p95 may come to while processes are replaced, as a multiple of what it was.
SLOWER = 2.0
_PHOTOS_A_FOLDER = 40
_QUIET_SECONDS = 120
#: How long a phase without replacements takes, and how much is done between two: by what a client saw of it.
_ORDERS_A_PHASE, _ORDERS_BETWEEN = 40, 8
_LONGEST_PHASE_SECONDS = 240


@dataclass
class Trial:
    """One run."""

    settings: Settings
    directory: Path
    old: Release
    new: Release
    say: Say
    #: What was lost, doubled or ended badly.
    troubles: list[str] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Put it together; nothing runs yet."""
        self.rolling = Rolling(self.settings, self.directory)
        self.importer = Importer(self.rolling.url, self.directory / "photos", _PHOTOS_A_FOLDER)
        self.shopper = Shopper(self.rolling.url)

    def run(self) -> bool:
        """Do it all; False if something was lost, doubled or ended badly."""
        with self.rolling.balancer:
            try:
                self._roll()
                self._close_books()
            finally:
                self.rolling.stop()
                self.importer.stop()
                self.shopper.stop()
        self.troubles += self.rolling.troubles
        self.figures["p95 before, s"] = round(self._p95(_BEFORE), 2)
        for phase in (_UPGRADE, _AFTER, _BACK):
            self.figures[f"p95, {phase}, as a multiple"] = round(self.slower(phase), 2)
        return not self.troubles

    def slower(self, phase: str = _UPGRADE) -> float:
        """Tell what a client's p95 was in a phase, as a multiple of what it was before."""
        return self._p95(phase) / self._p95(_BEFORE)

    def _roll(self) -> None:
        rolling = self.rolling
        self._set_up(self.old)
        self._begin(_BEFORE)
        rolling.start(self.old, self._load)
        self._watch(_ORDERS_A_PHASE)

        self._begin(_UPGRADE)
        self._set_up(self.new)
        rolling.replace(self.new, rolling.places, self._let_work)
        self._begin(_AFTER)
        self._watch(_ORDERS_A_PHASE)

        self._begin(_BACK)
        self._set_up(self.old)
        rolling.replace(self.old, reversed(rolling.places), self._let_work)
        self.importer.stop()
        self.shopper.stop()

    def _set_up(self, release: Release) -> None:
        self.say(f"setup of {release.name}: {self.rolling.set_up(release).splitlines()[0]}")

    def _load(self) -> None:
        self.importer.start()
        self.shopper.start()

    def _begin(self, phase: str) -> None:
        self.shopper.phase = phase
        self.say(f"{phase}: {self.importer.done} photos imported, {self.shopper.orders} orders")

    def _let_work(self) -> None:
        self._watch(_ORDERS_BETWEEN)

    def _watch(self, orders: int) -> None:
        """Let so many orders of the client come to their end."""
        wanted = self.shopper.orders + orders
        eventually(lambda: self.shopper.orders >= wanted, _LONGEST_PHASE_SECONDS)

    def _p95(self, phase: str) -> float:
        """Take the nearest rank."""
        seconds = sorted(self.shopper.seconds[phase])
        return seconds[math.ceil(0.95 * len(seconds)) - 1]

    def _close_books(self) -> None:
        audit = Audit(self.settings)
        try:
            wait_until_quiet(audit, _QUIET_SECONDS)
            self.troubles += [*self.importer.troubles, *self.shopper.troubles]
            self.troubles += leftovers(audit, drained=True)
            self.troubles += self._compare(audit)
        except DatabaseUnavailable as error:
            self.troubles.append(str(error))
        finally:
            audit.close()
        self.figures["photos imported, orders of a client"] = (
            f"{self.importer.done}, {self.shopper.orders}"
        )
        self.figures["answers to the client that were none"] = dict(self.shopper.troubled)

    def _compare(self, audit: Audit) -> Iterator[str]:
        """Hold rows and results against what was sent."""
        rows, sent = audit.rows(), self.importer.done + self.shopper.orders
        if len(rows) != sent:
            yield f"{sent} photos were sent, and {len(rows)} jobs are there"
        for job_id, row in rows.items():
            if row["status"] != JobStatus.SUCCEEDED:
                yield f"{job_id} is {row['status']}: {row['error_code']} {row['error_message']}"
        attempts = Counter(job_id for job_id, _ in {it[:2] for it in audit.results()})
        for job_id, count in attempts.items():
            if count > 1:
                yield f"{job_id} has results of {count} attempts"
        self.figures["jobs with more than one attempt"] = sum(
            row["attempt"] - row["releases"] > 1 for row in rows.values()
        )

"""A run: load on a whole installation, hands that hurt it, then healing, draining, and the books.

begin ── load and faults ── heal, besiege the broker ── stop posting, drain ── read all again ── compare ── a day passes
── compare
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

from tests.fault.audit import (
    Audit,
    Stored,
    compare,
    compare_results,
    differing,
    wait_until_quiet,
)
from tests.fault.contrast import contrast
from tests.fault.customer import Customer
from tests.fault.fleet import Fleet
from tests.fault.hand import Fault, Hand
from tests.fault.ledger import Entry, Ledger
from tests.fault.listener import Listener
from tests.fault.reader import NotNow, Reader
from tests.fault.report import Report
from tests.fault.siege import Siege

_CUSTOMERS = 8
_HANDS = 2
_PROGRESS_SECONDS = 10
_AGAIN_THREADS = 6
#: A bound for the worst case only: all that was accepted ends long before.
_DRAIN_SECONDS = 180
_TRIES = 5
_DELIVERY_SECONDS = 90
_GONE = 410
#: What the log says of a worker that ended because it did not hear.
_DEAF = '"reason": "deaf"'

Say = Callable[[str], None]


@dataclass
class Nemesis:
    """One seeded run."""

    fleet: Fleet
    seed: str
    say: Say
    #: Ends the run early, in order.
    stopping: Event

    def __post_init__(self) -> None:
        self.ledger = Ledger()
        self.listener = Listener(self.fleet.receiver, f"{self.seed}-listener")
        self.faults: list[Fault] = []
        self.began = time.time()
        self._audit = Audit(self.fleet.settings)

    def run(self, seconds: float) -> Report:
        """Do it all."""
        self.began = time.time()
        readers = [Reader(self.fleet.urls, self.ledger), Reader(self.fleet.urls[::-1], self.ledger)]
        for reader in readers:
            reader.start()
        self._storm(seconds)
        ended = time.time()
        self.say(f"healed after {ended - self.began:.0f} s and {len(self.faults)} faults; draining")
        drained = self._drain()
        for reader in readers:
            reader.stop()
        took = time.time() - ended
        self.say(f"{'drained' if drained else 'NOT drained'} in {took:.0f} s; closing the books")
        report = self._close_books(readers, drained, ended - self.began)
        for reader in readers:
            reader.close()
        self._audit.close()
        return report

    def _storm(self, seconds: float) -> None:
        customers = [
            Customer(
                f"{self.seed}-customer-{number}", self.fleet.urls, self.ledger, self.listener.url
            )
            for number in range(_CUSTOMERS)
        ]
        hands = [
            Hand(f"{self.seed}-hand-{number}", self.fleet, self.faults.append)
            for number in range(_HANDS)
        ]
        for customer in customers:
            customer.start()
        for hand in hands:
            hand.start()
        said = 0
        while time.time() - self.began < seconds and not self.stopping.is_set():
            self.stopping.wait(min(_PROGRESS_SECONDS, self.began + seconds - time.time() + 0.01))
            self.say(self._progress())
            for violation in self.ledger.violations[said:]:
                self.say(f"VIOLATION {violation}")
            said = len(self.ledger.violations)
            if any(hand.failure for hand in hands):
                self.ledger.violated([f"a hand failed: {[hand.failure for hand in hands]}"])
                break
        for hand in hands:
            hand.stop()
        self.say("the broker alone")
        self.ledger.violated(Siege(self.fleet, self.faults.append).run())
        for customer in customers:
            customer.stop()
        for customer in customers:
            customer.join()

    def _drain(self) -> bool:
        deadline = time.monotonic() + _DRAIN_SECONDS
        while self.ledger.open_entries() and time.monotonic() < deadline:
            time.sleep(0.2)
        return wait_until_quiet(self._audit, max(10, deadline - time.monotonic()))

    def _close_books(self, readers: list[Reader], drained: bool, storm_seconds: float) -> Report:
        ledger, audit = self.ledger, self._audit
        if deaf := self.fleet.count_in_logs(_DEAF)[_DEAF]:
            ledger.violated([f"{deaf} times a worker was deaf"])
        if not drained:
            ledger.violated([f"not drained: {audit.count_live()} live, {audit.waiting()} waiting"])
        settled = [entry for entry in ledger.entries.values() if entry.is_settled]
        changed = list(_in_parallel(readers[0], settled))
        rows, stored, inputs = audit.rows(), audit.results(), audit.inputs()
        ledger.violated(compare(ledger, rows))
        ledger.violated(compare_results(rows, stored))
        repacked = self._compare_answers(stored)
        ledger.violated(f"key {key} made several jobs" for key in ledger.doubled_keys())
        self._await_deliveries()
        self.say("a day passes")
        self._let_a_day_pass(readers[0], settled, rows.keys())
        return Report(
            seed=self.seed,
            seconds=round(time.time() - self.began),
            storm_seconds=storm_seconds,
            began=self.began,
            ledger=ledger,
            faults=self.faults,
            rows=rows,
            changed=changed,
            repacked=repacked,
            webhooks=self.listener.figures(),
            inputs_left=len(inputs & rows.keys()),
            inputs_unknown=len(inputs - rows.keys()),
            results_superseded=sum(
                stored_.attempt != rows[stored_.job_id]["attempt"]
                for stored_ in stored
                if stored_.job_id in rows
            ),
            ended_by_themselves=self.fleet.ended_by_themselves,
            logged=self.fleet.count_in_logs(
                "job.rescued",
                "attempt.fenced",
                "job.released",
                "job.postponed",
                "message.ignored",
                "attempt.hung",
            ),
        )

    def _await_deliveries(self) -> None:
        """Every end of which somebody wanted to be told was told; what waits for its next try is brought near."""
        deadline = time.monotonic() + _DELIVERY_SECONDS
        while (pending := self._audit.hurry_deliveries()) and time.monotonic() < deadline:
            time.sleep(1)
        if pending:
            self.ledger.violated([f"{pending} deliveries have not arrived"])
        self.ledger.violated(self.listener.violations)
        self.ledger.violated(self.listener.missing(self.ledger.entries.values()))

    def _compare_answers(self, stored: list[Stored]) -> int:
        """Hold answers to one question against each other, and keep those that differ; count files that alone do."""
        kept = self.fleet.directory / "evidence"
        repacked = 0
        for results in differing(self.ledger, stored):
            pngs = [self._audit.read(result) for result in results]
            difference = contrast(pngs)
            if not difference:
                repacked += 1
                continue
            kept.mkdir(exist_ok=True)
            for result, png in zip(results, pngs, strict=True):
                (kept / f"{result.job_id}-{result.attempt}-{result.name}").write_bytes(png)
            self.ledger.violated([f"answers to one question differ ({difference}): {results}"])
        return repacked

    def _let_a_day_pass(self, reader: Reader, settled: list[Entry], known: Iterable[str]) -> None:
        """After 24 hours nothing is left but uploads without a row, which the bucket's rule forgets."""
        audit = self._audit
        audit.let_a_day_pass()
        deadline = time.monotonic() + 60 + len(settled) / 5
        while audit.count_unexpired() and time.monotonic() < deadline:
            time.sleep(0.2)
        left = [f"{stored.job_id}/{stored.name}" for stored in audit.results()]
        left += sorted(audit.inputs() & set(known))
        self.ledger.violated(f"{name} outlived its job" for name in left)
        for entry in settled[:20]:
            status = reader.ask_status(entry)
            if status != _GONE:
                self.ledger.violated([f"{entry.task_id} is answered {status} after a day"])

    def _progress(self) -> str:
        ledger = self.ledger
        return (
            f"{time.time() - self.began:6.0f} s  {sum(ledger.answers.values())} posts, "
            f"{len(ledger.entries)} accepted, {len(ledger.open_entries())} open, "
            f"{len(self.faults)} faults, {len(ledger.violations)} violations"
        )


def _in_parallel(reader: Reader, entries: list[Entry]) -> Iterator[str]:
    def read(part: list[Entry]) -> list[str]:
        changed = []
        for entry in part:
            for _ in range(_TRIES):
                try:
                    changed += list(reader.read_again([entry]))
                    break
                except NotNow:
                    time.sleep(1)
            else:
                changed.append(f"{entry.task_id} could not be read again")
        return changed

    parts = [entries[start::_AGAIN_THREADS] for start in range(_AGAIN_THREADS)]
    with ThreadPoolExecutor(_AGAIN_THREADS) as pool:
        for found in pool.map(read, parts):
            yield from found

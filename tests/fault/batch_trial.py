"""A batch through faults, with another tenant's single jobs beside it: hurt until it has ended, then the books."""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zipfile import ZipFile

from sqlalchemy import func, select

from shared.batches.tables import batch_items
from shared.sql.database import Database
from shared.sql.tables import jobs
from shared.tenants.key_store import KeyStore
from tests.fault.audit import Audit
from tests.fault.batch_client import BatchClient
from tests.fault.batch_neighbour import times
from tests.fault.batch_order import Line, make_lines, write_body
from tests.fault.fleet import Fleet
from tests.fault.hand import Fault, Hand
from tests.file_server import FileServer
from tests.pictures import jpeg
from tests.webhook_receiver import Heard, Reply

_HANDS = 2
_STUCK_SECONDS = 3 * 3600
_SAY_SECONDS = 20
_DELIVERY_SECONDS = 120
#: Every so many deliveries one is refused the first time.
_REFUSED = 10
Say = Callable[[str], None]
Json = Mapping[str, Any]


@dataclass
class BatchTrial:
    """One seeded run."""

    fleet: Fleet
    photos: FileServer
    seed: str
    count: int
    say: Say
    faults: list[Fault] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)
    #: Webhooks that came, by id and type.
    _told: Counter[tuple[str, str]] = field(default_factory=Counter)
    _refused: set[str] = field(default_factory=set)

    def run(self) -> bool:
        """Do it all; False if something is not right."""
        database = Database(self.fleet.settings.database_url)
        keys = KeyStore(database)
        importer = BatchClient(self.fleet.urls, keys.create("importer")[1])
        shop = BatchClient(self.fleet.urls, keys.create("shop")[1])
        self.fleet.receiver.reply = self._take
        lines = make_lines(self.seed, self.count, self.photos)
        try:
            batch_id = self._send(importer, lines)
            self._hurt_until_it_ends(importer, shop, batch_id)
            self._close_books(importer, batch_id, lines, database)
        finally:
            importer.close()
            shop.close()
            database.close()
        return not self.troubles

    def _send(self, importer: BatchClient, lines: Sequence[Line]) -> str:
        callback_url = self.fleet.receiver.url
        body = write_body(lines, callback_url)
        importer.break_off(body)
        began = time.monotonic()
        batch_id = importer.send(body, self.seed, callback_url)
        seconds = time.monotonic() - began
        self.figures["sent in, s"] = round(seconds, 1)
        if importer.send(body, self.seed, callback_url) != batch_id:
            self.troubles.append("one key made two batches")
        self.say(f"{self.count} lines taken in {seconds:.1f} s: {batch_id}")
        return batch_id

    def _hurt_until_it_ends(self, importer: BatchClient, shop: BatchClient, batch_id: str) -> None:
        hands = [
            Hand(f"{self.seed}-hand-{number}", self.fleet, self.faults.append)
            for number in range(_HANDS)
        ]
        for hand in hands:
            hand.start()
        began = said = time.monotonic()
        shown, singles = importer.show(batch_id), [shop.time_a_job(jpeg())]
        while shown["status"] == "running" and time.monotonic() - began < _STUCK_SECONDS:
            singles.append(shop.time_a_job(jpeg()))
            before, shown = shown, importer.show(batch_id, seconds=2)
            self.troubles += _compare_counts(before["counts"], shown["counts"], self.count)
            if time.monotonic() - said > _SAY_SECONDS:
                said = time.monotonic()
                self.say(f"{len(self.faults)} faults; {shown['counts']}")
        for hand in hands:
            hand.stop()
        self.figures["under faults, s"] = round(time.monotonic() - began)
        self.figures["single jobs meanwhile: how many, median, slowest, s"] = (
            f"{len(singles)}, {times(singles)}"
        )
        self.figures["faults, kills among them"] = (
            f"{len(self.faults)}, {sum(it.act == 'kill' for it in self.faults)}"
        )
        self.troubles += [f"a hand failed: {it.failure}" for it in hands if it.failure]
        if shown["status"] != "completed":
            self.troubles.append(f"the batch is {shown['status']}: {shown['counts']}")

    def _close_books(
        self, importer: BatchClient, batch_id: str, lines: Sequence[Line], database: Database
    ) -> None:
        output = importer.read_lines(batch_id, "output")
        errors = importer.read_lines(batch_id, "errors")
        self.troubles += _compare(lines, output, errors)
        counts = importer.show(batch_id)["counts"]
        if (counts["succeeded"], counts["failed"]) != (len(output), len(errors)):
            self.troubles.append(f"the counts are {counts}")
        self.figures["lines in the output file, in the error file"] = (
            f"{len(output)}, {len(errors)}"
        )
        with ZipFile(io.BytesIO(importer.read(batch_id, "results"))) as archive:
            folders = {name.partition("/")[0] for name in archive.namelist()}
        if len(folders) != len(output):
            self.troubles.append(f"the archive has {len(folders)} folders")
        self._count_rows(database)
        self._await_webhooks(batch_id, lines, [*output, *errors])

    def _count_rows(self, database: Database) -> None:
        """See that the upload that broke off has left nothing, and that no line became two jobs."""
        own = jobs.c.tenant == "importer"
        with database.reading() as connection:
            rows = connection.execute(select(func.count()).where(own)).scalar_one()
            others = select(func.count()).select_from(batch_items)
            items = connection.execute(others).scalar_one()
        if (rows, items) != (self.count, self.count):
            self.troubles.append(f"{rows} jobs and {items} items for {self.count} lines")

    def _await_webhooks(self, batch_id: str, lines: Sequence[Line], ended: Sequence[Json]) -> None:
        audit = Audit(self.fleet.settings)
        deadline = time.monotonic() + _DELIVERY_SECONDS
        while (pending := audit.hurry_deliveries()) and time.monotonic() < deadline:
            time.sleep(1)
        audit.close()
        told = {number for number, line in enumerate(lines, 1) if line.is_told}
        wanted = {
            (it["task_id"].replace("-", ""), f"job.{it['status']}")
            for it in ended
            if it["line"] in told
        } | {(batch_id.replace("-", ""), "batch.completed")}
        if pending or set(self._told) != wanted:
            self.troubles.append(
                f"{pending} webhooks wait; {len(wanted - set(self._told))} are missing, "
                f"{len(set(self._told) - wanted)} are wrong"
            )
        self.figures["webhooks, told again"] = (
            f"{len(wanted)}, {sum(self._told.values()) - len(self._told)}"
        )

    def _take(self, heard: Heard) -> Reply:
        event = heard.verified()
        is_new = heard.webhook_id not in self._refused
        if is_new and int(heard.webhook_id[-4:], 16) % _REFUSED == 0:
            self._refused.add(heard.webhook_id)
            return Reply(503)
        self._told[heard.webhook_id.removeprefix("msg_"), event["type"]] += 1
        return Reply()


def _compare_counts(before: Mapping[str, int], now: Mapping[str, int], total: int) -> Iterator[str]:
    """See that items are always in one state, and that none comes back from its end."""
    if sum(now.values()) != total:
        yield f"{now} are {sum(now.values())} of {total} items"
    for end in ("succeeded", "failed", "cancelled"):
        if now[end] < before[end]:
            yield f"of {before[end]} that had {end} {now[end]} are left"


def _compare(
    lines: Sequence[Line], output: Sequence[Json], errors: Sequence[Json]
) -> Iterator[str]:
    """Hold both files against what was sent: each line once, in the right one, for the right reason."""
    found = Counter(it["line"] for it in (*output, *errors))
    for line in lines:
        if found[line.number] != 1:
            yield f"line {line.number} is there {found[line.number]} times"
    for it in (*output, *errors):
        line = lines[it["line"] - 1]
        code = it["error_detail"]["code"] or None
        if (it["reference"], code) != (line.reference, line.right_error):
            yield f"line {line.number} is {it['reference']}, {code} instead of {line.right_error}"

"""What a batch costs another tenant: single jobs alone and beside it, in peace, at default settings."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.sql.database import Database
from shared.tenants.key_store import KeyStore
from tests.conditions import eventually
from tests.fault.batch_client import BatchClient
from tests.fault.batch_order import make_lines, write_body
from tests.fault.fleet import Fleet
from tests.file_server import FileServer
from tests.pictures import jpeg

_SINGLE_JOBS = 15
#: What the batch may cost.
_PROMISED_SECONDS = 3.0


@dataclass
class Neighbour:
    """One measurement."""

    fleet: Fleet
    photos: FileServer
    seed: str
    count: int
    troubles: list[str] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)

    def run(self) -> None:
        """Do it; what is not as promised is a trouble."""
        database = Database(self.fleet.settings.database_url)
        keys = KeyStore(database)
        importer = BatchClient(self.fleet.urls, keys.create("importer")[1])
        shop = BatchClient(self.fleet.urls, keys.create("shop")[1])
        try:
            # The first one of a worker is slower.
            alone = [shop.time_a_job(jpeg()) for _ in range(_SINGLE_JOBS + 2)][2:]
            beside = self._beside(importer, shop)
        finally:
            importer.close()
            shop.close()
            database.close()
        self.figures["single job alone: median, slowest, s"] = times(alone)
        self.figures["single job beside the batch: median, slowest, s"] = times(beside)
        if max(beside) - statistics.median(alone) > _PROMISED_SECONDS:
            self.troubles.append(f"a single job took {max(beside):.1f} s beside the batch")

    def _beside(self, importer: BatchClient, shop: BatchClient) -> list[float]:
        body = write_body(make_lines(self.seed, self.count, self.photos), self.fleet.receiver.url)
        batch_id = importer.send(body, self.seed, self.fleet.receiver.url)
        eventually(lambda: importer.show(batch_id)["counts"]["processing"], 60)
        found = [shop.time_a_job(jpeg()) for _ in range(_SINGLE_JOBS)]
        left = importer.show(batch_id)
        if left["status"] != "running":
            self.troubles.append(f"the batch was {left['status']} before all was measured")
        self.figures["items left meanwhile"] = left["counts"]["held"] + left["counts"]["queued"]
        return found


def times(seconds: Sequence[float]) -> str:
    """Write the middle one and the slowest."""
    return f"{statistics.median(seconds):.2f}, {max(seconds):.2f}"

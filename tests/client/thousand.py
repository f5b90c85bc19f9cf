"""`python -m tests.client.thousand`: an import of 1,000 photos into a whole installation, killed again and again.

Its workers run a network that looks nowhere, so that it is the import that takes the time.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import func, select

from shared.settings.settings import load_settings
from shared.sql.database import Database
from shared.sql.schema import migrate
from shared.sql.tables import jobs
from shared.telemetry.logs import set_up_logs
from tests.client.lives import check_all_there, live_and_die
from tests.end_to_end.installation import Installation
from tests.load.site import running_servers
from tests.pictures import astronaut
from tests.worker.networks import seeing
from worker.app import create_worker, run_worker

_MODULE = "tests.client.thousand"


class Site(Installation):
    """With a worker that is quick."""

    def start_quick_worker(self) -> None:
        self._start("worker", [sys.executable, "-m", _MODULE, "--worker"])


def run_quick_worker() -> None:
    """Run a worker that sees the same everywhere."""
    settings = load_settings()
    set_up_logs(settings)
    run_worker(create_worker(settings, seeing(("tops", 0.2, 0.2, 0.8, 0.8))), settings)


def fill(folder: Path, count: int) -> None:
    """Lay so many small photos into folders, no two alike."""
    small = astronaut().resize((64, 64))
    for number in range(count):
        picture = small.copy()
        picture.putpixel((number % 64, number // 64 % 64), (number % 256, 255, 0))
        path = folder / f"{number % 10}" / f"{number:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path.with_suffix(".jpg"), "PNG")


def main() -> None:
    """Do it, and print the books."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--cycles", type=int, default=20, help="So often it dies at each moment.")
    parser.add_argument(
        "--time", type=int, default=5, help="When a moment comes so often, it dies."
    )
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        run_quick_worker()
        return
    with tempfile.TemporaryDirectory() as home, running_servers() as settings:
        folder, out = Path(home, "in"), Path(home, "out")
        fill(folder, arguments.photos)
        database = Database(settings.database_url)
        migrate(database)
        keyless = settings.model_copy(update={"keyless": True})
        with Site(keyless, Path(home, "site")) as site:
            site.start_quick_worker()
            os.environ["CUTWORK_URL"] = site.url
            began = time.monotonic()
            deaths = live_and_die(
                ["ingest", str(folder), "-o", str(out)],
                Path(home, "deaths"),
                cycles=arguments.cycles,
                time=arguments.time,
            )
            seconds = time.monotonic() - began
        check_all_there(folder, out)
        with database.reading() as connection:
            rows, keys = connection.execute(
                select(func.count(), func.count(jobs.c.idempotency_key.distinct()))
            ).one()
        database.close()
    sys.stdout.write(_books(arguments.photos, rows, keys, deaths, seconds))
    assert rows == keys == arguments.photos


def _books(photos: int, rows: int, keys: int, deaths: Counter[str], seconds: float) -> str:
    where = "".join(f"  {moment}: {count}\n" for moment, count in deaths.most_common())
    return (
        f"{photos} photos, {rows} jobs under {keys} keys, all pictures whole; {seconds:.0f} s, "
        f"{deaths.total()} lives ended by SIGKILL:\n{where}"
    )


if __name__ == "__main__":
    main()

"""`python -m tests.fault.halting_worker <gate> <point>`: the real worker, that stands still at one exact point."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from unittest import mock

import worker.app
from shared.settings.settings import load_settings
from shared.telemetry.logs import set_up_logs
from tests.fault.halting_store import HaltingStore, Point


def main() -> None:
    settings = load_settings()
    set_up_logs(settings)
    halting = partial(HaltingStore, gate=Path(sys.argv[1]), point=Point[sys.argv[2]])
    with mock.patch.object(worker.app, "ObjectStore", halting):
        app = worker.app.create_worker(settings, worker.app.create_segmenter(settings))
    worker.app.run_worker(app, settings)


if __name__ == "__main__":
    main()

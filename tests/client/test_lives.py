"""Killed at every moment, an import goes on where it was: nothing is sent twice, torn, or missing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from flask import Response, request

from tests.client.fake_service import FakeService
from tests.client.lives import MOMENTS, check_all_there, fill, live_and_die

_PHOTOS = 10


def test_an_import_that_is_killed_at_every_change_sends_nothing_twice_and_misses_nothing(
    service: FakeService, tmp_path: Path
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    fill(folder, _PHOTOS)
    states: list[str] = []
    service.intercept = seen_in(out, states)

    arguments = ["ingest", str(folder), "-o", str(out), "--jobs", "1"]
    deaths = live_and_die(arguments, tmp_path / "deaths")

    check_all_there(folder, out)
    assert deaths == dict.fromkeys(MOMENTS, 1)
    assert len(service.posts) == len(service.jobs) == _PHOTOS
    assert set(states) == {"sending"}


def seen_in(out: Path, states: list[str]) -> Callable[[], Response | None]:
    """Note what the ledger says, while an upload arrives, of the photo under its key."""

    def look() -> Response | None:
        if request.method == "POST":
            key = request.headers["Idempotency-Key"]
            with closing(sqlite3.connect(out / ".cutwork" / "ledger.sqlite3")) as ledger:
                [state] = ledger.execute("SELECT state FROM photos WHERE key = ?", (key,))
            states.append(*state)
        return None

    return look

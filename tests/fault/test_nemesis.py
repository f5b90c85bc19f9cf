"""The short nemesis, with the same seed each time; `NEMESIS_SEED=…` takes another. `make soak` is the long one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from threading import Event

import pytest

from tests.fault.fleet import DatabaseKind, fleet
from tests.fault.nemesis import Nemesis

SECONDS = 45


@pytest.mark.timeout(400)
@pytest.mark.parametrize("database", ["postgres", "sqlite"])
def test_whatever_is_killed_paused_and_forgotten_the_books_are_balanced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], database: DatabaseKind
) -> None:
    seed = os.environ.get("NEMESIS_SEED", "20261123")
    with fleet(tmp_path / "fleet", database) as running:
        nemesis = Nemesis(running, seed, lambda line: print(line, file=sys.stderr), Event())  # noqa: T201
        report = nemesis.run(SECONDS)
    with capsys.disabled():
        print("", f"nemesis on {database}", report.table(), sep="\n")  # noqa: T201

    assert report.troubles == []
    assert report.is_balanced
    assert report.faults

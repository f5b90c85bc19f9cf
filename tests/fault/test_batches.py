"""A short batch through faults; `python -m tests.fault.batches` is the long one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.fault.batch_trial import BatchTrial
from tests.fault.fleet import fleet
from tests.file_server import running_file_server


@pytest.mark.timeout(600)
def test_every_line_of_a_batch_ends_once_whoever_is_killed_meanwhile(tmp_path: Path) -> None:
    with running_file_server() as photos, fleet(tmp_path / "fleet", "postgres", photos) as running:
        trial = BatchTrial(
            running,
            photos,
            "20261126",
            100,
            lambda it: print(it, file=sys.stderr),  # noqa: T201
        )
        trial.run()

    assert trial.troubles == []

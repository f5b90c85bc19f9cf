"""`make promises` measures every row of README's table, against the time that the row promises."""

from __future__ import annotations

import re
from pathlib import Path

from shared.settings.settings import Settings
from tests.fault.promises.__main__ import PROMISES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()

_, _, TABLE = README.partition(
    "| what happens | what becomes of an accepted job | back to work after |\n"
)
ROWS = re.findall(r"^\| ([^|]+) \| [^|]+ \|([^|]*)\|$", TABLE.partition("\n\n")[0], re.MULTILINE)


def test_each_row_is_measured_against_the_time_that_it_promises() -> None:
    promised = [(event, re.match(r" ?(\d+) s", time)) for event, time in ROWS]

    assert [(event, float(time[1]) if time else None) for event, time in promised] == [
        (promise.event, promise.promised) for promise in PROMISES
    ]


def test_another_customer_may_fill_its_queue_as_far_as_the_setting_says() -> None:
    assert f"{Settings.model_fields['max_queued_per_tenant'].default:,} photos" in README

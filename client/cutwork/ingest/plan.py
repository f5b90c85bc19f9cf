"""What a run shall do."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from cutwork.options import Options


class Plan(NamedTuple):
    """What a run shall do."""

    folder: Path
    out: Path
    options: Options
    #: The walk whose inputs it is about.
    walk: int
    jobs: int
    give_up_after: float
    #: The form that stands in no picture's name; empty: each has its form there.
    plain: str = ""

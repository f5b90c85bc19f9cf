"""What a row of README's table promises, and what was found when it was tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.fault.fleet import DatabaseKind
from tests.fault.promises.stand import Stand


@dataclass(frozen=True)
class Finding:
    """One way in which a promise was tried."""

    tried: str
    #: Until work went on; None where no time is promised.
    seconds: float | None
    #: What is wrong, if something is.
    trouble: str = ""
    #: Whether it is this that the time is promised for.
    is_bound: bool = True


@dataclass(frozen=True)
class Promise:
    """A row of the table, and how it is tried."""

    #: The first column.
    event: str
    #: The last column; None where it is empty.
    promised: float | None
    try_it: Callable[[Stand], Iterator[Finding]]
    databases: tuple[DatabaseKind, ...] = ("postgres", "sqlite")

    def bound_of(self, finding: Finding) -> float | None:
        """Tell how long that may have taken."""
        return self.promised if finding.is_bound and finding.seconds is not None else None

    def is_kept(self, finding: Finding) -> bool:
        """Whether what was found is what is promised."""
        bound = self.bound_of(finding)
        is_in_time = bound is None or finding.seconds is None or finding.seconds <= bound
        return is_in_time and not finding.trouble

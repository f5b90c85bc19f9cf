"""Why a batch was refused: the lines that cannot be taken, and what is wrong with each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shared.errors import ErrorCode, Refused


class Problem(NamedTuple):
    """One line that would be refused as a job of its own."""

    line: int
    code: ErrorCode
    message: str


class BatchRefused(Refused):
    """Raised when lines of a batch cannot be taken; then none is.

    Attributes:
        problems: The first of them.
    """

    #: Of which a client is told.
    MOST = 100

    def __init__(self, problems: Sequence[Problem], count: int) -> None:
        """Say how many there are, and keep those that are told."""
        first = problems[0]
        others = f" {count - 1} more lines are wrong." if count > 1 else ""
        super().__init__(
            ErrorCode.BATCH_REFUSED,
            f"Nothing of the batch was taken. Line {first.line}: {first.message}{others}",
        )
        self.problems = problems

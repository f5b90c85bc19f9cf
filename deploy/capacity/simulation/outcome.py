"""What came of a day."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sample:
    """A look at everything at one time."""

    at: float
    waiting: int
    oldest_age: float
    pods: int
    #: Photos that came since the one before.
    came: int


@dataclass
class Outcome:
    """Counts, waits and spending; filled while a day goes by."""

    came: int = 0
    done: int = 0
    #: Whose attempts were all cut off.
    failed: int = 0
    #: Attempts that were cut off.
    cut_off: int = 0
    #: That wait, or are worked on, or whose lease still runs, when the day ends.
    left: int = 0
    core_seconds: float = 0.0
    busy_seconds: float = 0.0
    #: From a photo's arrival to the beginning of the attempt that ended it, in seconds.
    waits: array[float] = field(default_factory=lambda: array("f"))
    #: From its arrival to its end.
    stays: float = 0.0
    #: Jobs that were there, summed over time.
    presence: float = 0.0
    samples: list[Sample] = field(default_factory=list)

    def wait(self, share: float) -> float:
        """Tell how long no more than the rest waited: 0.95 is the 95th percentile."""
        ordered = sorted(self.waits)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0

    def waited_longer_than(self, seconds: float) -> float:
        """Tell the share of jobs that waited for longer."""
        ordered = sorted(self.waits)
        return 1 - bisect_left(ordered, seconds) / len(ordered) if ordered else 0.0

    @property
    def mean_wait(self) -> float:
        """Seconds."""
        return sum(self.waits) / len(self.waits) if self.waits else 0.0

    @property
    def oldest(self) -> float:
        """The highest age that a look saw."""
        return max((sample.oldest_age for sample in self.samples), default=0.0)

    @property
    def core_hours(self) -> float:
        """That were paid for."""
        return self.core_seconds / 3600

    @property
    def is_complete(self) -> bool:
        """Whether each photo that came is accounted for."""
        return self.came == self.done + self.failed + self.left

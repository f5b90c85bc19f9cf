"""How fast pods come and go: the HorizontalPodAutoscaler's looks, its window, and its steps."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from deploy.capacity.simulation.policy import State, Targets

_MINUTE = 60.0


@dataclass
class Autoscaler:
    """Looks at the queue again and again, and says how many pods there should be from now on."""

    targets: Targets
    #: At once, or as many as there are.
    most_new: int
    down_window: float
    #: Of all pods, a minute.
    down_share: float
    _wanted: deque[tuple[float, int]] = field(default_factory=deque)
    _gone: deque[tuple[float, int]] = field(default_factory=deque)

    def look(self, now: float, state: State) -> int:
        """Say how many there should be."""
        wanted, asked_for = self.targets.wanted(state), state.asked_for
        self._wanted.append((now, wanted))
        _forget(self._wanted, now - self.down_window)
        if wanted > asked_for:
            return min(wanted, max(2 * asked_for, asked_for + self.most_new))
        return self._fewer(now, asked_for)

    def _fewer(self, now: float, asked_for: int) -> int:
        """Let pods go slowly, and none that was wanted within the window."""
        lowest = max(wanted for _, wanted in self._wanted)
        if lowest >= asked_for:
            return asked_for
        _forget(self._gone, now - _MINUTE)
        gone = sum(count for _, count in self._gone)
        may_go = math.ceil((asked_for + gone) * self.down_share) - gone
        fewer = max(lowest, asked_for - max(may_go, 0))
        if fewer < asked_for:
            self._gone.append((now, asked_for - fewer))
        return fewer


def _forget(noted: deque[tuple[float, int]], before: float) -> None:
    while noted and noted[0][0] <= before:
        noted.popleft()

"""How many deliveries go to one host at a time, so that a dead host does not take all threads."""

from __future__ import annotations

import threading
from collections import Counter

#: Deliveries under way at once: to all hosts, to one, and to one that did not answer in time lately.
ALL, OF_A_HOST, OF_A_SLOW_HOST = 32, 4, 1
#: … and to all hosts together that did not.
OF_SLOW_HOSTS = ALL // 2
#: Slow hosts that are remembered: clients can name any number.
_REMEMBERED = 10_000


class Lanes:
    """What is under way, by host."""

    def __init__(self) -> None:
        """Begin with no delivery."""
        self._changed = threading.Condition()
        self._under_way: Counter[str] = Counter()
        #: Those whose last try got no answer in time, the latest last.
        self._slow: dict[str, None] = {}

    @property
    def free(self) -> int:
        """How many deliveries may begin."""
        with self._changed:
            return ALL - self._under_way.total()

    def full(self) -> set[str]:
        """Name the hosts to which none may begin."""
        with self._changed:
            full = {host for host, count in self._under_way.items() if count >= self._most(host)}
            slow = sum(self._under_way[host] for host in self._slow)
            return full | self._slow.keys() if slow >= OF_SLOW_HOSTS else full

    def enter(self, host: str) -> None:
        """Note that a delivery begins."""
        with self._changed:
            self._under_way[host] += 1

    def leave(self, host: str, *, is_slow: bool) -> None:
        """Note that one has ended, and whether its host timed out."""
        with self._changed:
            self._under_way[host] -= 1
            self._under_way += Counter()
            self._slow.pop(host, None)
            if is_slow:
                self._slow[host] = None
            if len(self._slow) > _REMEMBERED:
                del self._slow[next(iter(self._slow))]
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until one ends, if any is under way; False if none is."""
        with self._changed:
            if not self._under_way:
                return False
            self._changed.wait(seconds)
            return True

    def _most(self, host: str) -> int:
        return OF_A_SLOW_HOST if host in self._slow else OF_A_HOST

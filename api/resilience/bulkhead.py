"""Waiting slots, shared so that no tenant's requests keep another's from waiting.

A tenant may take one more slot while it holds less than four times as many as are free, one slot in ten not counted
as free: that tenth is for tenants that hold none. It follows:

- Alone, a tenant gets seven tenths of all, and never all. `n` tenants that ask without end hold `4 / (4n + 1)` of the
  nine tenths each: who holds more may take none until it holds as few as the others, so shares are even after one wait.
- A tenant that holds none is refused only while none is free, and then as many others as a tenth of the slots hold one:
  each of the last slots went to a tenant that held none.

The rule is the dynamic threshold of A. Choudhury and E. Hahne (IEEE/ACM Transactions on Networking 6, 1998), made for
the buffer of a switch. It needs no list of active tenants, and cuts no wait short.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: How many slots a tenant may hold for each free one.
_FOR_EACH_FREE = 4
#: One slot in so many is for tenants that hold none.
_RESERVED = 10
#: How much the last wait counts in the mean.
_WEIGHT = 1 / 8


class Bulkhead:
    """The slots of one process. Uses `threading` only, so under gevent's patches it is for greenlets."""

    def __init__(self, slots: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Begin with all slots free; with none at all, nobody gets one."""
        self._free = slots
        self._reserved = max(1, slots // _RESERVED)
        self._held: Counter[str] = Counter()
        self._mean_seconds = 1.0
        self._monotonic = monotonic
        self._lock = threading.Lock()

    @property
    def mean_seconds(self) -> float:
        """How long a slot was held lately: after this time, those that are taken now have been free once."""
        return self._mean_seconds

    @contextmanager
    def slot(self, tenant: str) -> Iterator[bool]:
        """Hold a slot inside, if the tenant may have one; False, and nothing is held, if not."""
        if not self._take(tenant):
            yield False
            return
        began = self._monotonic()
        try:
            yield True
        finally:
            self._give_back(tenant, self._monotonic() - began)

    def _take(self, tenant: str) -> bool:
        with self._lock:
            held = self._held[tenant]
            is_within_share = held < _FOR_EACH_FREE * (self._free - self._reserved)
            if not self._free or (held and not is_within_share):
                return False
            self._free -= 1
            self._held[tenant] += 1
            return True

    def _give_back(self, tenant: str, seconds: float) -> None:
        with self._lock:
            self._free += 1
            self._held[tenant] -= 1
            if not self._held[tenant]:
                del self._held[tenant]
            self._mean_seconds += (seconds - self._mean_seconds) * _WEIGHT

"""So many at once, and a bounded line for the others: tenants take turns, and nobody waits too long."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager


class NoPlace(Exception):
    """Raised for who was not let in: there was no place for too long, or no more room in the line."""


class _Turn:
    """Somebody in the line."""

    def __init__(self) -> None:
        self.is_over = threading.Event()
        self.is_admitted = False


class _Line:
    """Who waits, in the order in which they are let in: tenants in turns, each with its first one."""

    def __init__(self) -> None:
        self._of_tenants: OrderedDict[str, deque[_Turn]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, tenant: str, turn: _Turn) -> None:
        self._of_tenants.setdefault(tenant, deque()).append(turn)
        self._length += 1

    def take_first(self) -> _Turn:
        tenant, turns = next(iter(self._of_tenants.items()))
        self._of_tenants.move_to_end(tenant)
        first = turns[0]
        self.remove(tenant, first)
        return first

    def take_last(self) -> _Turn | None:
        """Take out the last one of the longest part; None if nobody is here."""
        longest = max(self._of_tenants, key=self._count, default=None)
        if longest is None:
            return None
        last = self._of_tenants[longest][-1]
        self.remove(longest, last)
        return last

    def is_as_long_as_any(self, tenant: str) -> bool:
        """Whether this tenant has as many here as anybody, or would have with one more."""
        return max(map(self._count, self._of_tenants), default=0) <= self._count(tenant) + 1

    def remove(self, tenant: str, turn: _Turn) -> None:
        """Take somebody out, unless that was done before."""
        turns = self._of_tenants.get(tenant, deque())
        if turn not in turns:
            return
        turns.remove(turn)
        self._length -= 1
        if not turns:
            del self._of_tenants[tenant]

    def _count(self, tenant: str) -> int:
        return len(self._of_tenants.get(tenant, ()))


class Turnstile:
    """A place that is given back goes to the tenant whose turn it is, and there to whoever has waited longest.

    A semaphore gives it to whoever comes by at that moment, so that some wait for ever when many come; a single line
    gives most places to the tenant that sends most. When the line is full, the last one of the tenant with the longest
    part of it has to go (longest queue drop: B. Suter et al., INFOCOM 1998), so that nobody fills it alone.

    Who has been inside and comes again for the next step goes first. Otherwise, when many come, all take their first
    steps and run out of patience before any has taken its last.

    Uses `threading` only, so under gevent's patches all who wait are greenlets.
    """

    def __init__(self, places: int, longest: int) -> None:
        """Open it.

        Args:
            places: How many may be inside at once.
            longest: How many may wait in the line.
        """
        self._free = places
        self._longest = longest
        self._comes_again, self._comes_first = _Line(), _Line()
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many are in the line."""
        return len(self._comes_again) + len(self._comes_first)

    @contextmanager
    def passing(self, tenant: str, patience: float, *, again: bool = False) -> Iterator[None]:
        """Be inside.

        Args:
            tenant: Who asks.
            patience: Seconds to wait in the line.
            again: Whether this is a further step of what has been inside before.

        Raises:
            NoPlace: There was none.
        """
        self._enter(tenant, patience, again=again)
        try:
            yield
        finally:
            with self._lock:
                self._pass_on()

    def _enter(self, tenant: str, patience: float, *, again: bool) -> None:
        line = self._comes_again if again else self._comes_first
        with self._lock:
            if self._free:
                self._free -= 1
                return
            self._make_room_for(tenant, again=again)
            turn = _Turn()
            line.add(tenant, turn)
        try:
            turn.is_over.wait(patience)
        except BaseException:
            # A greenlet may be ended while it waits: nobody may be let in who is not there any more.
            with self._lock:
                if turn.is_admitted:
                    self._pass_on()
                else:
                    line.remove(tenant, turn)
            raise
        with self._lock:
            if turn.is_admitted:
                return
            line.remove(tenant, turn)
        raise NoPlace

    def _make_room_for(self, tenant: str, *, again: bool) -> None:
        """Take out a newcomer if the line is full: for who comes again always, since its work would be lost."""
        if self.waiting < self._longest:
            return
        may_take = again or not self._comes_first.is_as_long_as_any(tenant)
        last = self._comes_first.take_last() if may_take else None
        if last is None:
            raise NoPlace
        last.is_over.set()

    def _pass_on(self) -> None:
        """Give a place to whoever is next."""
        for line in (self._comes_again, self._comes_first):
            if line:
                turn = line.take_first()
                turn.is_admitted = True
                turn.is_over.set()
                return
        self._free += 1

"""Notices a worker that is alive but deaf: it has a free hand, messages wait, and it reads none.

A message is read by whoever has a free hand, in milliseconds. So where messages wait at one look after the other, and a
worker with a free hand has read none in all that time, it does not listen, whatever it believes of its connection.
That is asked over a connection of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import BrokerUnavailable
from shared.job import Queue
from shared.messaging.broker import Broker

#: Looks, not seconds: a machine that was asleep has not heard anything, and nobody is to blame.
_LOOKS = 20


class Hearing:
    """What one worker has read lately; used by its hands and by its watchdog."""

    def __init__(self, broker: Broker, hands: int) -> None:
        """Begin when told to: a worker that starts or stops does not listen, and need not."""
        self._broker = broker
        self._hands = hands
        self._is_listening = False
        self._busy = 0
        self._heard = 0
        self._heard_before = 0
        self._suspicious_looks = 0
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Expect that messages are read from now on."""
        self._is_listening = True

    def end(self) -> None:
        """Expect nothing more."""
        self._is_listening = False

    @contextmanager
    def message(self) -> Iterator[None]:
        """Note that a message was read, and that a hand is busy with it."""
        with self._lock:
            self._heard += 1
            self._busy += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1

    def is_deaf(self) -> bool:
        """Look once; true at the last of many looks in a row that all found messages which nobody reads."""
        self._suspicious_looks = self._suspicious_looks + 1 if self._is_suspicious() else 0
        return self._suspicious_looks >= _LOOKS

    def _is_suspicious(self) -> bool:
        with self._lock:
            has_heard = self._heard != self._heard_before
            self._heard_before = self._heard
            has_free_hand = self._busy < self._hands
        if has_heard or not has_free_hand or not self._is_listening:
            return False
        try:
            return any(self._broker.count_messages(queue) for queue in Queue)
        except BrokerUnavailable:
            return False

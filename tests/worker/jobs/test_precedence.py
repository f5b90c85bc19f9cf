from __future__ import annotations

from collections import Counter

from shared.job import Queue
from worker.jobs.precedence import Precedence


def test_who_waits_goes_first_and_a_flood_of_them_leaves_bulk_its_share() -> None:
    precedence = Precedence()

    orders = Counter(precedence.next() for _ in range(100))

    assert orders == {
        (Queue.INTERACTIVE, Queue.BULK): 90,
        (Queue.BULK, Queue.INTERACTIVE): 10,
    }

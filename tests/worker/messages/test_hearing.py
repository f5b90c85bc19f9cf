"""When a worker counts as deaf, and above all when it does not; `tests/fault` makes a real one deaf."""

from __future__ import annotations

import pytest

from shared.job import Queue
from tests.fakes import RecordingBroker
from worker.messages.hearing import Hearing

#: More than enough.
MANY = 1000


@pytest.fixture
def broker() -> RecordingBroker:
    return RecordingBroker()


@pytest.fixture
def hearing(broker: RecordingBroker) -> Hearing:
    hearing = Hearing(broker, hands=2)
    hearing.begin()
    return hearing


def is_ever_deaf(hearing: Hearing) -> bool:
    return any(hearing.is_deaf() for _ in range(MANY))


@pytest.mark.parametrize("queue", Queue)
def test_who_reads_nothing_of_what_waits_is_deaf_in_the_end(
    hearing: Hearing, broker: RecordingBroker, queue: Queue
) -> None:
    broker.publish(queue)

    assert not any(hearing.is_deaf() for _ in range(5))
    assert is_ever_deaf(hearing)


def test_who_is_busy_with_one_hand_and_reads_nothing_with_the_other_is_deaf(
    hearing: Hearing, broker: RecordingBroker
) -> None:
    broker.publish(Queue.BULK)

    with hearing.message():
        assert is_ever_deaf(hearing)


def test_where_nothing_waits_nobody_is_deaf(hearing: Hearing) -> None:
    assert not is_ever_deaf(hearing)


def test_who_has_no_free_hand_is_not_deaf(hearing: Hearing, broker: RecordingBroker) -> None:
    broker.publish(Queue.BULK)

    with hearing.message(), hearing.message():
        assert not is_ever_deaf(hearing)


def test_who_reads_now_and_then_is_not_deaf_however_much_waits(
    hearing: Hearing, broker: RecordingBroker
) -> None:
    broker.publish(Queue.BULK)

    for _ in range(MANY):
        with hearing.message():
            pass
        assert not any(hearing.is_deaf() for _ in range(10))


def test_who_sees_the_queue_empty_now_and_then_is_not_deaf(
    hearing: Hearing, broker: RecordingBroker
) -> None:
    """Another worker read it."""
    for _ in range(MANY):
        broker.publish(Queue.BULK)
        assert not any(hearing.is_deaf() for _ in range(10))
        broker.published.clear()
        assert not hearing.is_deaf()


def test_who_cannot_see_the_queue_is_not_deaf(hearing: Hearing, broker: RecordingBroker) -> None:
    broker.publish(Queue.BULK)
    broker.is_down = True

    assert not is_ever_deaf(hearing)


def test_who_does_not_listen_yet_or_any_more_is_not_deaf(broker: RecordingBroker) -> None:
    broker.publish(Queue.BULK)
    hearing = Hearing(broker, hands=2)

    assert not is_ever_deaf(hearing)

    hearing.begin()
    hearing.end()
    assert not is_ever_deaf(hearing)

from __future__ import annotations

from worker.webhooks.lanes import ALL, OF_A_HOST, OF_A_SLOW_HOST, OF_SLOW_HOSTS, Lanes


def enter(lanes: Lanes, host: str, times: int = 1) -> None:
    for _ in range(times):
        lanes.enter(host)


def slow(lanes: Lanes, host: str) -> None:
    enter(lanes, host)
    lanes.leave(host, is_slow=True)


def test_a_host_gets_few_at_once() -> None:
    lanes = Lanes()
    enter(lanes, "a", OF_A_HOST)

    assert lanes.full() == {"a"}
    assert lanes.free == ALL - OF_A_HOST


def test_one_that_let_us_wait_gets_one_at_once_until_it_answers() -> None:
    lanes = Lanes()
    slow(lanes, "a")

    enter(lanes, "a", OF_A_SLOW_HOST)
    assert lanes.full() == {"a"}
    lanes.leave("a", is_slow=False)
    enter(lanes, "a", OF_A_SLOW_HOST)

    assert lanes.full() == set()


def test_dead_hosts_together_leave_places_to_others() -> None:
    lanes = Lanes()
    dead = {f"dead {number}" for number in range(OF_SLOW_HOSTS + 1)}
    for host in dead:
        slow(lanes, host)

    for host in sorted(dead)[:OF_SLOW_HOSTS]:
        enter(lanes, host)

    assert lanes.full() == dead
    assert lanes.free == ALL - OF_SLOW_HOSTS


def test_waiting_ends_at_once_when_nothing_is_under_way() -> None:
    assert not Lanes().wait(60)


def test_of_hosts_without_end_the_latest_slow_ones_are_remembered() -> None:
    lanes = Lanes()
    for number in range(10_001):
        slow(lanes, str(number))

    enter(lanes, "0")
    enter(lanes, "1")

    assert lanes.full() == {"1"}

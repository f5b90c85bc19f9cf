from __future__ import annotations

import math

import pytest

from deploy.capacity.queueing import (
    chance_of_a_longer_wait,
    chance_of_a_wait,
    mean_wait,
    slots_for,
)


@pytest.mark.parametrize(
    ("load", "slots", "chance"), [(0.5, 1, 0.5), (1.0, 2, 1 / 3), (8.0, 10, 0.4092)]
)
def test_the_chance_of_a_wait_is_that_of_the_tables(load: float, slots: int, chance: float) -> None:
    assert chance_of_a_wait(load, slots) == pytest.approx(chance, rel=1e-3)


def test_more_than_can_be_done_waits_for_ever() -> None:
    assert chance_of_a_wait(2.0, 2) == 1.0
    assert mean_wait(2.0, 2, 1.0) == math.inf
    assert chance_of_a_longer_wait(3.0, 2, 1.0, 60.0) == 1.0


@pytest.mark.parametrize("load", [0.01, 0.9, 7.0, 240.0, 1500.0])
def test_the_slots_found_are_the_least_that_do(load: float) -> None:
    slots = slots_for(load, 0.3, 2.0)

    assert chance_of_a_longer_wait(load, slots, 0.3, 2.0) <= 0.01
    assert slots - 1 <= load or chance_of_a_longer_wait(load, slots - 1, 0.3, 2.0) > 0.01

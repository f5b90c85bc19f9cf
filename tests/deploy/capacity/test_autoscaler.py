from __future__ import annotations

import pytest

from deploy.capacity.simulation.autoscaler import Autoscaler
from deploy.capacity.simulation.policy import Policy, State, Targets

TARGETS = Targets(Policy.WORK, fewest=2, jobs_per_pod=10, oldest_age=30)


def autoscaler() -> Autoscaler:
    return Autoscaler(TARGETS, most_new=4, down_window=300, down_share=0.1)


def state(jobs: int, pods: int) -> State:
    return State(waiting=jobs, at_work=0, oldest_age=0, pods=pods, asked_for=pods)


@pytest.mark.parametrize(
    ("policy", "waiting", "at_work", "age", "pods", "wanted"),
    [
        (Policy.LENGTH, 95, 40, 0, 2, 10),
        (Policy.WORK, 95, 40, 0, 2, 14),
        (Policy.AGE, 95, 40, 75, 4, 10),
        (Policy.WORK_AND_AGE, 95, 40, 75, 8, 20),
        (Policy.LENGTH, 0, 40, 0, 9, 2),
        (Policy.LENGTH, 96, 0, 0, 9, 9),
        (Policy.AGE, 5, 5, 32, 9, 9),
        (Policy.FIXED, 500, 40, 600, 2, 2),
    ],
    ids=[
        "what waits",
        "what is there",
        "how old it is",
        "the higher of two",
        "no less than the fewest",
        "near enough",
        "near enough in age",
        "nothing decides",
    ],
)
def test_a_policy_wants_as_many_as_its_metric_says(
    policy: Policy, waiting: int, at_work: int, age: float, pods: int, wanted: int
) -> None:
    targets = Targets(policy, fewest=2, jobs_per_pod=10, oldest_age=30)

    assert targets.wanted(State(waiting, at_work, age, pods, asked_for=pods)) == wanted


def test_pods_at_most_double_at_a_look_or_four_come() -> None:
    assert autoscaler().look(0, state(1000, 2)) == 6
    assert autoscaler().look(0, state(1000, 20)) == 40


def test_no_pod_goes_that_was_wanted_within_the_window() -> None:
    scaler = autoscaler()

    assert scaler.look(0, state(200, 20)) == 20
    assert scaler.look(285, state(0, 20)) == 20
    assert scaler.look(301, state(0, 20)) == 18


def test_pods_go_a_tenth_a_minute() -> None:
    scaler = Autoscaler(TARGETS, most_new=4, down_window=1, down_share=0.1)
    pods, seen = 40, []
    for look in range(9):
        pods = scaler.look(15.0 * look, state(0, pods))
        seen.append(pods)

    assert seen == [36, 36, 36, 36, 32, 32, 32, 32, 28]

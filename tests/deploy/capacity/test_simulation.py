from __future__ import annotations

import random
from dataclasses import replace

import pytest

from deploy.capacity.demand import DAY, Demand
from deploy.capacity.planning.plan import plan_for
from deploy.capacity.queueing import mean_wait
from deploy.capacity.simulation.fleet import Shape
from deploy.capacity.simulation.load import Burst, Load
from deploy.capacity.simulation.policy import Policy, Targets
from deploy.capacity.simulation.scenarios import scenario_for
from deploy.capacity.simulation.study import check_plan
from deploy.capacity.simulation.trial import Scenario, run
from deploy.capacity.unit_costs import bundled

COSTS = bundled()
HOUR = 3600.0
#: Pods that come and go, machines that are taken away every few minutes, and an import.
ROUGH = Scenario(
    load=Load(200_000, 3.0, (Burst(HOUR, 3000, 60),)),
    targets=Targets(Policy.WORK_AND_AGE, fewest=2, jobs_per_pod=20, oldest_age=30),
    shape=Shape(slots=4, start=(70, 200), spot=1.0, spot_hours=0.1, unannounced=0.5),
    job_seconds=2.0,
    seconds=3 * HOUR,
)


@pytest.mark.parametrize("policy", list(Policy))
def test_each_photo_that_came_is_done_or_failed_or_still_there(policy: Policy) -> None:
    outcome = run(replace(ROUGH, targets=replace(ROUGH.targets, policy=policy, fewest=4)))

    assert outcome.came > 3000
    assert outcome.is_complete
    assert outcome.done == len(outcome.waits)


def test_what_is_cut_off_comes_back_when_its_lease_has_run_out() -> None:
    outcome = run(ROUGH)

    assert outcome.cut_off > 10
    assert outcome.failed <= outcome.cut_off / 3
    assert outcome.wait(1.0) > 20


def test_the_jobs_that_are_there_are_those_that_come_times_how_long_they_stay() -> None:
    """Little's law, over a day at whose end nearly nothing is left."""
    outcome = run(replace(ROUGH, seconds=5 * HOUR, load=replace(ROUGH.load, peak=1.0)))

    assert outcome.presence == pytest.approx(outcome.stays, rel=0.02)


@pytest.mark.parametrize("busy", [0.5, 0.8])
def test_a_fixed_fleet_waits_as_long_as_erlang_says(busy: float) -> None:
    slots, job_seconds, seconds = 4, 0.5, 12_000.0
    rate = busy * slots / job_seconds
    scenario = Scenario(
        load=Load(rate * DAY),
        targets=Targets(Policy.FIXED, fewest=1, jobs_per_pod=1, oldest_age=1),
        shape=Shape(slots=slots, start=(0, 0)),
        job_seconds=job_seconds,
        spread=1.0,
        seconds=seconds,
    )

    outcome = run(scenario)

    # Of the mean of a few hours in which waits hang together.
    assert outcome.mean_wait == pytest.approx(mean_wait(busy * slots, slots, job_seconds), rel=0.1)
    assert outcome.busy_seconds / outcome.core_seconds == pytest.approx(busy, rel=0.02)


def test_the_same_seed_is_the_same_day_and_another_one_is_not() -> None:
    first, again, other = (run(replace(ROUGH, seed=seed)) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_all_policies_are_sent_the_same_photos() -> None:
    came = {
        run(replace(ROUGH, targets=replace(ROUGH.targets, policy=policy))).came for policy in Policy
    }

    assert len(came) == 1


def test_a_day_has_its_photos_and_its_peak() -> None:
    load = Load(100_000, peak=3.0)
    times = list(load.arrivals(DAY, random.Random("1")))
    hours = [sum(hour * HOUR <= at < (hour + 1) * HOUR for at in times) for hour in range(24)]

    assert len(times) == pytest.approx(100_000, rel=0.02)
    assert times == sorted(times)
    assert max(hours) / (len(times) / 24) == pytest.approx(3.0, rel=0.05)


def test_more_pods_for_each_job_wait_less_and_cost_more() -> None:
    few, many = (
        run(replace(ROUGH, targets=replace(ROUGH.targets, jobs_per_pod=jobs))) for jobs in (80, 5)
    )

    assert many.wait(0.95) < few.wait(0.95)
    assert many.core_seconds > few.core_seconds


@pytest.mark.parametrize("photos", [1e4, 1e6])
def test_the_plan_holds_in_its_busiest_hour(photos: float) -> None:
    checked = check_plan(photos, COSTS)

    assert checked["late"] <= 0.01
    assert checked["pods"] == plan_for(Demand.of(photos, COSTS), COSTS).computers.workers.count


def test_a_scenario_takes_its_numbers_from_the_unit_costs() -> None:
    scenario = scenario_for(Demand.of(1e6, COSTS), COSTS, Policy.AGE, 7)

    assert scenario.targets.oldest_age == 7
    assert scenario.targets.jobs_per_pod == COSTS.autoscaling.jobs_per_pod
    assert scenario.shape.slots == COSTS.fleet.pod_cores

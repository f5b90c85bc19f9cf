"""`python -m deploy.capacity.simulation.study`: the trials of docs/guides/scaling.md, into `study.json` beside it.

It takes a minute or two of a core. The page's tables and pictures are drawn from that file (`make docs`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from deploy.capacity.demand import Demand
from deploy.capacity.planning.bill import worker_core_hour
from deploy.capacity.planning.plan import plan_for
from deploy.capacity.planning.seconds import worker_seconds
from deploy.capacity.simulation.load import Burst, Load
from deploy.capacity.simulation.outcome import Outcome, Sample
from deploy.capacity.simulation.policy import Policy
from deploy.capacity.simulation.record import FILE, Study, write_study
from deploy.capacity.simulation.scenarios import scenario_for
from deploy.capacity.simulation.trial import Scenario, run
from deploy.capacity.unit_costs import UnitCosts, bundled

PHOTOS = 6e4
_HOUR = 3600.0
#: Four imports a day, each of a twentieth of a day's photos within a minute.
BURSTS = tuple(Burst(hour * _HOUR, int(PHOTOS / 20), 60) for hour in (2, 9, 15, 20))
#: What each policy is tried with: pods; jobs a pod; seconds; jobs a pod.
SETTINGS: Mapping[Policy, tuple[float, ...]] = {
    Policy.FIXED: (4, 6, 8, 12, 16, 24),
    Policy.LENGTH: (10, 40, 100, 200),
    Policy.WORK: (10, 40, 100, 200),
    Policy.AGE: (5, 15, 30, 120),
    Policy.WORK_AND_AGE: (10, 40, 100, 200),
}
#: Share of pods that may be taken away, and hours until that happens.
_LOSSES = ((0.0, 10.0), (0.7, 10.0), (1.0, 10.0), (1.0, 1.0))
#: What of the day is shown around the second import.
_SHOWN = (9 * _HOUR - 600, 9 * _HOUR + 4200)
_SCALES = (1e4, 1e6, 1e8)
#: Of the busiest hour, and the photos that are enough for a percentile.
_BUSIEST_SECONDS, _ENOUGH = 300.0, 20_000


def study(costs: UnitCosts) -> Study:
    """Run all trials."""
    demand = Demand.of(PHOTOS, costs)
    chosen = scenario_for(demand, costs, Policy.WORK_AND_AGE, bursts=BURSTS)
    return {
        "inputs": inputs(costs),
        "plans": [check_plan(photos, costs) for photos in _SCALES],
        "trade": list(_trade(demand, costs)),
        "burst": [_shown(sample) for sample in run(chosen).samples if _is_shown(sample)],
        "spot": list(_spot(chosen, costs)),
    }


def inputs(costs: UnitCosts) -> dict[str, float]:
    """Name what all of it depends on: when one of these has changed, the study is old."""
    demand = Demand.of(PHOTOS, costs)
    return {
        "photos": PHOTOS,
        "import": BURSTS[0].photos,
        "job_seconds": round(worker_seconds(demand, costs), 6),
        "core_hour": round(costs.prices.core_hour, 6),
        "spot_core_hour": round(costs.prices.spot_core_hour, 6),
        "spot_share": costs.spot.share,
        "pod_cores": costs.fleet.pod_cores,
        "fullest": costs.fleet.fullest,
        "jobs_per_pod": costs.autoscaling.jobs_per_pod,
        "oldest_age": costs.autoscaling.oldest_age_seconds,
    }


def check_plan(photos: float, costs: UnitCosts) -> dict[str, float]:
    """Let the busiest hour of a plan happen, and tell how many waited for longer than it promises."""
    plan = plan_for(Demand.of(photos, costs), costs)
    part = plan.demand.divided(plan.installations)
    busiest = replace(
        scenario_for(part, costs, Policy.FIXED, plan.computers.workers.count),
        load=Load(part.photos_per_day * part.peak),
        seconds=max(_BUSIEST_SECONDS, _ENOUGH / part.busiest),
    )
    outcome = run(busiest)
    return {
        "photos": photos,
        "installations": plan.installations,
        "pods": plan.computers.workers.count,
        "busiest": part.busiest,
        "busy": outcome.busy_seconds / outcome.core_seconds,
        "p99": outcome.wait(0.99),
        "late": outcome.waited_longer_than(costs.fleet.patience_seconds),
    }


def _trade(demand: Demand, costs: UnitCosts) -> Iterator[dict[str, Any]]:
    for policy, settings in SETTINGS.items():
        for setting in settings:
            scenario = scenario_for(demand, costs, policy, setting, bursts=BURSTS)
            yield {"policy": policy, "setting": setting, **_told(run(scenario), scenario, costs)}


def _spot(scenario: Scenario, costs: UnitCosts) -> Iterator[dict[str, Any]]:
    for part, hours in _LOSSES:
        changed = replace(scenario, shape=replace(scenario.shape, spot=part, spot_hours=hours))
        told = _told(run(changed), changed, costs)
        yield {"share": part, "hours": hours, **told}


def _told(outcome: Outcome, scenario: Scenario, costs: UnitCosts) -> dict[str, float]:
    assert outcome.is_complete
    part = replace(costs, spot=replace(costs.spot, share=scenario.shape.spot))
    return {
        "dollars": round(outcome.core_hours * worker_core_hour(part), 3),
        "busy": round(outcome.busy_seconds / outcome.core_seconds, 4),
        "pods": max(sample.pods for sample in outcome.samples),
        **{f"p{share}": round(outcome.wait(share / 100), 3) for share in (50, 95, 99)},
        "oldest": round(outcome.oldest, 1),
        "cut_off": outcome.cut_off,
        "failed": outcome.failed,
    }


def _is_shown(sample: Sample) -> bool:
    return _SHOWN[0] <= sample.at <= _SHOWN[1]


def _shown(sample: Sample) -> list[float]:
    minutes = (sample.at - 9 * _HOUR) / 60
    return [minutes, sample.came, sample.waiting, round(sample.oldest_age, 1), sample.pods]


def main() -> None:
    """Run it, and write it down."""
    write_study(study(bundled()))
    sys.stdout.write(f"{FILE} is written: now `make docs`\n")


if __name__ == "__main__":
    main()

"""From a demand, unit costs and a policy to what is simulated."""

from __future__ import annotations

from deploy.capacity.demand import Demand
from deploy.capacity.planning.seconds import worker_seconds
from deploy.capacity.simulation.fleet import Shape
from deploy.capacity.simulation.load import Burst, Load
from deploy.capacity.simulation.policy import Policy, Targets
from deploy.capacity.simulation.trial import Scenario
from deploy.capacity.unit_costs import UnitCosts


def scenario_for(
    demand: Demand,
    costs: UnitCosts,
    policy: Policy,
    setting: float | None = None,
    *,
    bursts: tuple[Burst, ...] = (),
    seed: int = 1,
) -> Scenario:
    """Describe a day.

    Args:
        demand: What comes.
        costs: What it takes.
        policy: What decides how many pods there are.
        setting: Pods of a fixed fleet, seconds of age, or jobs a pod; None: what the unit costs say.
        bursts: What comes on top.
        seed: Of all that is drawn.
    """
    scaling, fleet = costs.autoscaling, costs.fleet
    return Scenario(
        load=Load(demand.photos_per_day, demand.peak, bursts),
        targets=targets_for(costs, policy, setting),
        shape=Shape(
            slots=round(fleet.pod_cores),
            start=(scaling.start_seconds_least, scaling.start_seconds_most),
            spot=costs.spot.share,
            spot_hours=costs.spot.hours,
            unannounced=costs.spot.unannounced,
        ),
        job_seconds=worker_seconds(demand, costs),
        look_seconds=scaling.metric_seconds,
        most_new=round(scaling.most_new_pods),
        down_window=scaling.down_window_seconds,
        down_share=scaling.down_share_per_minute,
        seed=seed,
    )


def targets_for(costs: UnitCosts, policy: Policy, setting: float | None) -> Targets:
    """Aim at what the unit costs say, or at something else in the one thing that the policy looks at first."""
    scaling = costs.autoscaling
    fewest, jobs, age = scaling.fewest_pods, scaling.jobs_per_pod, scaling.oldest_age_seconds
    if setting is not None:
        if policy is Policy.FIXED:
            fewest = setting
        elif policy is Policy.AGE:
            age = setting
        else:
            jobs = setting
    return Targets(policy, round(fewest), jobs, age, scaling.tolerance, round(scaling.most_pods))

"""A simulated day in words."""

from __future__ import annotations

from deploy.capacity.demand import Demand
from deploy.capacity.figures import count, dollars, duration, share
from deploy.capacity.planning.bill import worker_core_hour
from deploy.capacity.simulation.load import Burst
from deploy.capacity.simulation.policy import Policy
from deploy.capacity.simulation.scenarios import scenario_for
from deploy.capacity.simulation.trial import run
from deploy.capacity.unit_costs import bundled

_NINE, _MINUTE = 9 * 3600.0, 60.0


def tell(photos: float, policy: str, setting: float | None, burst: int, seed: int) -> str:
    """Let a day happen, and say what came of it."""
    costs = bundled()
    bursts = (Burst(_NINE, burst, _MINUTE),) if burst else ()
    scenario = scenario_for(
        Demand.of(photos, costs), costs, Policy(policy), setting, bursts=bursts, seed=seed
    )
    outcome = run(scenario)
    pods = [sample.pods for sample in outcome.samples]
    lines = {
        "photos": f"{outcome.came:,} came, {outcome.done:,} done, {outcome.left} left, {outcome.failed} failed",
        "waited": ", ".join(
            f"{duration(outcome.wait(part))} ({share(part)})" for part in (0.5, 0.95, 0.99)
        ),
        "oldest that waited": duration(outcome.oldest),
        "pods": f"{min(pods)} to {max(pods)} of {scenario.shape.slots} cores, "
        f"{share(outcome.busy_seconds / outcome.core_seconds)} busy",
        "attempts cut off": count(outcome.cut_off),
        "workers": f"{count(outcome.core_hours)} core hours, {dollars(outcome.core_hours * worker_core_hour(costs))}",
    }
    return "\n".join(f"{name:<20}{value}" for name, value in lines.items())

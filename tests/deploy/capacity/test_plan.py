from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from deploy.capacity.demand import Demand
from deploy.capacity.planning.plan import Plan, plan_for
from deploy.capacity.unit_costs import bundled

COSTS = bundled()
SCALES = [10**power for power in range(2, 10)]


def planned(photos: float) -> Plan:
    return plan_for(Demand.of(photos, COSTS), COSTS)


@pytest.mark.parametrize(
    "tell",
    [
        lambda plan: plan.installations,
        lambda plan: plan.installations * plan.computers.workers.count,
        lambda plan: plan.installations * plan.computers.front_ends.count,
        lambda plan: plan.installations * plan.computers.gpus.count,
        lambda plan: plan.installations * plan.database.cores,
        lambda plan: plan.installations * plan.database.bytes,
        lambda plan: plan.installations * plan.broker.commands,
        lambda plan: plan.installations * plan.objects.requests,
        lambda plan: plan.dollars_a_day,
    ],
    ids=[
        *("installations", "workers", "front ends", "GPUs", "database cores", "database bytes"),
        *("broker", "object store", "dollars a day"),
    ],
)
def test_more_photos_never_need_less(tell: Callable[[Plan], float]) -> None:
    amounts = [tell(planned(photos)) for photos in SCALES]

    assert all(less <= more * (1 + 1e-9) for less, more in pairwise(amounts)), amounts


def test_a_photo_gets_cheaper_the_more_of_them_one_installation_has() -> None:
    prices = [planned(photos).dollars_a_thousand for photos in SCALES if photos < 1e7]

    assert prices == sorted(prices, reverse=True)


def test_an_installation_is_never_beyond_a_wall_that_ends_it() -> None:
    for photos in SCALES:
        plan = planned(photos)
        of_one = photos / plan.installations

        assert all(of_one < wall.photos_per_day for wall in plan.walls if wall.ends)


def test_at_each_wall_the_next_photo_is_one_too_many() -> None:
    """As told by the plan of one installation that is not divided."""
    demand = Demand.of(1e6, COSTS)
    walls = {wall.name: wall.photos_per_day for wall in plan_for(demand, COSTS).walls}
    limit = COSTS.limits.database_commits_per_second
    at = next(photos for name, photos in walls.items() if "commits" in name)

    commits = Demand.of(at, COSTS).busiest * COSTS.database.commits_per_photo

    assert commits == pytest.approx(limit)


def test_a_table_that_is_cleaned_up_all_the_time_is_to_be_cut_by_day() -> None:
    few, many = planned(1e5), planned(1e8)

    assert few.database.partitions == 0
    assert few.database.vacuum_share < COSTS.fleet.vacuum_share
    assert few.demand.photos_per_day < few.partitions_from < 1e8
    assert many.database.partitions == 10


def test_larger_photos_cost_more_of_everything_that_touches_pixels() -> None:
    small, large = (Demand.of(1e6, COSTS, megapixels=size) for size in (0.5, 9.0))
    cheap, dear = plan_for(small, COSTS), plan_for(large, COSTS)

    assert dear.computers.workers.busy > cheap.computers.workers.busy
    assert dear.bill.egress == pytest.approx(18 * cheap.bill.egress)
    assert dear.database == replace(cheap.database, connections=dear.database.connections)


def test_a_bill_is_the_sum_of_its_lines() -> None:
    bill = planned(1e6).bill

    assert bill.total == pytest.approx(sum(bill.lines.values()))
    assert list(bill.lines.values()) == sorted(bill.lines.values(), reverse=True)

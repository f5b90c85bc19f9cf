"""The study that docs/guides/scaling.md shows is one of today's unit costs."""

from __future__ import annotations

import pytest

from deploy.capacity.simulation.policy import Policy
from deploy.capacity.simulation.record import read_study
from deploy.capacity.simulation.study import check_plan, inputs
from deploy.capacity.study_page import burst_picture, trade_picture
from deploy.capacity.unit_costs import bundled

STUDY = read_study()


def test_the_study_was_made_with_the_unit_costs_as_they_are() -> None:
    assert STUDY["inputs"] == inputs(bundled()), (
        "run `python -m deploy.capacity.simulation.study` and `make docs`"
    )


def test_the_study_says_what_its_trials_say() -> None:
    assert check_plan(1e4, bundled()) == pytest.approx(STUDY["plans"][0], rel=0.01)


def test_no_photo_of_the_study_was_given_up() -> None:
    assert {row["failed"] for row in STUDY["trade"]} == {0}


def test_each_plan_of_the_study_keeps_its_promise() -> None:
    assert [row["photos"] for row in STUDY["plans"] if row["late"] > 0.01] == []


@pytest.mark.parametrize("policy", list(Policy))
def test_within_a_policy_what_costs_more_waits_less(policy: Policy) -> None:
    rows = [row for row in STUDY["trade"] if row["policy"] == policy]
    cheapest, dearest = (pick(rows, key=lambda row: row["dollars"]) for pick in (min, max))

    assert dearest["p99"] <= cheapest["p99"]


def test_the_pictures_show_every_policy_and_the_import() -> None:
    drawn = trade_picture(STUDY)

    assert all(f">{policy}<" in drawn for policy in Policy)
    assert burst_picture(STUDY).count("<path d=") > 3

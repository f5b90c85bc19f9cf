from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.admin import admin
from deploy.capacity.figures import count, dollars, duration, share, size


def run(*arguments: str) -> Result:
    return CliRunner().invoke(admin, ["capacity", *arguments])


def test_a_plan_says_what_is_needed_what_it_costs_and_what_ends_it() -> None:
    said = run("plan", "--photos", "1e6").output

    assert said.startswith("1,000,000 photos a day")
    for part in ("Pods", "PostgreSQL", "Redis or Valkey", "Object store", "A day: $", "Walls"):
        assert f"\n{part}" in said
    assert "Cut the job table by day from" in said


def test_a_plan_as_json_holds_the_same_for_programs() -> None:
    found = json.loads(run("plan", "--photos", "1e6", "--json").output)

    assert found["demand"]["photos_per_day"] == 1e6
    assert found["bill"]["egress"] > 0


def test_a_day_that_is_simulated_accounts_for_each_photo() -> None:
    said = run("simulate", "--photos", "3000", "--burst", "100").output

    assert "came" in said
    assert "0 failed" in said


@pytest.mark.parametrize("photos", ["0", "-1", "nan"])
def test_no_photos_are_no_demand(photos: str) -> None:
    result = run("plan", f"--photos={photos}")

    assert result.exit_code == 2
    assert "must be more than 0" in result.output


def test_a_file_that_holds_no_unit_costs_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "costs.toml"
    file.write_text("[photo]\n")

    result = run("plan", "--costs", str(file))

    assert result.exit_code == 1
    assert "holds no unit costs" in result.output


def test_figures_are_as_people_read_them() -> None:
    numbers = [0, 7, 0.1157, 34.72, 1234, 45_700_000]
    assert list(map(count, numbers)) == ["0", "7", "0.116", "34.7", "1,234", "45.7 M"]
    assert list(map(size, [12, 88e6, 1.8e12])) == ["12 B", "88 MB", "1.8 TB"]
    seconds = [0.267, 48, 2880, 90_000, 288_000]
    assert list(map(duration, seconds)) == ["0.267 s", "48 s", "48 min", "25 h", "3.33 days"]
    assert list(map(dollars, [0, 0.083, 58.5, 16_200])) == ["$0.00", "$0.083", "$58.50", "$16,200"]
    assert list(map(share, [0, 0.004, 0.71])) == ["0 %", "0.4 %", "71 %"]

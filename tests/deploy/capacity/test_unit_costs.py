from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from deploy.capacity.unit_costs import FILE, bundled, numbers, read

_CHART = FILE.parents[1] / "chart" / "values.yaml"


def test_each_number_says_what_it_is_and_where_it_comes_from() -> None:
    found = list(numbers())

    assert [it.name for it in found if not (it.what and it.source.text and it.source.date)] == []
    assert {it.source.kind for it in found} == {"measured", "counted", "assumed"}


def test_every_price_and_every_number_of_a_gpu_is_named_an_assumption() -> None:
    unproven = [it for it in numbers() if it.group in {"prices", "gpu", "spot"}]

    assert {it.source.kind for it in unproven} == {"assumed"}


def test_each_group_is_read_under_its_own_names() -> None:
    costs = bundled()

    for number in numbers():
        assert getattr(getattr(costs, number.group), number.name) == number.value


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("core_hour =", "kern_hour ="),
        ('source = "prices"', 'source = "nobody"'),
        ("value = 0.09", "wert = 0.09"),
        ("[prices]", "prices"),
    ],
    ids=["an unknown name", "a source that is not there", "no value", "no TOML"],
)
def test_a_file_of_another_form_is_refused(old: str, new: str, tmp_path: Path) -> None:
    file = tmp_path / "costs.toml"
    file.write_text(FILE.read_text().replace(old, new))

    with pytest.raises(ValueError, match=r"costs\.toml|line"):
        read(file)


def test_the_simulation_scales_as_the_chart_does() -> None:
    pool = yaml.safe_load(_CHART.read_text())["workers"]["cpu"]
    costs, scaling = bundled(), pool["autoscaling"]

    assert costs.autoscaling.jobs_per_pod == scaling["jobsPerPod"]
    assert costs.autoscaling.oldest_age_seconds == scaling["oldestSeconds"]
    assert costs.autoscaling.fewest_pods == scaling["minReplicas"]
    assert costs.autoscaling.most_pods == scaling["maxReplicas"]
    assert costs.fleet.pod_cores == pool["settings"]["CUTWORK_WORKER_CONCURRENCY"]

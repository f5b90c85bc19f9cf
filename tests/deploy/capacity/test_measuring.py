from __future__ import annotations

import os
import subprocess
import sys

import pytest

from deploy.capacity.measuring.counters import between, without_idle
from deploy.capacity.measuring.experiment import Batch, Results
from deploy.capacity.measuring.findings import findings_of
from deploy.capacity.measuring.fit import fit
from deploy.capacity.measuring.processes import cpu_by_part, part_of
from deploy.capacity.unit_costs import numbers


@pytest.mark.parametrize(
    ("command", "part"),
    [
        (["/venv/bin/python", "-m", "worker"], "worker"),
        (["/venv/bin/python", "-m", "worker.sweeper"], "sweeper"),
        (
            ["/venv/bin/python", "/venv/bin/gunicorn", "-c", "conf", "api.wsgi:create_app()"],
            "front_end",
        ),
        (["postgres: cutwork postgres 127.0.0.1(5) idle"], "database"),
        (["/x/bin/postgres", "-D", "/data"], "database"),
        (["/x/valkey-server", "127.0.0.1:7000"], "broker"),
        (["/x/weed", "mini"], "object_store"),
        (["/bin/sh", "-c", "sleep 1"], ""),
        ([], ""),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_a_process_is_known_by_its_command_line(command: list[str], part: str) -> None:
    assert part_of(command) == part


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_the_time_of_a_process_counts_with_that_of_its_children() -> None:
    script = "sum(range(3_000_000)); print(flush=True); input()"
    command = [sys.executable, "-c", script, "valkey-server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()

        spent = cpu_by_part([os.getpid()])

        child.communicate(b"\n")
    assert spent["broker"] > 0
    assert cpu_by_part([child.pid]) == {}


def test_what_an_idle_service_does_anyway_is_left_out() -> None:
    idle = between({"seconds": 0, "commits": 0}, {"seconds": 10, "commits": 30})
    counted = between({"seconds": 50, "commits": 100}, {"seconds": 70, "commits": 260})

    assert without_idle(counted, idle) == {"seconds": 0, "commits": 100}


def test_a_fit_finds_the_weights_that_made_the_values() -> None:
    rows = [(1.0, size, size * pictures) for size in (0.5, 3.0, 9.0) for pictures in (1, 2)]
    values = [0.1 + 0.02 * row[1] + 0.005 * row[2] for row in rows]

    assert fit(rows, values) == pytest.approx([0.1, 0.02, 0.005])


def test_one_size_cannot_tell_a_photo_from_its_megapixels() -> None:
    with pytest.raises(ValueError, match="must differ"):
        fit([(1.0, 3.0), (1.0, 3.0)], [0.2, 0.2])


def test_findings_have_the_names_of_the_unit_costs() -> None:
    known = {f"{it.group}.{it.name}" for it in numbers() if it.source.kind == "measured"}

    assert set(findings_of(results())) <= known


def test_what_polls_cost_is_no_cost_of_the_photo() -> None:
    found = findings_of(results())

    assert found["cpu.front_end_per_photo"] == pytest.approx(0.010)
    assert found["cpu.worker_per_picture_megapixel"] == pytest.approx(0.004)
    assert found["database.transactions_per_photo"] == pytest.approx(8)
    assert found["photo.bytes_out_per_megapixel"] == pytest.approx(300_000)


def results() -> Results:
    """An installation whose unit costs are round numbers."""
    poll = {
        "cpu.worker": 0.0,
        "cpu.front_end": 0.003,
        "cpu.database": 0.001,
        "cpu.object_store": 0.0,
        "database.commits": 1.0,
    }
    batches = [batch(size, pictures, poll) for size in (0.5, 3.0, 9.0) for pictures in (1, 2)]
    return Results(batches, poll, message_bytes=900.0)


def batch(size: float, pictures: int, poll: dict[str, float]) -> Batch:
    polls = 2.0
    alone = {
        **dict.fromkeys(poll, 8.0),
        "cpu.worker": 0.13 + 0.01 * size + 0.004 * size * pictures,
        "cpu.front_end": 0.010,
    }
    return Batch(
        megapixels=size,
        bytes_in=round(size * 200_000),
        pictures=pictures,
        bytes_out=size * pictures * 300_000,
        polls=polls,
        seconds=10.0,
        jobs=30,
        counted={name: alone[name] + polls * poll[name] for name in poll},
    )

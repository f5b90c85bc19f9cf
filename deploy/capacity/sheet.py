"""A plan as lines: the command prints them, and docs/guides/scaling.md is made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from deploy.capacity.figures import count, dollars, duration, share, size
from deploy.capacity.planning.computers import Pods
from deploy.capacity.planning.database import DAYS_KEPT
from deploy.capacity.planning.plan import Plan

_GIGABYTE = 1e9
_BAR = 24


class Line(NamedTuple):
    """One of them."""

    part: str
    what: str
    value: str


def lines_of(plan: Plan) -> Iterator[Line]:
    """Tell all of a plan but its bill and its walls."""
    yield Line(
        "Demand",
        "a second, mean and busiest hour",
        _two(plan.demand.per_second, plan.demand.busiest),
    )
    yield Line("Demand", "whole installations", count(plan.installations))
    yield from _computers(plan)
    yield from _database(plan)
    yield from _stores(plan)


def bill_lines(plan: Plan) -> Iterator[Line]:
    """Tell what it costs."""
    times = plan.installations
    yield Line("A day", "all", dollars(plan.dollars_a_day))
    for what, amount in plan.bill.lines.items():
        yield Line("A day", what, f"{dollars(times * amount)} ({share(amount / plan.bill.total)})")
    yield Line("A thousand photos", "all", dollars(plan.dollars_a_thousand))
    yield Line("Instead", "of workers: with GPUs", dollars(times * plan.bill.workers_with_gpus))
    yield Line("Instead", "of pods, database, broker: one machine", _one_machine(plan))


def as_text(plan: Plan) -> str:
    """Write a plan for a terminal."""
    demand = plan.demand
    head = (
        f"{demand.photos_per_day:,.0f} photos a day, of {demand.megapixels:g} megapixels, {demand.pictures:g} pictures "
        f"each; {demand.peak:g} times the mean in the busiest hour"
    )
    of_one = (
        "" if plan.installations == 1 else f"\nSizes are those of one of {plan.installations}.\n"
    )
    return (
        "\n".join((head, of_one, *_aligned(lines_of(plan)), "", *_bill(plan), "", *_walls(plan)))
        + "\n"
    )


def _computers(plan: Plan) -> Iterator[Line]:
    computers = plan.computers
    yield Line("Pods", "workers", _pods(computers.workers))
    yield Line("Pods", "front ends", _pods(computers.front_ends))
    yield Line("Pods", "sweepers", f"{computers.sweepers} × 1 core")
    gpus = computers.gpus
    yield Line(
        "Pods", "or GPUs, and cores to feed them", f"{gpus.count}, {count(gpus.feeding_cores)}"
    )


def _pods(pods: Pods) -> str:
    return f"{pods.count} × {pods.cores_each:g} cores; busy {count(pods.busy)}, then {count(pods.busiest)}"


def _database(plan: Plan) -> Iterator[Line]:
    needs = plan.database
    yield Line("PostgreSQL", "cores", f"{needs.cores}, twice")
    yield Line("PostgreSQL", f"rows of {DAYS_KEPT:g} days", count(needs.rows))
    yield Line(
        "PostgreSQL", "all of it; one day", f"{size(needs.bytes)}; {size(needs.bytes_a_day)}"
    )
    yield Line("PostgreSQL", "WAL a day", size(needs.wal_bytes_a_day))
    yield Line(
        "PostgreSQL",
        "commits, transactions a second",
        f"{count(needs.commits)}, {count(needs.transactions)}",
    )
    yield Line("PostgreSQL", "connections", count(needs.connections))
    yield Line(
        "PostgreSQL",
        "indexes cleaned up a day, each time",
        f"{count(needs.passes_a_day)} ×, {duration(needs.pass_seconds)}",
    )
    yield Line("PostgreSQL", "restored in", duration(needs.restore_seconds))
    advice = f"advised, in {needs.partitions}" if needs.partitions else "not needed"
    yield Line("PostgreSQL", "table cut by day", advice)


def _stores(plan: Plan) -> Iterator[Line]:
    broker, objects = plan.broker, plan.objects
    yield Line("Redis or Valkey", "memory when the queue is full", size(broker.bytes))
    yield Line("Redis or Valkey", "commands a second", count(broker.commands))
    yield Line("Redis or Valkey", "full without workers after", duration(broker.full_after_seconds))
    yield Line("Object store", "stored", size(objects.stored * _GIGABYTE))
    yield Line(
        "Object store",
        "in, out a day",
        f"{size(objects.bytes_in * _GIGABYTE)}, {size(objects.bytes_out * _GIGABYTE)}",
    )
    yield Line(
        "Object store",
        "PUT and LIST, GET, DELETE a day",
        f"{count(objects.puts)}, {count(objects.gets)}, {count(objects.deletes)}",
    )
    yield Line("Object store", "requests a second", count(objects.requests))


def _two(first: float, second: float) -> str:
    return f"{count(first)}, {count(second)}"


def _aligned(lines: Iterator[Line]) -> Iterator[str]:
    part = ""
    for line in lines:
        if line.part != part:
            yield f"\n{line.part}" if part else line.part
            part = line.part
        yield f"  {line.what:<38}{line.value}"


def _bill(plan: Plan) -> Iterator[str]:
    yield f"A day: {dollars(plan.dollars_a_day)}; a thousand photos: {dollars(plan.dollars_a_thousand)}"
    largest = max(plan.bill.lines.values())
    for what, amount in plan.bill.lines.items():
        bar = "█" * max(round(_BAR * amount / largest), int(amount > 0))
        yield f"  {what:<26}{dollars(plan.installations * amount):>12}  {bar}"
    yield f"  with GPUs the workers would cost {dollars(plan.installations * plan.bill.workers_with_gpus)}"
    if plan.computers.one_machine_cores:
        yield f"  all pods, database and broker on one machine: {_one_machine(plan)}"


def _one_machine(plan: Plan) -> str:
    cores = plan.computers.one_machine_cores
    return f"{dollars(plan.bill.one_machine)} ({cores} cores)" if cores else "too much for one"


def _walls(plan: Plan) -> Iterator[str]:
    yield "Walls, by photos a day; ✓ is behind you"
    for wall in plan.walls:
        mark = "✓" if wall.photos_per_day < plan.demand.photos_per_day else " "
        text = f"{wall.name}: {wall.cure}".replace("`", "")
        yield f"  {mark} {count(wall.photos_per_day):>8}  {text}"
    yield f"Cut the job table by day from {count(plan.partitions_from)} a day on."


def as_table(plans: Sequence[Plan]) -> str:
    """Write several plans beside each other, as Markdown."""
    return _table(plans, [list(lines_of(plan)) for plan in plans])


def bills_as_table(plans: Sequence[Plan]) -> str:
    """Write their bills beside each other, in the order of the last one."""
    order = [(line.part, line.what) for line in bill_lines(plans[-1])]
    columns = []
    for plan in plans:
        by_name = {(line.part, line.what): line for line in bill_lines(plan)}
        columns.append([by_name[name] for name in order])
    return _table(plans, columns)


def walls_as_table(plan: Plan) -> str:
    """Write the walls, as Markdown."""
    rows = (f"| {count(it.photos_per_day)} | {it.name} | {it.cure} |\n" for it in plan.walls)
    return "| photos a day | wall | what helps |\n|---|---|---|\n" + "".join(rows)


def _table(plans: Sequence[Plan], columns: Sequence[Sequence[Line]]) -> str:
    heads = " | ".join(f"{plan.demand.photos_per_day:,.0f}" for plan in plans)
    text = f"| photos a day | | {heads} |\n|---|---|{'---|' * len(plans)}\n"
    part = ""
    for row in zip(*columns, strict=True):
        name = row[0].part if row[0].part != part else ""
        part = row[0].part
        text += f"| {name} | {row[0].what} | {' | '.join(line.value for line in row)} |\n"
    return text

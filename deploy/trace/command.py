"""The command."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple, TextIO

import click

from deploy.named_database import open_named_database
from deploy.trace.log_lines import read_log
from shared.jobs.life import moments_of
from shared.jobs.overseeing import Overseen
from shared.jobs.store import JobStore, limits_of
from shared.settings.settings import load_settings
from shared.telemetry.logs import trace_id_of


class _JobId(click.ParamType[uuid.UUID]):
    """An id with dashes, as clients know it, or without, as logs do."""

    name = "LOG_ID"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> uuid.UUID:
        """Read it, or say in one line that it is none."""
        try:
            return uuid.UUID(str(value))
        except ValueError:
            self.fail(f"{value} is the id of no job.", param, ctx)


class _Line(NamedTuple):
    at: datetime
    event: str
    details: str


@click.command()
@click.argument("log_id", type=_JobId())
@click.option(
    "--log",
    "logs",
    type=click.File(encoding="utf-8", errors="replace"),
    multiple=True,
    help="A log with JSON lines, of any process; `-`: standard input. May be given several times.",
)
@click.pass_context
def trace(context: click.Context, log_id: uuid.UUID, logs: Sequence[TextIO]) -> None:
    """Tell the life of a job, by its log_id or task_id: each event, and how long after the one before.

    The job table tells it for a week, and logs tell more: their events have a dot in their names.
    """
    store = JobStore(open_named_database(), limits_of(load_settings()))
    found = store.look_up([log_id], "", 1)
    lines = [line for seen in found for line in _of_row(seen)]
    lines += [line for log in logs for line in _of_log(log, log_id)]
    if not lines:
        click.echo("Neither the job table nor a log that was given knows this job.", err=True)
        context.exit(1)
    for seen in found:
        click.echo(_head(seen))
    for text in _table(sorted(lines, key=lambda line: line.at)):
        click.echo(text)


def _of_row(seen: Overseen) -> Iterator[_Line]:
    for moment in moments_of(seen):
        attempt = f"attempt={moment.attempt}" if moment.attempt else ""
        yield _Line(moment.at, moment.event, f"{attempt} {moment.words}".strip())


def _of_log(log: TextIO, job_id: uuid.UUID) -> Iterator[_Line]:
    for line in read_log(log, job_id):
        details = " ".join(f"{name}={it}" for name, it in line.fields.items() if it is not None)
        yield _Line(line.at, line.event, details)


def _head(seen: Overseen) -> str:
    job = seen.job
    trace_id = trace_id_of(job.traceparent) if job.traceparent else ""
    named = {
        "tenant": job.tenant,
        "key": job.key_id,
        "queue": job.queue,
        "request": seen.request_id,
        "trace": trace_id,
        "error": job.error_code,
    }
    words = "  ".join(f"{name} {it}" for name, it in named.items() if it)
    return f"{job.id}  {job.seen_as}  {words}"


def _table(lines: Sequence[_Line]) -> Iterator[str]:
    """Write a line each, with the time since the one before."""
    width = max(len(line.event) for line in lines)
    for before, line in pairwise([lines[0], *lines]):
        at = line.at.isoformat(sep=" ", timespec="milliseconds").replace("+00:00", "Z")
        after = (line.at - before.at).total_seconds()
        yield f"{at}  {after:+10.3f} s  {line.event:<{width}}  {line.details}".rstrip()

"""`cutwork status`: the service, or some jobs."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from cutwork.access import Access
from cutwork.calls import MAX_IDS
from cutwork.commands.exit_codes import ExitCode
from cutwork.commands.options import connection, with_access
from cutwork.jobs import Job, Status
from cutwork.reasons import in_words


@click.command()
@click.argument("task_ids", nargs=-1, metavar="[TASK_ID]...")
@click.option("--json", "as_json", is_flag=True, help="A JSON object for each job, a line each.")
@with_access
def status(access: Access, task_ids: tuple[str, ...], as_json: bool) -> ExitCode:
    """Tell how far jobs are; without a TASK_ID, whether the service is there and takes the key."""
    with connection(access) as client:
        if not task_ids:
            client.check()
            click.echo(f"{access.url} is there, and takes your key.")
            return ExitCode.DONE
        jobs = [
            job
            for first in range(0, len(task_ids), MAX_IDS)
            for job in client.get_many(task_ids[first : first + MAX_IDS]).jobs
        ]
    for job in jobs:
        click.echo(json.dumps(asdict(job)) if as_json else f"{job.task_id}  {_words(job)}")
    failed = any(not job.status.is_live and job.status is not Status.SUCCEEDED for job in jobs)
    return ExitCode.SOME_FAILED if failed else ExitCode.DONE


def _words(job: Job) -> str:
    if job.queue:
        return f"queued, place {job.queue.position}, done in about {job.queue.estimated_seconds} s"
    if job.failure:
        return f"{job.status}: {job.failure.message} [{job.failure.code}]"
    if job.report and job.report.look:
        return f"{job.status}. Look at it: {'; '.join(in_words(job.report.reasons))}."
    return str(job.status)

"""`cutwork erase`: deletes jobs, with their photos and their results."""

from __future__ import annotations

import click

from cutwork.access import Access
from cutwork.commands.exit_codes import ExitCode
from cutwork.commands.options import connection, with_access
from cutwork.errors import KeyRefused, Refusal, TryLater


@click.command()
@click.argument("task_ids", nargs=-1, required=True, metavar="TASK_ID...")
@with_access
def erase(access: Access, task_ids: tuple[str, ...]) -> ExitCode:
    """Delete jobs at the service, with their photos and their results.

    Pictures that were fetched stay where they are. What is deleted already is no error.
    """
    code = ExitCode.DONE
    with connection(access) as client:
        for task_id in task_ids:
            try:
                client.erase(task_id)
                click.echo(f"{task_id} is deleted.")
            except (KeyRefused, TryLater):
                raise
            except Refusal as error:
                code = ExitCode.SOME_FAILED
                click.echo(f"{task_id}: {error}", err=True)
    return code

"""The command."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from deploy.doctor.examination import examine
from deploy.doctor.finding import State


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON array, for programs.")
@click.pass_context
def doctor(context: click.Context, *, as_json: bool) -> None:
    """Look at all that this installation stands on, and say what is wrong and how to mend it.

    A line each: fine, unseen (it cannot be told from here), doubtful, wrong. Ends with 1 if anything
    is wrong. It changes nothing, and takes 20 s at most.
    """
    findings = examine()
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(finding)
    if any(finding.state is State.WRONG for finding in findings):
        context.exit(1)

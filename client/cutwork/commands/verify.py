"""`cutwork verify`: proves that a folder is what `ingest` made of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from cutwork.commands.exit_codes import ExitCode
from cutwork.errors import Unusable
from cutwork.ingest.ledger import FOLDER, opened
from cutwork.ingest.preparation import stock
from cutwork.ingest.report import failures
from cutwork.ingest.verification import findings, write_anew
from cutwork.names import readable


@click.command()
@click.argument("out", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--mend", is_flag=True, help="Let the next `ingest` write anew what is not right.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
def verify(out: Path, mend: bool, as_json: bool) -> ExitCode:
    """Look whether every picture in OUT is there as it was written, and whether inputs are left.

    It reads all files, and asks no service.
    """
    if not (out / FOLDER / "ledger.sqlite3").exists():
        raise Unusable(f"{readable(out)} has no ledger: `cutwork ingest` did not write there.")
    good = bad = 0
    with opened(out) as ledger:
        for found in findings(ledger, out):
            if found.flaw is None:
                good += 1
                continue
            bad += 1
            name = os.fsdecode(found.path)
            words = f"{found.flaw}  {readable(name)}"
            click.echo(json.dumps({"path": name, "flaw": found.flaw}) if as_json else words)
            if mend:
                write_anew(ledger, found.path)
        walk = int(ledger.fact("walk", "0"))
        seen, failed = stock(ledger, walk), list(failures(ledger, walk))
    if as_json:
        click.echo(json.dumps({"good": good, "bad": bad, "left": seen.left, "failed": seen.failed}))
    else:
        click.echo(
            f"{good:,} pictures are as they were written, {bad:,} are not; of {seen.total:,} photos "
            f"{seen.left:,} are left, and {seen.failed:,} failed{':' if failed else '.'}"
        )
        for line in failed:
            click.echo(line)
    return ExitCode.SOME_FAILED if bad or seen.left or seen.failed else ExitCode.DONE

"""The command `cutwork`: its subcommands, and the exit code for each error."""

from __future__ import annotations

import os
import sqlite3
import sys

import click

from cutwork.access import KEY_VARIABLE, read_stored
from cutwork.commands.cut import cut
from cutwork.commands.erase import erase
from cutwork.commands.exit_codes import ExitCode
from cutwork.commands.ingest import ingest
from cutwork.commands.login import login
from cutwork.commands.status import status
from cutwork.commands.verify import verify
from cutwork.errors import CutworkError, KeyRefused, NoKey, Refusal, TryLater, Unreachable, Unusable
from cutwork.version import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="cutwork")
def cutwork() -> None:
    """Cut the clothing out of photos, by a Cutwork service.

    CUTWORK_URL and CUTWORK_KEY say where it is and who you are, or `cutwork login` does, once.
    """


for command in (cut, ingest, status, verify, erase, login):
    cutwork.add_command(command)


def main() -> None:
    """Run a command. An expected error becomes one line, and an exit code."""
    try:
        code = cutwork.main(prog_name="cutwork", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        code = ExitCode.STOPPED
    except (CutworkError, OSError, sqlite3.Error) as error:
        click.echo(f"cutwork: {_words(error)}", err=True)
        code = exit_code_of(error)
    sys.exit(code or 0)


def exit_code_of(error: Exception) -> ExitCode:
    """Choose the exit code for an error."""
    match error:
        case KeyRefused() | NoKey():
            return ExitCode.KEY_REFUSED
        case TryLater() | Unreachable():
            return ExitCode.SERVICE_GONE
        case Unusable():
            return ExitCode.USAGE
        case OSError() | sqlite3.Error():
            return ExitCode.MACHINE
        case _:
            return ExitCode.SOME_FAILED


def _words(error: Exception) -> str:
    match error:
        case KeyRefused():
            return f"{error.message} {_where_the_key_is_from()}"
        case Refusal(code=code, message=message, log_id=log_id):
            trace = f" (log_id {log_id})" if log_id else ""
            return f"{message} [{code}]{trace}"
        case OSError(filename=name, strerror=reason) if name is not None:
            return f"{name!a}: {reason}"
        case _:
            return str(error)


def _where_the_key_is_from() -> str:
    if os.environ.get(KEY_VARIABLE):
        return f"{KEY_VARIABLE} is set in this shell, and goes before `cutwork login`: change or unset it."
    if read_stored() is None:
        return "None was given: `cutwork login` stores one."
    return "`cutwork login` stores another key."

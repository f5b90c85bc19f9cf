"""The part of docs/reference/cutwork.md that the command says itself: how it ends, and every option."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from cutwork.commands.exit_codes import MEANINGS, ExitCode
from cutwork.commands.main import cutwork

START = "## Exit codes\n"


def command_page(page: str) -> str:
    """Replace all that follows the start by what the command says."""
    head, found, _ = page.partition(START)
    assert found, "docs/reference/cutwork.md has no exit codes any more"
    return head + START + "\n" + "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "| code | meaning |\n|---|---|"
    yield from (f"| {code:d} | {MEANINGS[code]} |" for code in ExitCode)
    yield "\n## Commands"
    for name, command in cutwork.commands.items():
        yield from _describe(name, command)
    yield ""


def _describe(name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=f"cutwork {name}")
    pieces = " ".join(command.collect_usage_pieces(context))
    yield f"\n### `cutwork {name} {pieces}`\n"
    yield inspect.cleandoc(command.help or "")
    yield "\n| option | meaning |\n|---|---|"
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record and isinstance(parameter, click.Option):
            option, meaning = (text.replace("|", "\\|") for text in record)
            yield f"| `{option}` | {meaning.replace('  [', ' [')} |"

"""`cutwork-admin explain`: what the documentation says of an error, in a terminal."""

from __future__ import annotations

import re

import click

from shared import documents
from shared.errors import ErrorCode


@click.command()
@click.argument(
    "code",
    type=click.Choice([code.value for code in ErrorCode], case_sensitive=False),
    metavar="CODE",
)
def explain(code: str) -> None:
    """Say what the error CODE means, and what to do about it: as docs/reference/errors.md does."""
    click.echo(f"{ErrorCode(code)}\n\n{_plain(documents.explain(ErrorCode(code)))}")


def _plain(markdown: str) -> str:
    """Take away what is for a page only: bold, and where links lead."""
    return re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", markdown.replace("**", ""))

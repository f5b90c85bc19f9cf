"""`cutwork login`: keeps a key, so that it stands on no command line."""

from __future__ import annotations

import sys

import click

from cutwork.access import (
    DEFAULT_URL,
    KEY_VARIABLE,
    Access,
    checked_key,
    checked_url,
    is_on_this_machine,
    store,
)
from cutwork.commands.options import connection
from cutwork.names import readable


@click.command()
@click.option(
    "--url",
    metavar="URL",
    envvar="CUTWORK_URL",
    help="Where the service is.  [CUTWORK_URL, or asked]",
)
def login(url: str | None) -> None:
    """Ask for a key, try it, and keep it in a file that only you can read.

    It is read from the terminal, without showing it, or from standard input:
    `cutwork login --url https://cutwork.example.com < key.txt`. There is no option for it: other users of a machine
    can see options.
    """
    asks = sys.stdin.isatty()
    if url is None:
        url = click.prompt("Address of the service", default=DEFAULT_URL) if asks else DEFAULT_URL
    url = checked_url(url)
    if url.startswith("http:") and not is_on_this_machine(url):
        click.echo(f"Beware: others on the way to {url} can read the key. Use https.", err=True)
    key = click.prompt("Key", hide_input=True) if asks else sys.stdin.readline()
    access = Access(url, checked_key(key))
    with connection(access) as client:
        client.check()
    click.echo(f"{url} takes the key. It is kept in {readable(store(access))}.")
    click.echo(f"{KEY_VARIABLE}, where it is set, goes first.", err=True)

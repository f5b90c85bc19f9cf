"""`make docs`: writes the parts of docs/ that the code says itself: settings, errors, commands, metrics, times …"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

import click
from click.testing import CliRunner

from api.openapi.errors import MEANINGS
from deploy.admin import admin
from deploy.capacity.simulation.record import read_study
from deploy.capacity.study_page import burst_picture, trade_picture
from deploy.monitoring import dashboard
from shared.documents import FOLDER as DOCS
from shared.errors import CATALOGUE
from tests.house.chart_pages import SCHEMA, guide_page, schema_page
from tests.house.command_page import command_page
from tests.house.metrics_table import metrics_table
from tests.house.scaling_page import scaling_page
from tests.house.times import times
from tests.monitoring import DASHBOARD, rules

_ALERTS = "| alert | when |\n|---|---|\n"
_METRICS = "\n### All of them"
_TIMES = "| where | seconds | what for |\n|---|---|---|\n"
_ERRORS = "| HTTP | code | when |\n|---|---|---|\n"
_CURE = "**What to do.** "
_PASSES = " The same request may succeed later."
#: Where somebody has yet to say it.
TO_BE_WRITTEN = "…"


def settings_page(page: str) -> str:
    """Replace the tables, and all that follows them, by what `cutwork-admin settings` prints."""
    printed = CliRunner().invoke(admin, ["settings"]).output
    head, found, _ = page.partition(printed.partition("\n")[0])
    assert found, "docs/reference/settings.md has no tables any more"
    return head + printed.rstrip() + "\n"


def api_page(page: str) -> str:
    """Replace the table of errors, in the catalogue's order."""
    rows = "".join(
        f"| {entry.http_status} | [`{code}`](errors.md#{code.lower()}) | {MEANINGS[code]} |\n"
        for code, entry in CATALOGUE.items()
    )
    return _with_rows(page, _ERRORS, rows, "docs/reference/api.md has no table of errors any more")


def errors_page(page: str) -> str:
    """Write a part for each error, in the catalogue's order; what to do about it stays as it was written by hand."""
    head, *parts = page.split("\n## ")
    cures = {part.partition("\n")[0]: part.partition(_CURE)[2].strip() for part in parts}
    written = (
        f"## {code}\n\n**{entry.http_status}**, “{entry.text}” Sent when: {MEANINGS[code]}."
        f"{_PASSES if entry.passes else ''}\n\n{_CURE}{cures.get(code) or TO_BE_WRITTEN}\n"
        for code, entry in CATALOGUE.items()
    )
    return "\n".join((head.strip() + "\n", *written))


def commands_page(page: str) -> str:
    """Write what each command of `cutwork-admin` says of itself."""
    head = page.partition("\n## ")[0].strip()
    written = (
        f"## {context.command_path}\n\n```text\n{context.get_help()}\n```\n"
        for context in _commands(
            click.Context(admin, info_name="cutwork-admin", max_content_width=100)
        )
    )
    return "\n".join((head + "\n", *written))


def monitor_page(page: str) -> str:
    """Replace the table of alerts, and those of metrics, which end the page."""
    head, found, _ = page.partition(_METRICS)
    assert found, "docs/guides/monitor.md has no table of metrics any more"
    lost = "docs/guides/monitor.md has no table of alerts any more"
    return f"{_with_rows(head, _ALERTS, _alert_rows(), lost)}\n{metrics_table()}"


def _with_rows(page: str, head: str, rows: str, lost: str) -> str:
    """Replace the rows of the table with this head; say that it is lost if there is none."""
    written, count = re.subn(rf"{re.escape(head)}(\|.*\n)*", lambda _: head + rows, page, count=1)
    assert count, lost
    return written


def _alert_rows() -> str:
    """Write a row for each alert, which leads where its link does."""
    rows = ""
    for rule in rules():
        said = rule["annotations"]
        anchor = said["runbook_url"].partition("#")[2]
        rows += f"| [`{rule['alert']}`](troubleshooting.md#{anchor}) | {said['summary']} |\n"
    return rows


def times_page(page: str) -> str:
    """Replace the table of times that are no settings, which ends the page."""
    head, found, _ = page.partition(_TIMES)
    assert found, "docs/reference/times.md has no table any more"
    rows = (
        f"| `{time.file}` `{time.name}` | {time.seconds:g} | {time.reason} |\n" for time in times()
    )
    return head + _TIMES + "".join(rows)


def _commands(context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            assert command is not None
            yield from _commands(
                click.Context(command, parent=context, info_name=name, max_content_width=100)
            )


PAGES: Mapping[str, Callable[[str], str]] = {
    "guides/kubernetes.md": guide_page,
    "guides/monitor.md": monitor_page,
    "guides/scaling.md": scaling_page,
    "guides/scaling/import.svg": lambda _: burst_picture(read_study()),
    "guides/scaling/queue-age.svg": lambda _: trade_picture(read_study()),
    "reference/settings.md": settings_page,
    "reference/api.md": api_page,
    "reference/commands.md": commands_page,
    "reference/cutwork.md": command_page,
    "reference/errors.md": errors_page,
    "reference/times.md": times_page,
}


def main() -> None:
    """Write all pages, and the dashboard."""
    DASHBOARD.write_text(dashboard.as_text())
    for name, write in PAGES.items():
        page = DOCS / name
        page.write_text(write(page.read_text()))
    SCHEMA.write_text(schema_page(SCHEMA.read_text()))


if __name__ == "__main__":
    main()

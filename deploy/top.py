"""`cutwork-admin top`: what the whole installation does, in a terminal; the same numbers as the page `/ops`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence

import click

from deploy.named_database import open_named_database
from shared.errors import DatabaseUnavailable
from shared.jobs.matching import WINDOW
from shared.jobs.store import JobStore, limits_of
from shared.messaging.broker import Broker
from shared.operations.fleet import Fleet, Seen
from shared.operations.overview import Lookout, Overview
from shared.operations.samples import Samples
from shared.operations.series import Point, Span, points_of
from shared.settings.settings import load_settings

#: To the upper left corner, and what is behind the end of a line and of the text.
_HOME, _REST_OF_LINE, _REST = "\x1b[H", "\x1b[K", "\x1b[J"
_BARS = "▁▂▃▄▅▆▇█"
_BARS_WIDE = 30
_WORKERS_SHOWN = 20
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


@click.command()
@click.option("--once", is_flag=True, help="Print it, and end.")
@click.option(
    "--every",
    type=click.FloatRange(0.5, 3600),
    default=2.0,
    show_default=True,
    help="Seconds between two looks.",
)
def top(*, once: bool, every: float) -> None:
    """Show what waits, what fails and who works, again and again until Ctrl-C."""
    settings, database = load_settings(), open_named_database()
    job_store = JobStore(database, limits_of(settings))
    lookout = Lookout(settings, job_store, Broker(settings), Fleet(settings))
    samples = Samples(database)
    is_terminal = sys.stdout.isatty() and not once
    if is_terminal:
        click.clear()
    while True:
        try:
            lines = list(_lines(lookout.look(), points_of(samples.read(Span.HOUR.length))))
        except DatabaseUnavailable as error:
            if once:
                raise
            lines = [f"{time.strftime('%H:%M:%S')}  {error}"]
        _show(lines, is_terminal=is_terminal)
        if once:
            return
        try:
            time.sleep(every)
        except KeyboardInterrupt:
            return


def _show(lines: Sequence[str], *, is_terminal: bool) -> None:
    if not is_terminal:
        click.echo("\n".join(lines))
        return
    text = "".join(f"{line}{_REST_OF_LINE}\n" for line in lines)
    click.echo(f"{_HOME}{text}{_REST}", nl=False)


def _lines(overview: Overview, points: Sequence[Point]) -> Iterator[str]:
    backlog, last = overview.backlog, points[-1] if points else None
    more = "+" if overview.is_more else ""
    yield f"Cutwork, {time.strftime('%Y-%m-%d %H:%M:%SZ', time.gmtime())}"
    yield ""
    waits = f"{min(backlog.queued, WINDOW):,}{more}"
    yield _row("waiting", waits, [point.queued for point in points])
    oldest = duration(backlog.oldest_age.total_seconds())
    yield _row("oldest", oldest, [point.oldest_seconds for point in points])
    yield _row("at work", f"{overview.at_work:,}")
    arrived = "?" if last is None else f"{last.arrived:.0f}/min"
    yield _row("in", arrived, [point.arrived for point in points])
    yield _row("out", f"{backlog.finished_lately:,}/min", [point.done for point in points])
    failed = sum(overview.failures.by_code.values())
    yield _row("failed", f"{failed:,}", [point.failed for point in points])
    yield from _failures(overview)
    yield ""
    yield from _workers(overview.fleet)
    if overview.alarms:
        yield ""
    for alarm in overview.alarms:
        yield click.style(f"! {alarm.message}", fg="red") + f"  {alarm.help_at}"


def _row(name: str, number: str, line: Sequence[float] = ()) -> str:
    return f"  {name:<8}{number:>14}  {sparkline(line)}".rstrip()


def _failures(overview: Overview) -> Iterator[str]:
    for code, count in sorted(overview.failures.by_code.items(), key=lambda it: -it[1]):
        yield f"    {code:<42}{count:>6,} of {overview.failures.ended:,} in the last hour"


def _workers(fleet: Sequence[Seen] | None) -> Iterator[str]:
    if fleet is None:
        yield "  Redis does not answer: no worker is seen."
        return
    widest = max((len(it.worker.name) for it in fleet), default=0)
    yield f"  {len(fleet)} worker{'' if len(fleet) == 1 else 's'}"
    for seen in fleet[:_WORKERS_SHOWN]:
        worker = seen.worker
        state = f"busy {worker.busy}/{worker.hands}, up {duration(worker.up_seconds)}"
        if seen.is_silent:
            state = click.style(f"silent for {duration(seen.seconds_ago)}", fg="red")
        yield f"    {worker.name:<{widest}}  {worker.kind}  {state}"
    if len(fleet) > _WORKERS_SHOWN:
        yield f"    and {len(fleet) - _WORKERS_SHOWN} more"


def sparkline(numbers: Sequence[float]) -> str:
    """Draw the last numbers as bars, the highest of which is the most of them."""
    shown = numbers[-_BARS_WIDE:]
    most = max(shown, default=0) or 1
    return "".join(_BARS[round(number / most * (len(_BARS) - 1))] for number in shown)


def duration(seconds: float) -> str:
    """Say how long something takes, in the two largest units at most."""
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"

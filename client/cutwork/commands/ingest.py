"""`cutwork ingest`: a whole folder, as often as it takes."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, TYPE_CHECKING, Any

import click

from cutwork.access import find_access
from cutwork.commands.exit_codes import ExitCode
from cutwork.commands.options import Duration, with_pictures, with_url
from cutwork.errors import CutworkError, Unusable
from cutwork.ingest.ledger import Ledger, opened
from cutwork.ingest.plan import Plan
from cutwork.ingest.preparation import (
    Source,
    Stock,
    check_folders,
    no_photos,
    plain_form,
    stock,
    take_stock,
    too_large,
)
from cutwork.ingest.progress import Display
from cutwork.ingest.report import failures, write_report
from cutwork.ingest.tally import Tally
from cutwork.ingest.walk import Choice
from cutwork.names import readable
from cutwork.options import Options

if TYPE_CHECKING:
    from cutwork.ingest.run import Run

_TICK = 0.2


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for the pictures, and for the ledger.",
)
@with_pictures
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=8,
    metavar="N",
    help="Never more uploads at once.  [8]",
)
@click.option(
    "--give-up-after",
    type=Duration(),
    default="15m",
    metavar="TIME",
    help="End when the service has not answered for so long, such as 90s or 2h.  [15m]",
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A line for every input, as JSON lines or, by its name, CSV.  [OUT/report.jsonl]",
)
@click.option(
    "--sheet",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A page with all pictures, small, the doubtful ones first.",
)
@click.option("--include", multiple=True, metavar="GLOB", help="Only such files.")
@click.option(
    "--exclude", multiple=True, metavar="GLOB", help="No such files, whatever --include says."
)
@click.option(
    "--files-from",
    type=click.File("rb"),
    metavar="LIST",
    help="Only these files below FOLDER, a name a line; - is standard input.",
)
@click.option("-0", "--null", is_flag=True, help="Names in LIST end with a zero byte.")
@click.option("--retry-failed", is_flag=True, help="Try what failed before once more.")
@click.option("--moved", is_flag=True, help="FOLDER lies elsewhere than it did.")
@click.option("--dry-run", is_flag=True, help="Count, and send nothing.")
@click.option("--json", "as_json", is_flag=True, help="Progress as JSON, a line every 10 s.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@with_url
def ingest(
    *,
    folder: Path,
    out: Path,
    options: Options,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    files_from: IO[bytes] | None,
    null: bool,
    moved: bool,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    **how: Any,
) -> ExitCode:
    """Cut out all photos in FOLDER, and write the pictures into OUT, in the same tree.

    Stopped at any moment, by whatever, it goes on where it was when it is run again, and sends nothing twice: OUT has a
    ledger, which decides what is done. a/b.jpg becomes a/b.cutout.png; with `--classes tops --form cutout,mask` also
    a/b.mask.png, a/b.tops.cutout.png and a/b.tops.mask.png: named as by `cutwork cut`.
    """
    check_folders(folder, out)
    display = Display(quiet=quiet, as_json=as_json)
    choice = Choice(include, exclude)
    source = Source(folder, choice, files_from, b"\0" if null else b"\n", moved)
    if dry_run:
        return _count(source, out, options, display)
    if how["sheet"]:
        _check_pillow()
    out.mkdir(parents=True, exist_ok=True)
    with opened(out) as ledger:
        return _ingest(ledger, source, out, options, display, **how)


def _count(source: Source, out: Path, options: Options, display: Display) -> ExitCode:
    """Tell what there would be to do."""
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "ledger") as ledger:
        number = take_stock(ledger, source, out, options, seen=display.looking, warn=display.warn)
        found, refused = stock(ledger, number), too_large(ledger, number)
    words = (
        no_photos(source, found.skipped)
        if not found.total
        else (
            f"{found.total:,} photos, {found.size / 1e6:,.1f} MB, of which {refused + found.failed:,} would be refused "
            f"unsent; {found.skipped:,} other files."
        )
    )
    display.end(words, {**found._asdict(), "refused": refused + found.failed})
    return ExitCode.DONE


def _ingest(
    ledger: Ledger,
    source: Source,
    out: Path,
    options: Options,
    display: Display,
    *,
    url: str | None,
    jobs: int,
    give_up_after: float,
    report: Path | None,
    sheet: Path | None,
    retry_failed: bool,
) -> ExitCode:
    # The HTTP library is loaded only now, so that `--help` is quick.
    from cutwork.client import Client  # noqa: PLC0415
    from cutwork.ingest.run import Run  # noqa: PLC0415

    with Client(find_access(url), patience=0) as client:
        client.check()
        number = take_stock(ledger, source, out, options, seen=display.looking, warn=display.warn)
        if retry_failed:
            ledger.retry_failed(options.fields())
        before = stock(ledger, number)
        tally = Tally(before.total, before.done, before.failed)
        plain = plain_form(ledger, options)
        plan = Plan(source.folder, out, options, number, jobs, give_up_after, plain)
        run = Run(client, ledger, plan, tally, display.pause)
        try:
            is_stopped = _follow(run, tally, display)
        finally:
            report = report or out / "report.jsonl"
            write_report(ledger, number, report)
            if sheet:
                _write_sheet(ledger, number, source.folder, out, sheet)
            after = stock(ledger, number)
            for line in failures(ledger, number):
                display.say(line)
            words = _sum(after) if after.total else no_photos(source, after.skipped)
            _tell(words, after, report, sheet, display)
    if is_stopped:
        return ExitCode.STOPPED
    return ExitCode.SOME_FAILED if after.failed else ExitCode.DONE


def _follow(run: Run, tally: Tally, display: Display) -> bool:
    """Show how far it is until it is over, and say whether it was stopped."""
    with _stoppable(run, display) as stops:
        run.start()
        try:
            while not run.wait(_TICK):
                display.tick(tally)
        except CutworkError:
            if not stops:  # Who stops it because the service is away knows that.
                raise
    return bool(stops)


@contextmanager
def _stoppable(run: Run, display: Display) -> Iterator[list[int]]:
    """Let the first signal stop the run in good order, and the second one at once."""
    stops: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        stops.append(number)
        if len(stops) > 1:
            raise KeyboardInterrupt
        display.say(
            "Stopping: what is finished is fetched. Run the same command again to go on. Ctrl-C once more ends at once."
        )
        run.stop()

    before = {it: signal.signal(it, stop) for it in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _sum(after: Stock) -> str:
    left = f", {after.left:,} left" if after.left else ""
    other = f"; {after.skipped:,} other files" if after.skipped else ""
    return f"{after.done:,} of {after.total:,} photos done, {after.failed:,} failed{left}{other}."


def _tell(words: str, after: Stock, report: Path, sheet: Path | None, display: Display) -> None:
    page = f" Sheet: {readable(sheet)}." if sheet else ""
    figures = {**after._asdict(), "left": after.left, "report": str(report)}
    display.end(f"{words} Report: {readable(report)}.{page}", figures)


def _check_pillow() -> None:
    try:
        import PIL  # noqa: F401, PLC0415
    except ImportError:
        raise Unusable("`--sheet` needs Pillow: pip install 'cutwork-client[sheet]'") from None


def _write_sheet(ledger: Ledger, number: int, folder: Path, out: Path, path: Path) -> None:
    from cutwork.ingest.sheet import Sheet  # noqa: PLC0415

    Sheet(ledger, number, folder, out, path).write()

"""What is shown of a run: a bar on a terminal, a line now and then elsewhere, or JSON for programs."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import click

from cutwork.ingest.tally import Tally

_EVERY = 10.0
_BAR = 24


class Display:
    """Of one run."""

    def __init__(self, *, quiet: bool = False, as_json: bool = False) -> None:
        """Find out where it shows.

        Args:
            quiet: Nowhere.
            as_json: To a program, on standard output.
        """
        self._quiet = quiet
        self._as_json = as_json
        is_terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._has_bar = is_terminal and not quiet and not as_json
        self._is_coloured = "NO_COLOR" not in os.environ
        self._next = time.monotonic() + _EVERY
        self._bar_is_there = False

    def looking(self, count: int) -> None:
        """Show how many files were found so far."""
        if self._has_bar:
            self._draw(f"Looking: {count:,} files")

    def tick(self, tally: Tally) -> None:
        """Show how far it is, if it is time."""
        if self._has_bar:
            self._draw(self._bar(tally))
        elif not self._quiet and time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY
            self._show("progress", _words(tally), _figures(tally))

    def pause(self, why: str, seconds: float) -> None:
        """Say, once, that all wait, and until when."""
        until = datetime.now().astimezone() + timedelta(seconds=seconds)
        words = f"{why} Going on at {until:%H:%M:%S}."
        self._show("pause", words, {"reason": why, "seconds": round(seconds, 1)})

    def warn(self, words: str) -> None:
        """Say what people should know and need not stop for."""
        self._show("warning", words, {"message": words})

    def end(self, words: str, figures: Mapping[str, Any]) -> None:
        """Say how it ended."""
        self._show("end", words, figures)

    def say(self, words: str) -> None:
        """Say something to people."""
        if not self._quiet and not self._as_json:
            self._clear()
            click.echo(words, err=True)

    def _show(self, event: str, words: str, figures: Mapping[str, Any]) -> None:
        if self._as_json:
            click.echo(json.dumps({"event": event, **figures}))
        else:
            self.say(words)

    def _bar(self, tally: Tally) -> str:
        ended = tally.done + tally.failed
        filled = _BAR * ended // tally.total if tally.total else _BAR
        failed = f"{tally.failed:,} failed"
        if tally.failed and self._is_coloured:
            failed = click.style(failed, fg="red")
        bar = "█" * filled + "░" * (_BAR - filled)
        return f"{bar} {ended:,}/{tally.total:,} · {failed} · {_speed(tally)}"

    def _draw(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        shown = text if len(click.unstyle(text)) <= width else click.unstyle(text)[:width]
        # Back to the start of the line, and nothing left of what stood there.
        click.echo(f"\r\x1b[K{shown}", nl=False, err=True)
        self._bar_is_there = True

    def _clear(self) -> None:
        if self._bar_is_there:
            click.echo("\r\x1b[K", nl=False, err=True)
            self._bar_is_there = False


def _words(tally: Tally) -> str:
    ended = tally.done + tally.failed
    return f"{ended:,} of {tally.total:,}, {tally.failed:,} failed, {_speed(tally)}"


def _speed(tally: Tally) -> str:
    left = tally.seconds_left()
    time_left = "" if left is None else f", {timedelta(seconds=round(left))} left"
    return f"{tally.rate():.1f} a second{time_left}"


def _figures(tally: Tally) -> dict[str, Any]:
    left = tally.seconds_left()
    return {
        "total": tally.total,
        "done": tally.done,
        "failed": tally.failed,
        "per_second": round(tally.rate(), 2),
        "seconds_left": None if left is None else round(left),
    }

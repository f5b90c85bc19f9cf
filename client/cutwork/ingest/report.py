"""The report of a run: a line for every input, with what became of it."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypedDict

from cutwork.files import write_texts
from cutwork.ingest.ledger import Ledger
from cutwork.names import readable

_STATUSES = {"new": "waiting", "linked": "waiting"}

_ROWS = """
SELECT i.path, i.state, i.code, i.message, hex(i.photo), p.task_id, p.log_id, p.sent_at, p.ended_at, p.tries, p.classes,
    p.report
FROM inputs i LEFT JOIN photos p ON p.sha256 = i.photo WHERE i.path > ? AND i.walk = ? ORDER BY i.path
"""

_NAMED = 10
_FAILED = (
    "SELECT path, message FROM inputs WHERE walk = ? AND state = 'failed' ORDER BY path LIMIT ?"
)


class Line(TypedDict):
    """One input."""

    #: As on the disk. Bytes that are not UTF-8 are written as `\\udc80` to `\\udcff`.
    path: str
    #: done, failed, skipped (it is no picture), waiting (the run ended before it was done).
    status: str
    code: str
    message: str
    sha256: str
    task_id: str
    log_id: str
    #: From the end of its upload until its pictures were in OUT.
    seconds: float | None
    tries: int
    classes: list[str]
    #: What the service measured, with `look` and `reasons`.
    report: dict[str, Any] | None
    #: Below OUT.
    outputs: list[str]


def lines(ledger: Ledger, walk: int) -> Iterator[Line]:
    """Tell what became of each input that a walk saw."""
    for row in ledger.pages(_ROWS, walk):
        path, state, code, message, sha256, task_id, log_id, sent, ended, tries, classes, told = row
        outputs = ledger.ask("SELECT path FROM outputs WHERE input = ? ORDER BY path", path)
        yield Line(
            path=os.fsdecode(path),
            status=_STATUSES.get(state, state),
            code=code,
            message=message,
            sha256=sha256.lower(),
            task_id=task_id or "",
            log_id=log_id or "",
            seconds=round(ended - sent, 3) if sent and ended else None,
            tries=tries or 0,
            classes=json.loads(classes or "[]"),
            report=json.loads(told) if told else None,
            outputs=[os.fsdecode(it) for (it,) in outputs] if state == "done" else [],
        )


def failures(ledger: Ledger, walk: int) -> Iterator[str]:
    """Name the first ten inputs that failed, and why."""
    found = ledger.ask(_FAILED, walk, _NAMED + 1)
    for path, message in found[:_NAMED]:
        yield f"  {readable(os.fsdecode(path))}: {message}"
    if found[_NAMED:]:
        yield "  … and others."


def write_report(ledger: Ledger, walk: int, path: Path) -> None:
    """Write all lines: CSV if the file's name ends so, else a JSON object a line."""
    as_text = _as_csv if path.suffix.lower() == ".csv" else _as_json
    write_texts(path, as_text(lines(ledger, walk)))


def _as_json(found: Iterator[Line]) -> Iterator[str]:
    for line in found:
        yield json.dumps(line) + "\n"


def _as_csv(found: Iterator[Line]) -> Iterator[str]:
    names = list(Line.__annotations__)
    yield _row(names)
    for line in found:
        told: dict[str, Any] = {**line, "outputs": "\n".join(line["outputs"])}
        told |= {"classes": ",".join(line["classes"]), "report": json.dumps(line["report"])}
        yield _row([told[name] for name in names])


def _row(cells: list[Any]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()

"""A contact sheet: one page with everything in it, so that people look at the doubtful pictures and at no other."""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote_from_bytes

from PIL import Image, ImageOps

from cutwork.files import write_texts
from cutwork.ingest.ledger import Ledger
from cutwork.ingest.preparation import Stock, stock
from cutwork.names import readable
from cutwork.reasons import in_words

#: More cards than these nobody looks at, and no browser likes.
_MOST = 1000
_THUMBNAIL = (330, 440)

_CARDS = """
SELECT i.path, p.report,
    (SELECT o.path FROM outputs o WHERE o.input = i.path ORDER BY o.category, o.form != 'cutout', o.form DESC LIMIT 1)
FROM inputs i JOIN photos p ON p.sha256 = i.photo
WHERE i.path > ? AND i.walk = ? AND i.state = 'done' AND coalesce(json_extract(p.report, '$.look'), 0) = ?
ORDER BY i.path
"""
_FAILED = "SELECT path, code, message FROM inputs WHERE path > ? AND walk = ? AND state = 'failed' ORDER BY path"


class Sheet(NamedTuple):
    """What is to be shown, and where."""

    ledger: Ledger
    #: The walk whose inputs are shown.
    walk: int
    folder: Path
    out: Path
    path: Path

    def write(self) -> None:
        """Write it."""
        write_texts(self.path, self._page())

    def _page(self) -> Iterator[str]:
        counted, doubtful = stock(self.ledger, self.walk), self._count_doubtful()
        yield _head(self.folder, counted, doubtful)
        if doubtful:
            yield _section("Look at these", doubtful, "What was measured makes these doubtful.")
            yield from self._cards(look=True, most=_MOST)
        if counted.failed:
            yield _section("Failed", counted.failed, "These have no picture.")
            yield from self._failed()
        fine, room = counted.done - doubtful, max(0, _MOST - doubtful)
        if fine and room:
            note = f"The first {room:,} of them." if fine > room else "Nothing stands out."
            yield _section("The others", fine, note)
            yield from self._cards(look=False, most=room)
        yield "</main></body></html>\n"

    def _cards(self, *, look: bool, most: int) -> Iterator[str]:
        yield "<ul>"
        for path, report, picture in islice(self.ledger.pages(_CARDS, self.walk, look), most):
            if picture is not None:
                yield self._card(path, picture, json.loads(report or "{}").get("reasons", []))
        yield "</ul>"

    def _card(self, path: bytes, picture: bytes, reasons: list[str]) -> str:
        name = _name(path)
        shown = self.out / os.fsdecode(picture)
        link = quote_from_bytes(os.fsencode(os.path.relpath(shown, self.path.parent)))
        before = _thumbnail(self.folder / os.fsdecode(path), f"{name}, the photo")
        after = _thumbnail(shown, f"{name}, cut out")
        why = "".join(f"<span>{escape(it)}</span>" for it in in_words(reasons))
        chips = f'<div class="why">{why}</div>' if why else ""
        return (
            f'<li><div class="pair">{before}{after}</div>'
            f'<div class="words"><a href="{link}">{name}</a>{chips}</div></li>'
        )

    def _failed(self) -> Iterator[str]:
        yield "<table>"
        for name, code, message in islice(self.ledger.pages(_FAILED, self.walk), _MOST):
            cells = (_name(name), f'<span class="code">{escape(code)}</span>', escape(message))
            yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
        yield "</table>"

    def _count_doubtful(self) -> int:
        [(count,)] = self.ledger.ask(
            "SELECT count(*) FROM inputs i JOIN photos p ON p.sha256 = i.photo "
            "WHERE i.walk = ? AND i.state = 'done' AND json_extract(p.report, '$.look')",
            self.walk,
        )
        return int(count)


def _head(folder: Path, counted: Stock, doubtful: int) -> str:
    style = (files("cutwork.ingest") / "sheet.css").read_text("utf-8")
    title = escape(readable(folder.resolve().name))
    figures = (("done", counted.done), ("look", doubtful), ("failed", counted.failed))
    words = {"done": "cut out", "look": "to look at", "failed": "failed"}
    shown = "".join(
        f'<div class="{name}"><dt>{words[name]}</dt><dd>{count:,}</dd></div>'
        for name, count in figures
        if count or name == "done"
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title} · Cutwork</title><style>{style}</style></head>"
        f"<body><header><h1>{title}</h1><dl>{shown}</dl></header><main>"
    )


def _section(title: str, count: int, note: str) -> str:
    return f"<h2>{title}<b>{count:,}</b></h2><p>{note}</p>"


def _thumbnail(path: Path, alt: str) -> str:
    """Make a picture small, and write it into the page."""
    try:
        with Image.open(path) as image:
            image.draft("RGB", (_THUMBNAIL[0] * 2, _THUMBNAIL[1] * 2))
            small = ImageOps.exif_transpose(image)
            small.thumbnail(_THUMBNAIL)
            # A WebP of one channel is none; what is transparent stays so.
            small = small.convert("RGBA" if small.has_transparency_data else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return f'<img alt="{alt}: it cannot be shown">'
    content = io.BytesIO()
    small.save(content, "WEBP", quality=78)
    encoded = base64.b64encode(content.getvalue()).decode()
    return f'<img alt="{alt}" loading="lazy" src="data:image/webp;base64,{encoded}">'


def _name(path: bytes) -> str:
    return escape(readable(os.fsdecode(path)))

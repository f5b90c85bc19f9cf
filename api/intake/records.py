"""What stands in the lines of a batch: JSON objects, or rows of CSV, as the options that a form would hold.

From here on nothing knows that they were no form.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from api.intake.lines import MAX_LINE_BYTES, Line
from api.intake.options import Names, Option, invalid
from shared.errors import Refused

_UNREADABLE = f"The line is not UTF-8, or longer than {MAX_LINE_BYTES} bytes."
_HALF = "The line holds half a character, which only an escape of JSON can write."
_NO_OBJECT = (
    'A line must be a JSON object, such as {"image_url": "https://…", "reference": "SKU-4711"}.'
)


class Record(NamedTuple):
    """One item of a batch, as it was sent."""

    #: The line that it begins with.
    line: int
    #: Why it cannot be read, instead of the options.
    options: list[Option] | Refused


#: Lines → items.
Read = Callable[[Iterable[Line], Names], Iterator[Record]]


def read_json_lines(lines: Iterable[Line], names: Names) -> Iterator[Record]:
    """Read an object a line; empty lines are none."""
    for line in lines:
        if line.text is None:
            yield Record(line.number, invalid(_UNREADABLE))
        elif line.text.strip():
            yield Record(line.number, _read_object(line.text, names))


def read_csv(lines: Iterable[Line], names: Names) -> Iterator[Record]:
    """Read a row an item; the first row names the columns, and an empty cell is as good as none.

    Raises:
        Refused: The columns have no usable names.
    """
    place = _Place(lines)
    rows = csv.reader(place, strict=True)
    columns: list[str] | None = None
    while True:
        begins_at = place.number + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except _Unreadable:
            yield Record(place.number, invalid(_UNREADABLE))
            # A quoted cell may have been open: what follows cannot be told.
            return
        except csv.Error as error:
            yield Record(begins_at, invalid(f"The row is no CSV: {error}."))
            return
        if columns is None:
            columns = _columns(row, names)
        elif any(cell.strip() for cell in row):
            yield Record(begins_at, _read_row(columns, row, names))


class _Unreadable(Exception):
    """Raised inside the CSV reader for a line that is no text."""


class _Place:
    """Lines for the CSV reader, with the number of the last one that it took."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number = line.number
        if line.text is None:
            raise _Unreadable
        return line.text + "\n"


def _columns(row: list[str], names: Names) -> list[str]:
    columns = [cell.strip() for cell in row]
    if not any(names.find(column) for column in columns):
        raise invalid(
            "The first line must name the columns, with commas between: image_url,reference,cloth_class"
        )
    return columns


def _read_row(columns: list[str], row: list[str], names: Names) -> list[Option] | Refused:
    if len(row) > len(columns):
        return invalid(f"The row has {len(row)} cells, and there are {len(columns)} columns.")
    return _options(zip(columns, row, strict=False), names)


def _read_object(text: str, names: Names) -> list[Option] | Refused:
    try:
        # Pairs instead of an object: a name that occurs twice is not passed over.
        pairs = json.loads(text, object_pairs_hook=_Pairs, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return invalid(_NO_OBJECT)
    return _options(pairs, names) if isinstance(pairs, _Pairs) else invalid(_NO_OBJECT)


class _Pairs(list[tuple[str, Any]]):
    """A JSON object."""


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _options(sent: Iterable[tuple[str, Any]], names: Names) -> list[Option] | Refused:
    """Keep what has a known name; like a form, whose parts may be empty."""
    options = []
    try:
        for spelling, value in sent:
            found = names.find(spelling)
            text = _text_of(spelling, value).strip() if found else ""
            if found and text:
                text.encode()
                options.append(Option(found[0], found[1], text))
    except Refused as error:
        return error
    except UnicodeEncodeError:
        return invalid(_HALF)
    except RecursionError:
        # It was read, and cannot be written: that takes more of the stack.
        return invalid(_NO_OBJECT)
    return options


def _text_of(name: str, value: Any) -> str:
    """Write a JSON value as a form would send it.

    Raises:
        Refused: ERROR_INVALID_PARAMETER: it is none that a form could hold.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, _Pairs):
        return _write_object(value)
    if all(isinstance(part, str) for part in value):
        return ",".join(value)
    raise invalid(f"`{name[:64]}` must be a text, a number, true, false, or a list of texts.")


def _write_object(pairs: _Pairs) -> str:
    """Write an object as it came, names that occur twice included: of metadata, `api.intake.tags` judges it."""
    written = (f"{json.dumps(name)}:{json.dumps(value)}" for name, value in pairs)
    return f"{{{','.join(written)}}}"


#: Of `Content-Type`.
READERS: dict[str, Read] = {
    "application/jsonl": read_json_lines,
    "application/x-ndjson": read_json_lines,
    "application/x-jsonlines": read_json_lines,
    "application/json-lines": read_json_lines,
    "text/csv": read_csv,
}

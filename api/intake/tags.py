"""What a client calls a job: a `reference` (a SKU, say), and `metadata` of its own.

`metadata` comes as the text of a JSON object, as a field for each pair (`metadata[colour]`), or as both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from pydantic import Field

from api.intake.options import METADATA, REFERENCE, Option, invalid, text_of
from shared.job import Tags

MAX_REFERENCE = 255
MAX_PAIRS = 16
MAX_KEY, MAX_VALUE = 64, 512

_PAIR = re.compile(r"[^\[]*\[([^\[\]]*)\]\s*", re.DOTALL)
#: No controls, and nothing that changes how its neighbours are read; nor what stands for bytes that are not UTF-8.
VISIBLE = re.compile(
    r"[^\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]*"
)
#: Lines and tabs, too.
TEXT = re.compile(r"[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufff9-\uffff]*")
#: No text: half a character, which only the escapes of JSON can write.
_HALF = re.compile(r"[\ud800-\udfff]")

Reference = Annotated[
    str,
    Field(
        max_length=MAX_REFERENCE,
        pattern=f"^{VISIBLE.pattern}$",
        description="What you call the job: a SKU, say. Several may have the same. No invisible characters.",
        examples=["SKU-4711"],
    ),
]
_Key = Annotated[
    str,
    # As a `pattern` of the field it would describe some keys, and leave others free.
    Field(min_length=1, max_length=MAX_KEY, json_schema_extra={"pattern": f"^{VISIBLE.pattern}$"}),
]
_Value = Annotated[str, Field(max_length=MAX_VALUE, pattern=f"^{TEXT.pattern}$")]
Metadata = Annotated[
    dict[_Key, _Value],
    Field(
        max_length=MAX_PAIRS,
        description="What else you want to find with the job. In a form it is the text of a JSON object, or a field "
        "for each pair, `metadata[key]`.",
        examples=[{"colour": "red", "size": "38"}],
    ),
]

_NO_OBJECT = (
    f'`{METADATA}` must be a JSON object of texts, such as {{"colour": "red", "size": "38"}}.'
)

_Pair = tuple[str, str]


def read_tags(options: list[Option]) -> Tags:
    """Read both.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    return Tags(reference=check_reference(text_of(options, REFERENCE)), metadata=_metadata(options))


def check_reference(text: str) -> str:
    """Let a reference pass.

    Raises:
        Refused: ERROR_INVALID_PARAMETER: no job can have it.
    """
    if len(text) > MAX_REFERENCE or not matches(VISIBLE, text):
        raise invalid(
            f"`{REFERENCE}` may have {MAX_REFERENCE} characters, in UTF-8, and no invisible ones."
        )
    return text


def _metadata(options: Iterable[Option]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for option in options:
        if option.name != METADATA or not option.text:
            continue
        for key, value in _pairs_of(option):
            if pairs.setdefault(key, value) != value:
                raise invalid(f"`{METADATA}` was sent with different values for `{key}`.")
    if len(pairs) > MAX_PAIRS:
        raise invalid(f"`{METADATA}` may have {MAX_PAIRS} pairs.")
    return pairs


def _pairs_of(option: Option) -> Iterator[_Pair]:
    pairs = [(_key_in(option.origin), option.text)] if "[" in option.origin else _parse(option.text)
    for key, value in pairs:
        if not 0 < len(key) <= MAX_KEY or not matches(VISIBLE, key):
            raise invalid(
                f"A key of `{METADATA}` must have 1 to {MAX_KEY} characters, in UTF-8, and no invisible ones."
            )
        if not isinstance(value, str):
            raise invalid(_NO_OBJECT)
        if len(value) > MAX_VALUE or not matches(TEXT, value):
            raise invalid(
                f"A value of `{METADATA}` may have {MAX_VALUE} characters, in UTF-8, and no control characters."
            )
        yield key, value


def _key_in(spelling: str) -> str:
    found = _PAIR.fullmatch(spelling)
    if found is None:
        raise invalid(f"Send a pair of `{METADATA}` as `{METADATA}[key]`.")
    return found[1].strip()


def _parse(text: str) -> list[tuple[str, Any]]:
    try:
        # A list of pairs stands for an object, in which a key may occur twice; there is no tuple in JSON.
        parsed = json.loads(text, object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, tuple):
        raise invalid(_NO_OBJECT)
    return list(parsed)


def matches(kind: re.Pattern[str], text: str) -> bool:
    """Whether all of a text is of a kind, and can be written as UTF-8."""
    return kind.fullmatch(text) is not None and _HALF.search(text) is None

"""The options of an upload, from every place and spelling in which clients send them (contract, section 1).

Each face has its names: what only `/v1` knows stays unknown, and ignored, on the hosted API's path.

A known name is never passed over. These all are `cloth_class`: `clothClass`, `Cloth-Class`, `cloth_class[]`,
`cloth_class[0]`, a part with a file name, a parameter of the URL. What says two things at once is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple, TypeVar

from shared.errors import ErrorCode, Refused
from shared.job import CutoutOptions
from shared.wire.contract import Category, OutMode, ReturnForm, TaskType
from shared.wire.presets import PRESET, Presets
from shared.wire.rendition import NO_SHADOW, OUTPUTS, WORDS, Rendition, Shadow, read_rendition

IMAGE, IMAGE_URL, UPLOAD = "image", "image_url", "upload"
REFERENCE, METADATA = "reference", "metadata"
CALLBACK_URL = "callback_url"

_NO_LETTER = re.compile(r"[^a-z0-9]")
#: A name, and what may stand behind it: a place in a list (`[]`, `[0]`, `.0`), or some other brackets.
_SPELLING = re.compile(r"([^\[]*?)(?:(\[\s*\d*\s*\]|\.\d+)|(\[.*))?\s*", re.DOTALL)
_SEPARATOR = re.compile(r"[\[\].:/]+")
#: No spelling of a known name is longer.
_MAX_NAME = 64

_Word = TypeVar("_Word", bound=StrEnum)


class Option(NamedTuple):
    """A text under one of the contract's names."""

    name: str
    #: Where and how it was sent: texts of one origin can be a list, those of two are two answers to one question.
    origin: str
    text: str

    @property
    def in_url(self) -> bool:
        """Whether it came as a parameter of the request's own URL."""
        return self.origin.startswith("?")


class Names:
    """The names that one face knows."""

    def __init__(self, *names: str) -> None:
        """Know these."""
        self.all = names
        self._by_letters = {name.replace("_", ""): name for name in names}

    def find(self, spelling: str) -> tuple[str, str] | None:
        """Find the contract's name for a name as it was sent, and the latter without a place in a list.

        Raises:
            Refused: ERROR_INVALID_PARAMETER: there are other brackets behind it.
        """
        head, bracket, _ = spelling.partition("[")
        if bracket and self._find(head) == METADATA:
            return METADATA, spelling
        found = _SPELLING.fullmatch(spelling) if len(spelling) <= _MAX_NAME else None
        name = self._find(found[1]) if found else None
        if found is None or name is None:
            self._refuse_nested(spelling)
            return None
        if found[3] is not None:
            raise invalid(f"Send `{name}` under this very name, without anything in brackets.")
        return name, found[1].strip()

    def _refuse_nested(self, spelling: str) -> None:
        """Refuse a known name inside another one, as `data[cloth_class]`, or with a value behind it.

        Names of one plain word, as `size`, are passed over here: there are too many things that may have one.
        """
        words = _SEPARATOR.split(spelling[: 2 * _MAX_NAME])
        # What is a client's own may have any name, also where metadata are not taken.
        if len(words) == 1 or _letters(words[0]) == METADATA:
            return
        for word in words:
            name = self._find(word)
            if name is not None and "_" in name:
                raise invalid(f"Send `{name}` under this very name, not inside another one.")

    def _find(self, word: str) -> str | None:
        if len(word) > _MAX_NAME:
            return None
        return self._by_letters.get(_letters(word))


HOSTED = Names(IMAGE, "cloth_class", "return_form", "out_mode", "task_type")
MODERN = Names(*HOSTED.all, IMAGE_URL, UPLOAD, PRESET, *WORDS, REFERENCE, METADATA, CALLBACK_URL)


def _letters(word: str) -> str:
    """What two spellings of a name have in common, full-width ones too."""
    return _NO_LETTER.sub("", unicodedata.normalize("NFKC", word).lower())


class Wanted(NamedTuple):
    """What the options of an upload mean."""

    options: CutoutOptions
    #: The same without what a preset said, which an operator may edit: two uploads are the same by what was sent.
    as_sent: CutoutOptions
    task_type: TaskType


def read_options(sent: Iterable[Option], presets: Presets) -> Wanted:
    """Make sense of all that was sent.

    Raises:
        Refused: ERROR_INVALID_PARAMETER, with the name of the option.
    """
    options = list(sent)
    given = _rendition_words(options)
    words = _with_preset(given, presets)
    form, rendition = _word(options, "return_form", ReturnForm), _rendition(words)
    outputs = rendition.outputs
    cutout = CutoutOptions(
        cloth_class=_categories(options),
        return_form=_return_form(form, outputs),
        out_mode=_out_mode(options),
        rendition_words=words,
    )
    if rendition.shadow is not Shadow.NONE and ReturnForm.CUTOUT not in cutout.forms:
        raise invalid(NO_SHADOW)
    sent_form = cutout.return_form if "outputs" in given else form
    as_sent = replace(cutout, return_form=sent_form, rendition_words=given)
    return Wanted(cutout, as_sent, _word(options, "task_type", TaskType))


def text_of(options: list[Option], name: str) -> str:
    """Read what was sent under a name; empty if nothing was.

    Raises:
        Refused: ERROR_INVALID_PARAMETER: it was sent with different values.
    """
    return _only(name, _texts(options, name))


def _rendition_words(options: list[Option]) -> dict[str, str]:
    """Read how the pictures are to be delivered."""
    sent = {name: _only(name, _texts(options, name)) for name in (PRESET, *WORDS)}
    return {name: text for name, text in sent.items() if text}


def _with_preset(given: Mapping[str, str], presets: Presets) -> Mapping[str, str]:
    """Add what the preset says of what was not sent."""
    preset = given.get(PRESET)
    if preset is not None and preset not in presets:
        raise _unknown(PRESET, sorted(presets))
    return {**presets[preset].words, **given} if preset else given


def _rendition(words: Mapping[str, str]) -> Rendition:
    try:
        return read_rendition(words)
    except ValueError as error:
        raise invalid(str(error)) from None


def _return_form(form: ReturnForm, outputs: Sequence[ReturnForm]) -> ReturnForm:
    """Choose the form; of several outputs, which have a name of their own, it is the first."""
    if outputs and form and form is not outputs[0]:
        raise invalid(
            f"`return_form` and `outputs` contradict each other. Send `outputs` alone: {', '.join(OUTPUTS)}."
        )
    return outputs[0] if outputs else form


def _categories(options: list[Option]) -> tuple[Category, ...]:
    """Read the list; form libraries also send it as several texts under one name."""
    by_origin: defaultdict[str, list[str]] = defaultdict(list)
    for option in options:
        by_origin[option.origin] += (
            [option.text] if option.name == "cloth_class" and option.text else []
        )
    text = _only("cloth_class", [",".join(texts) for texts in by_origin.values()])
    if not text:
        return ()
    try:
        return tuple(dict.fromkeys(Category(word.strip()) for word in text.split(",")))
    except ValueError:
        raise _unknown("cloth_class", list(Category), "a comma-separated list of ") from None


def _out_mode(options: list[Option]) -> OutMode:
    words = {str(int(mode)): mode for mode in OutMode}
    text = _only("out_mode", _texts(options, "out_mode")) or "0"
    if text not in words:
        raise _unknown("out_mode", list(words))
    return words[text]


def _word(options: list[Option], name: str, words: type[_Word]) -> _Word:
    try:
        return words(_only(name, _texts(options, name)))
    except ValueError:
        raise _unknown(name, [word for word in words if word]) from None


def _texts(options: list[Option], name: str) -> list[str]:
    return [option.text for option in options if option.name == name]


def _only(name: str, texts: list[str]) -> str:
    """Choose what was sent, however often; empty if nothing was."""
    different = {text for text in texts if text}
    if len(different) > 1:
        raise invalid(
            f"`{name}` was sent with different values. Send it once, as a field of the form."
        )
    return different.pop() if different else ""


def _unknown(name: str, words: list[str], kind: str = "one of ") -> Refused:
    known = ", ".join(words)
    return invalid(f"`{name}` must be {kind}{known}, or be left out.")


def invalid(message: str) -> Refused:
    """Refuse a value, with what to send instead."""
    return Refused(ErrorCode.ERROR_INVALID_PARAMETER, message)

"""A rendition: how the pictures of a job are delivered, beyond what the hosted API knows. Only `/v1` can ask for it.

Its words are the same in a form, in a preset and in the job table, so there is one reader for all three.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from shared.wire.contract import ReturnForm

#: Sides of a canvas, in pixels.
MIN_CANVAS, MAX_CANVAS = 50, 3000
#: Of a margin: pixels, and per cent of the longer side of what is shown.
MAX_MARGIN, MAX_MARGIN_PERCENT = 1000, 50
DEFAULT_FILL, DEFAULT_QUALITY = 0.85, 90

#: All words.
WORDS = (
    *("format", "quality", "outputs", "background", "shadow"),
    *("crop", "margin", "canvas", "fill"),
)

TRANSPARENT = "transparent"
#: Why a shadow is refused.
NO_SHADOW = (
    "`shadow` lies behind the output `cutout`, which is not asked for; `white` is pure white. "
    "For a shadow on white send `outputs=cutout` and `background=ffffff`."
)
#: The words of the outputs.
OUTPUTS: Mapping[str, ReturnForm] = {form.word: form for form in ReturnForm}

_COLOUR = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})")
_SIZE = re.compile(r"([0-9]{1,5})\s*[x×]\s*([0-9]{1,5})")
_MARGIN = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,3})?)\s*(px|%)?")
_NUMBER = re.compile(r"[0-9]{1,3}")
_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*(%)?")
_WHETHER = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

_Value = TypeVar("_Value")


class Format(StrEnum):
    """File formats of pictures; the values are the words of `format`, and the ends of file names."""

    PNG = "png"
    WEBP = "webp"
    JPEG = "jpeg"
    AVIF = "avif"

    @property
    def media_type(self) -> str:
        """Its `Content-Type`."""
        return f"image/{self.value}"

    @property
    def has_opacity(self) -> bool:
        """Whether pixels can be transparent."""
        return self is not Format.JPEG


class Shadow(StrEnum):
    """What lies behind the cut-out."""

    NONE = "none"
    SOFT = "soft"


@dataclass(frozen=True)
class Margin:
    """What is left around the clothing."""

    amount: float
    #: Whether `amount` is per cent of the longer side of what is shown, and not pixels of the photo.
    is_percent: bool = False


@dataclass(frozen=True, kw_only=True)
class Cropped:
    """The clothing's box and a margin, at the photo's scale."""

    margin: Margin = Margin(0)


@dataclass(frozen=True, kw_only=True)
class OnCanvas:
    """The clothing scaled to fill a part of a canvas, in its middle."""

    width: int
    height: int
    #: The share of the canvas's width or height that the clothing takes, whichever is reached first: 0.1 to 1.
    fill: float = DEFAULT_FILL


@dataclass(frozen=True, kw_only=True)
class Rendition:
    """How the pictures of a job are delivered. The default is the hosted API's way."""

    format: Format = Format.PNG
    #: Of lossy formats: 1 to 100.
    quality: int = DEFAULT_QUALITY
    #: Which pictures; empty: the one that `return_form` says.
    outputs: tuple[ReturnForm, ...] = ()
    #: What the cut-out is put before; None: nothing, it is transparent.
    background: tuple[int, int, int] | None = None
    #: Of the cut-out alone: masks are of the clothing, and what is on white is on pure white.
    shadow: Shadow = Shadow.NONE
    layout: Cropped | OnCanvas | None = None


PLAIN = Rendition()


def read_rendition(words: Mapping[str, str]) -> Rendition:
    """Make sense of the words that were given; what is not named has its default, and other names are passed over.

    Raises:
        ValueError: A word cannot be understood, or contradicts another. The message is for the client.
    """
    picture_format = _read(words, "format", Format, f"one of {', '.join(Format)}", Format.PNG)
    outputs: tuple[ReturnForm, ...] = _read(
        words, "outputs", _outputs, f"a list of {', '.join(OUTPUTS)}", ()
    )
    return Rendition(
        format=picture_format,
        quality=_read(words, "quality", _quality, "a number from 1 to 100", DEFAULT_QUALITY),
        outputs=outputs,
        background=_background(words, picture_format),
        shadow=_shadow(words, outputs),
        layout=_layout(words),
    )


def _layout(words: Mapping[str, str]) -> Cropped | OnCanvas | None:
    size = _read(
        words,
        "canvas",
        _size,
        f"two sides from {MIN_CANVAS} to {MAX_CANVAS} pixels such as 1600x1600",
        None,
    )
    is_cropped = _read(words, "crop", _whether, "true or false", default=False)
    if size is not None and is_cropped:
        raise ValueError("`crop` and `canvas` exclude each other: a canvas is always filled anew.")
    if size is not None:
        _refuse(words, "margin", "goes with `crop=true`; with `canvas` it is `fill`")
        fill = _read(words, "fill", _fill, "a share from 0.1 to 1", DEFAULT_FILL)
        return OnCanvas(width=size[0], height=size[1], fill=fill)
    _refuse(words, "fill", "goes with `canvas`")
    if not is_cropped:
        _refuse(words, "margin", "goes with `crop=true`")
        return None
    most = f"0 to {MAX_MARGIN} pixels, or 0% to {MAX_MARGIN_PERCENT}%"
    return Cropped(margin=_read(words, "margin", _margin, most, Margin(0)))


def _background(words: Mapping[str, str], picture_format: Format) -> tuple[int, int, int] | None:
    text = words.get("background", "").lower()
    if text == TRANSPARENT and not picture_format.has_opacity:
        raise ValueError(
            f"`background`: a {picture_format.upper()} cannot be transparent. Choose a colour or another `format`."
        )
    if not text and not picture_format.has_opacity:
        return (255, 255, 255)
    if text in {"", TRANSPARENT}:
        return None
    return _read(words, "background", _colour, f"{TRANSPARENT}, or a colour such as ffffff", None)


def _shadow(words: Mapping[str, str], outputs: Collection[ReturnForm]) -> Shadow:
    shadow = _read(words, "shadow", Shadow, f"one of {', '.join(Shadow)}", Shadow.NONE)
    if shadow is not Shadow.NONE and outputs and ReturnForm.CUTOUT not in outputs:
        raise ValueError(NO_SHADOW)
    return shadow


def _read(
    words: Mapping[str, str],
    name: str,
    understand: Callable[[str], _Value],
    kind: str,
    default: _Value,
) -> _Value:
    text = words.get(name, "")
    if not text:
        return default
    try:
        return understand(text.lower())
    except (ValueError, KeyError):
        raise ValueError(f"`{name}` must be {kind}, or be left out.") from None


def _refuse(words: Mapping[str, str], name: str, reason: str) -> None:
    if words.get(name):
        raise ValueError(f"`{name}` {reason}.")


def _whether(text: str) -> bool:
    return _WHETHER[text]


def _quality(text: str) -> int:
    return _within(int(_matched(_NUMBER, text)[0]), 1, 100)


def _fill(text: str) -> float:
    amount, percent = _matched(_SHARE, text).groups()
    return _within(float(amount) / (100 if percent else 1), 0.1, 1)


def _outputs(text: str) -> tuple[ReturnForm, ...]:
    return tuple(dict.fromkeys(OUTPUTS[word.strip()] for word in text.split(",")))


def _size(text: str) -> tuple[int, int]:
    width, height = map(int, _matched(_SIZE, text).groups())
    return _within(width, MIN_CANVAS, MAX_CANVAS), _within(height, MIN_CANVAS, MAX_CANVAS)


def _margin(text: str) -> Margin:
    amount, unit = _matched(_MARGIN, text).groups()
    most = MAX_MARGIN_PERCENT if unit == "%" else MAX_MARGIN
    return Margin(_within(float(amount), 0, most), is_percent=unit == "%")


def _colour(text: str) -> tuple[int, int, int]:
    digits = _matched(_COLOUR, text)[1]
    if len(digits) == 3:  # noqa: PLR2004  as in CSS, one digit for both of a channel
        digits = "".join(2 * digit for digit in digits)
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


def _matched(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.fullmatch(text)
    if found is None:
        raise ValueError
    return found


_Number = TypeVar("_Number", int, float)


def _within(number: _Number, least: float, most: float) -> _Number:
    if not least <= number <= most:
        raise ValueError
    return number

"""What is asked for: the fields that `POST /v1/jobs` takes beside the photo."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

CATEGORIES = ("tops", "coat", "skirt", "pants", "bag", "shoes", "hat")
FORMS = ("cutout", "mask", "white")
FORMATS = ("png", "webp", "jpeg", "avif")

#: Fields that options of the command stand for, and those options.
_OPTIONS = {
    "cloth_class": "--classes",
    "outputs": "--form",
    **{
        name: f"--{name}"
        for name in ("format", "quality", "background", "margin", "canvas", "fill", "preset")
    },
}


@dataclass(frozen=True)
class Options:
    """What the pictures of a job shall be. All can be left out."""

    #: The categories that get a picture of their own.
    classes: Sequence[str] = ()
    #: Several pictures from one look: cutout, mask, white.
    forms: Sequence[str] = ()
    format: str = ""
    quality: int | None = None
    #: A colour such as f4f4f4.
    background: str = ""
    crop: bool = False
    #: Around the clothing: pixels, or `5%`.
    margin: str = ""
    #: A size such as 1600x1600.
    canvas: str = ""
    fill: float | None = None
    preset: str = ""
    #: What else the service knows, by the names of its form.
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> Sequence[str]:
        """The forms, with the one that the service takes where none is named."""
        return self.forms or FORMS[:1]

    def fields(self) -> dict[str, str]:
        """Write them as the form's fields, without those that are left out."""
        named = {
            "cloth_class": ",".join(self.classes),
            "outputs": ",".join(self.forms),
            "format": self.format,
            "quality": "" if self.quality is None else str(self.quality),
            "background": self.background,
            "crop": "true" if self.crop else "",
            "margin": self.margin,
            "canvas": self.canvas,
            "fill": "" if self.fill is None else str(self.fill),
            "preset": self.preset,
        }
        return {name: text for name, text in named.items() if text} | dict(self.more)


def as_options(fields: Mapping[str, str]) -> str:
    """Write fields of the form as the options of `cutwork` that ask for them."""
    return " ".join(_as_option(name, text) for name, text in fields.items())


def _as_option(name: str, text: str) -> str:
    if (name, text) == ("crop", "true"):
        return "--crop"
    if name in _OPTIONS:
        return f"{_OPTIONS[name]} {shlex.quote(text)}"
    return f"--set {shlex.quote(f'{name}={text}')}"

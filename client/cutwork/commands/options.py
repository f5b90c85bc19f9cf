"""Options that several commands have."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from cutwork.access import Access, find_access
from cutwork.options import CATEGORIES, FORMATS, FORMS, Options

if TYPE_CHECKING:
    from cutwork.client import Client

Command = Callable[..., Any]


class Words(click.ParamType[Any]):
    """A list of known words, with commas between them."""

    name = "words"

    def __init__(self, known: tuple[str, ...]) -> None:
        """Take the known words."""
        self._known = known

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Split the list, and check each word."""
        if isinstance(value, tuple):  # The default, if the option is left out.
            return value
        words = [word.strip() for word in str(value).split(",") if word.strip()]
        for word in words:
            if word not in self._known:
                self.fail(f"{word!a} is none of {', '.join(self._known)}.", param, ctx)
        return tuple(dict.fromkeys(words))


class Setting(click.ParamType[Any]):
    """One field of the form, and its value."""

    name = "setting"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Split it at the `=`."""
        name, found, text = str(value).partition("=")
        if not name or not found:
            self.fail(f"{value!a} is not NAME=VALUE.", param, ctx)
        return name, text


class Duration(click.ParamType[Any]):
    """A time, as seconds."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read it: `90s`, `15m` or `2h`."""
        found = re.fullmatch(r"(\d+)([smh]?)", str(value))
        if found is None:
            self.fail(f"{value!a} is no time such as 90s, 15m or 2h.", param, ctx)
        return int(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


with_url = click.option(
    "--url", metavar="URL", help="Where the service is.  [CUTWORK_URL, or http://127.0.0.1:8000]"
)
_PICTURES = (
    click.option(
        "--classes",
        type=Words(CATEGORIES),
        default=(),
        metavar="A,B",
        help=f"A picture for each of these, too: {', '.join(CATEGORIES)}.",
    ),
    click.option(
        "--form",
        "forms",
        type=Words(FORMS),
        default=(),
        metavar="A,B",
        help="What pictures show: cutout (if left out), mask, white. Several from one look at the photo.",
    ),
    click.option("--format", type=click.Choice(FORMATS), help="Of every picture.  [png]"),
    click.option(
        "--quality", type=click.IntRange(1, 100), metavar="N", help="Of lossy formats.  [90]"
    ),
    click.option("--background", metavar="RRGGBB", help="A colour behind the cut-out."),
    click.option("--crop", is_flag=True, help="Crop to the clothing."),
    click.option("--margin", metavar="PX|N%", help="With --crop: what is left around it."),
    click.option("--canvas", metavar="WxH", help="Scale the clothing into a picture of this size."),
    click.option(
        "--fill",
        type=click.FloatRange(0.1, 1),
        metavar="X",
        help="With --canvas: the share it takes.  [0.85]",
    ),
    click.option("--preset", metavar="NAME", help="A marketplace's rules, such as amazon-main."),
    click.option(
        "--set",
        "more",
        type=Setting(),
        multiple=True,
        metavar="NAME=VALUE",
        help="Any other field of the service's form.",
    ),
)


def with_access(command: Command) -> Command:
    """Give a command the service that it speaks to, as `access`."""

    @wraps(command)
    def wrapped(*, url: str | None, **arguments: Any) -> Any:
        return command(access=find_access(url), **arguments)

    return with_url(wrapped)


def with_pictures(command: Command) -> Command:
    """Give a command what pictures shall be, as `options`."""

    @wraps(command)
    def wrapped(
        *,
        classes: tuple[str, ...],
        forms: tuple[str, ...],
        format: str | None,  # noqa: A002 (the option's name)
        quality: int | None,
        background: str | None,
        crop: bool,
        margin: str | None,
        canvas: str | None,
        fill: float | None,
        preset: str | None,
        more: tuple[tuple[str, str], ...],
        **arguments: Any,
    ) -> Any:
        options = Options(
            classes=classes,
            forms=forms,
            format=format or "",
            quality=quality,
            background=background or "",
            crop=crop,
            margin=margin or "",
            canvas=canvas or "",
            fill=fill,
            preset=preset or "",
            more=dict(more),
        )
        return command(options=options, **arguments)

    for decorate in reversed(_PICTURES):
        wrapped = decorate(wrapped)
    return wrapped


def connection(access: Access) -> Client:
    """Connect to a service; the HTTP library is loaded only now, so that `--help` is quick."""
    from cutwork.client import Client  # noqa: PLC0415

    return Client(access)

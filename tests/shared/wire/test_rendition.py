"""How pictures are delivered: each word is understood, or refused in words that help."""

from __future__ import annotations

import re

import pytest

from shared.wire.contract import ReturnForm
from shared.wire.rendition import (
    PLAIN,
    Cropped,
    Format,
    Margin,
    OnCanvas,
    Rendition,
    read_rendition,
)


def test_nothing_said_is_the_hosted_apis_way() -> None:
    assert read_rendition({}) == PLAIN == read_rendition({"format": "", "crop": "false"})


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"format": "webp", "quality": "75"}, Rendition(format=Format.WEBP, quality=75)),
        ({"format": "AVIF"}, Rendition(format=Format.AVIF)),
        (
            {"outputs": "mask, cutout,mask"},
            Rendition(outputs=(ReturnForm.MASK, ReturnForm.CUTOUT)),
        ),
        ({"background": "#F80"}, Rendition(background=(255, 136, 0))),
        ({"background": "0a0b0c"}, Rendition(background=(10, 11, 12))),
        ({"background": "Transparent"}, PLAIN),
        ({"crop": "1"}, Rendition(layout=Cropped())),
        ({"crop": "true", "margin": "40"}, Rendition(layout=Cropped(margin=Margin(40)))),
        ({"crop": "true", "margin": "40px"}, Rendition(layout=Cropped(margin=Margin(40)))),
        (
            {"crop": "true", "margin": "2.5%"},
            Rendition(layout=Cropped(margin=Margin(2.5, is_percent=True))),
        ),
        ({"canvas": "800x1200"}, Rendition(layout=OnCanvas(width=800, height=1200))),
        (
            {"canvas": "800×1200", "fill": "90%"},
            Rendition(layout=OnCanvas(width=800, height=1200, fill=0.9)),
        ),
    ],
)
def test_what_is_said_is_understood(words: dict[str, str], expected: Rendition) -> None:
    assert read_rendition(words) == expected


def test_a_jpeg_stands_on_white_unless_a_colour_is_named() -> None:
    assert read_rendition({"format": "jpeg"}).background == (255, 255, 255)
    assert read_rendition({"format": "jpeg", "background": "eee"}).background == (238, 238, 238)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ({"format": "gif"}, "`format` must be one of png, webp, jpeg, avif"),
        ({"quality": "0"}, "`quality` must be a number from 1 to 100"),
        ({"quality": "best"}, "`quality`"),
        ({"quality": "1_0"}, "`quality`"),
        ({"outputs": "cutout,video"}, "`outputs` must be a list of cutout, mask, white"),
        ({"background": "red"}, "`background` must be transparent, or a colour such as ffffff"),
        ({"background": "12345"}, "`background`"),
        ({"background": "transparent", "format": "jpeg"}, "a JPEG cannot be transparent"),
        ({"crop": "perhaps"}, "`crop` must be true or false"),
        ({"crop": "1", "margin": "51%"}, "`margin` must be"),
        ({"crop": "1", "margin": "1001"}, "`margin` must be"),
        ({"crop": "1", "margin": "-1"}, "`margin` must be"),
        ({"margin": "5"}, "`margin` goes with `crop=true`"),
        ({"canvas": "49x100"}, "`canvas` must be"),
        ({"canvas": "3001x100"}, "`canvas` must be"),
        ({"canvas": "large"}, "`canvas` must be"),
        ({"canvas": "٣٠٠x٣٠٠"}, "`canvas` must be"),
        ({"canvas": "300x300", "fill": "0.05"}, "`fill` must be"),
        ({"canvas": "300x300", "fill": "nan"}, "`fill` must be"),
        ({"canvas": "300x300", "margin": "5"}, "with `canvas` it is `fill`"),
        ({"fill": "0.5"}, "`fill` goes with `canvas`"),
        ({"crop": "1", "canvas": "300x300"}, "exclude each other"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(words: dict[str, str], names: str) -> None:
    with pytest.raises(ValueError, match=re.escape(names)):
        read_rendition(words)

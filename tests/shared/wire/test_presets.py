"""Presets: those that come with Cutwork can be used, and a file that cannot is told at the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.errors import Misconfigured
from shared.wire.presets import BUNDLED, load_presets
from shared.wire.rendition import Format, OnCanvas, read_rendition


def test_the_bundled_ones_keep_to_what_their_marketplaces_publish() -> None:
    presets = load_presets(BUNDLED)

    assert set(presets) == {"amazon-main", "google-shopping"}
    amazon = read_rendition(presets["amazon-main"].words)
    assert isinstance(amazon.layout, OnCanvas)
    assert amazon.format is Format.JPEG
    assert amazon.layout.fill >= 0.85
    assert min(amazon.layout.width, amazon.layout.height) >= 1600
    google = read_rendition(presets["google-shopping"].words)
    assert isinstance(google.layout, OnCanvas)
    assert 0.75 <= google.layout.fill <= 0.9
    assert min(google.layout.width, google.layout.height) >= 1500


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[broken", "presets in"),
        ('[mine]\nabout = ""\nwords = {}', "checked"),
        ('[mine]\nchecked = 2026-01-01\nabout = ""\nwords = {colour = "red"}', "unknown: colour"),
        ('[mine]\nchecked = 2026-01-01\nabout = ""\nwords = {format = "gif"}', "`format` must be"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_fault(
    tmp_path: Path, text: str, named: str
) -> None:
    file = tmp_path / "presets.toml"
    file.write_text(text)

    with pytest.raises(Misconfigured) as refused:
        load_presets(file)
    assert str(file) in str(refused.value)
    assert named in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"none\.toml"):
        load_presets(tmp_path / "none.toml")

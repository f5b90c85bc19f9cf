"""Presets: what a marketplace wants of a picture, under one name. Data with a date, which an operator may edit."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from shared.errors import Misconfigured
from shared.wire.rendition import WORDS, read_rendition

#: The option's name.
PRESET = "preset"
BUNDLED = Path(__file__).with_name("presets.toml")


class Preset(BaseModel):
    """One marketplace's wishes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: When somebody last read the marketplace's rules.
    checked: date
    about: str
    #: As a client would send them.
    words: Mapping[str, str]

    @field_validator("words")
    @classmethod
    def _can_be_read(cls, words: Mapping[str, str]) -> Mapping[str, str]:
        if unknown := sorted(set(words) - set(WORDS)):
            raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(WORDS)}")
        read_rendition(words)
        return words


Presets = Mapping[str, Preset]


def load_presets(file: Path) -> Presets:
    """Read a file of presets, each a table of its own.

    Raises:
        Misconfigured: It is not there, or something in it cannot be used.
    """
    try:
        tables = tomllib.loads(file.read_text("utf-8"))
        return {name: Preset.model_validate(table) for name, table in tables.items()}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise Misconfigured(f"presets in {file}: {error}") from None

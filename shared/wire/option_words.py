"""Options as the tables hold them: words, of which a newer release may have written some that this one does not know.

Two releases share the tables during an upgrade, and after one that was taken back. Who only passes a row on takes its
words as they are; who has to understand them reads them (`CutoutOptions.read`), and leaves the row to others if it
cannot. So a new option is a new word of the rendition, and never a new column or field: those nobody would miss.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class OptionWords:
    """What the client asked for, not understood yet."""

    cloth_class: tuple[str, ...] = ()
    return_form: str = ""
    out_mode: int = 0
    #: How the pictures are delivered: the words of `shared.wire.rendition`, and the name of a preset that was sent.
    rendition: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_row(cls, row: Mapping[Any, Any]) -> Self:
        """Take them from the columns of a row, or from what an item of a batch is kept as."""
        return cls(
            cloth_class=tuple(row["cloth_class"]),
            return_form=row["return_form"],
            out_mode=row["out_mode"],
            rendition=row["rendition"] or {},
        )

    def as_row(self) -> dict[str, Any]:
        """Write them down for `of_row`."""
        return {
            "cloth_class": list(self.cloth_class),
            "return_form": self.return_form,
            "out_mode": self.out_mode,
            "rendition": dict(self.rendition),
        }

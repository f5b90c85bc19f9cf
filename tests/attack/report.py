"""What `make attack` prints."""

from __future__ import annotations

from collections.abc import Sequence

from tests.attack.attempt import Outcome


def table(outcomes: Sequence[Outcome]) -> str:
    """Write one line an attempt, as Markdown."""
    lines = ["| threat | attempt | seen | |", "|---|---|---|---|"]
    threat = ""
    for it in outcomes:
        shown = it.threat if it.threat != threat else ""
        threat = it.threat
        seen = it.seen.replace("|", "\\|").replace("\n", " ")
        lines.append(
            f"| {shown} | {words(it.attempt)} | {seen} | {'held' if it.held else '**NOT HELD**'} |"
        )
    return "\n".join(lines)


def words(name: str) -> str:
    """Read a function's name as the sentence that it is."""
    return name.replace("_", " ")

"""What a look has found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How bad it is."""

    FINE = "fine"
    #: It cannot be told from here.
    UNSEEN = "unseen"
    #: It works, and may not for long, or not as it was meant.
    DOUBTFUL = "doubtful"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One line."""

    #: What was looked at.
    subject: str
    state: State
    #: What was seen.
    seen: str
    #: What to do about it; empty where it is fine.
    cure: str

    def __str__(self) -> str:
        """Write it for people."""
        line = f"{self.state:<8}  {self.subject:<14}  {self.seen}"
        return f"{line}\n{'':26}→ {self.cure}" if self.cure else line


def fine(subject: str, seen: str) -> Finding:
    """Say that something is as it must be."""
    return Finding(subject, State.FINE, seen, "")


def unseen(subject: str, seen: str, cure: str) -> Finding:
    """Say why something cannot be told from here, and from where it can."""
    return Finding(subject, State.UNSEEN, seen, cure)


def doubtful(subject: str, seen: str, cure: str) -> Finding:
    """Say what works, and may not be meant so."""
    return Finding(subject, State.DOUBTFUL, seen, cure)


def wrong(subject: str, seen: str, cure: str) -> Finding:
    """Say what is wrong."""
    return Finding(subject, State.WRONG, seen, cure)


def cause_of(error: BaseException) -> str:
    """Say in one line what a driver said, which an error of ours keeps as its cause."""
    innermost = error
    while innermost.__cause__ is not None:
        innermost = innermost.__cause__
    said, text = (" ".join(str(it).split()) for it in (error, innermost))
    return said if text in said else f"{said}: {text or type(innermost).__name__}"

"""Why somebody should look at a picture: the codes of a report, and the service's own words for them."""

from __future__ import annotations

from collections.abc import Iterable

REASONS = {
    "empty": "none of what was asked for was found",
    "small": "the clothing is a small part of the photo",
    "unsure": "the network was not sure of much of it",
}


def in_words(reasons: Iterable[str]) -> list[str]:
    """Say them in words; those of another release as they are."""
    return [REASONS.get(reason, reason) for reason in reasons]

"""The photo that attempts upload: one that shows clothes, so that its job has a result."""

from __future__ import annotations

from functools import cache

from tests.pictures import astronaut, jpeg


@cache
def small_photo() -> bytes:
    """A person in an orange suit, 192 × 192."""
    return jpeg(astronaut().resize((192, 192)), quality=90)

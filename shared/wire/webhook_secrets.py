"""The secrets by which receivers know that a delivery is ours: `whsec_` and 24 to 64 bytes in base64."""

from __future__ import annotations

import base64
import binascii
import secrets

_PREFIX = "whsec_"
_LEAST_BYTES, _MOST_BYTES, _OUR_BYTES = 24, 64, 32


def new_secrets(callback_url: str | None) -> tuple[str, ...]:
    """Make one, if there is somebody to be told."""
    if not callback_url:
        return ()
    return (_PREFIX + base64.b64encode(secrets.token_bytes(_OUR_BYTES)).decode(),)


def read_secrets(text: str) -> tuple[bytes, ...]:
    """Read a list with commas; each of them signs every delivery.

    Raises:
        ValueError: One is not valid. It is not shown.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    return tuple(_read(word, place) for place, word in enumerate(words, 1))


def _read(word: str, place: int) -> bytes:
    try:
        secret = base64.b64decode(word.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not word.startswith(_PREFIX) or not _LEAST_BYTES <= len(secret) <= _MOST_BYTES:
        raise ValueError(
            f"secret {place} of webhook_secrets is not one: write `{_PREFIX}` and {_LEAST_BYTES} to {_MOST_BYTES} "
            "random bytes in base64"
        )
    return secret

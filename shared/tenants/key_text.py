"""The text of a key, `cw_<id>_<secret>`: its holder has it, and nobody else."""

from __future__ import annotations

import hashlib
import re
import secrets

from shared.tenants.api_key import UnusableKey

_PREFIX = "cw"
#: What a key looks like: its secret has 256 random bits, in base64 at the shortest.
_ID = re.compile("[0-9a-f]{12}")
_FORM = re.compile(rf"{_PREFIX}_{_ID.pattern}_[A-Za-z0-9_-]{{43,128}}")
_PARTS = 3


def new_text() -> str:
    """Make one."""
    return f"{_PREFIX}_{secrets.token_hex(6)}_{secrets.token_urlsafe(32)}"


def check_text(text: str) -> str:
    """See that a text that was made elsewhere is one.

    Raises:
        UnusableKey: It has not the form of those made here.
    """
    if not _FORM.fullmatch(text):
        raise UnusableKey(
            'a key is "cw_", 12 hexadecimal digits, "_" and a secret of 43 to 128 letters, digits, "-" or "_", '
            'as of: echo "cw_$(openssl rand -hex 6)_$(openssl rand -hex 32)"'
        )
    return text


def is_id(text: str) -> bool:
    """Tell whether a key can have this id; PostgreSQL refuses to look for some that none can have."""
    return _ID.fullmatch(text) is not None


def id_of(text: str) -> str:
    """Read the part that may be shown; empty if this is no key."""
    parts = text.split("_", _PARTS - 1)
    return parts[1] if len(parts) == _PARTS and parts[0] == _PREFIX else ""


def sha256_of(text: str) -> str:
    """Hash all of it, as it is stored. 256 random bits need no slow hash."""
    return hashlib.sha256(text.encode()).hexdigest()

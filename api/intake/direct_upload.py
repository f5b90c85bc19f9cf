"""Uploads that go to the object store itself: an id that only its tenant can name, and the form field that names it.

An upload lies where its job's input will be looked for, so its id becomes the job's: nothing is copied, and one upload
is one job. No table says whose it is: half of an id is drawn, the other half is made of that and of the tenant.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable

from api.intake.options import IMAGE, UPLOAD, Option, invalid
from shared.errors import ErrorCode, Refused

_HALF = 8
#: Of a UUID: its version is 8, made as its maker likes.
_VERSION_BYTE, _VERSION = 6, 0x80


def new_upload_id(tenant: str) -> uuid.UUID:
    """Draw an id for a tenant."""
    drawn = bytearray(secrets.token_bytes(_HALF))
    drawn[_VERSION_BYTE] = drawn[_VERSION_BYTE] & 0x0F | _VERSION
    return _complete(bytes(drawn), tenant)


def read_upload_id(options: Iterable[Option], tenant: str | None) -> uuid.UUID | None:
    """Read the id, if one was sent.

    Args:
        options: All that were sent.
        tenant: The tenant whose uploads may be named; None: no uploads may be.

    Raises:
        Refused: ERROR_INVALID_PARAMETER, or ERROR_RESOURCE_NOT_FOUND.
    """
    sent = {option.text for option in options if option.name == UPLOAD and option.text}
    if not sent:
        return None
    if tenant is None:
        raise invalid(
            f"`{UPLOAD}` is switched off here. Send the photo's bytes as a file `{IMAGE}`."
        )
    if len(sent) > 1:
        raise invalid(f"Send one `{UPLOAD}` a request, not several.")
    try:
        upload_id = uuid.UUID(sent.pop())
    except ValueError:
        raise _unknown() from None
    if upload_id != _complete(upload_id.bytes[:_HALF], tenant):
        raise _unknown()
    return upload_id


def _complete(drawn: bytes, tenant: str) -> uuid.UUID:
    made = bytearray(hashlib.sha256(drawn + tenant.encode()).digest()[:_HALF])
    made[0] = made[0] & 0x3F | 0x80
    return uuid.UUID(bytes=drawn + bytes(made))


def _unknown() -> Refused:
    return Refused(
        ErrorCode.ERROR_RESOURCE_NOT_FOUND, f"There is no such `{UPLOAD}` under your API key."
    )

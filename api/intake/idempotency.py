"""The `Idempotency-Key` header: a client that sends a request twice gets one job (contract, section 4)."""

from __future__ import annotations

import hashlib
import json
import re

from flask import Request

from api.intake.options import invalid
from shared.errors import ErrorCode, Refused
from shared.job import CutoutOptions, Job, Tags

HEADER = "Idempotency-Key"
#: Visible ASCII.
VALID = re.compile(r"[!-~]{1,255}")


def read_idempotency_key(received: Request) -> str | None:
    """Read the key, if one was sent.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    key = received.headers.get(HEADER)
    if key is not None and not VALID.fullmatch(key):
        raise invalid(f"`{HEADER}` must have 1 to 255 characters, all visible ASCII.")
    return key


def fingerprint_of(
    photo: bytes, options: CutoutOptions, tags: Tags, callback_url: str | None = None
) -> str:
    """Compute what two requests must have in common to be the same: what was sent, but not how long it waits.

    Tags and `callback_url` are: who sends another one under a used key would get a job without it, and not find out.
    """
    delivered = (f"{name}={text}" for name, text in sorted(options.rendition_words.items()))
    words = [*options.cloth_class, options.return_form, str(int(options.out_mode)), *delivered]
    if tags != Tags():
        words.append(json.dumps([tags.reference, sorted(tags.metadata.items())]))
    if callback_url:
        words.append(json.dumps({"callback_url": callback_url}))
    digest = hashlib.sha256(",".join(words).encode() + b"\n")
    digest.update(photo)
    return digest.hexdigest()


def replay(job: Job, fingerprint: str) -> Job:
    """Give back the job that was made under the key.

    Raises:
        Refused: ERROR_CONTENT_NON_COMPLIANCE: it was made of something else.
    """
    if job.fingerprint != fingerprint:
        raise Refused(
            ErrorCode.ERROR_CONTENT_NON_COMPLIANCE,
            f"This `{HEADER}`, or upload, was used for another image, other options or tags, or another "
            "`callback_url`. Please use a new one.",
        )
    return job

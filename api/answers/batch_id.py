"""Ids of batches as clients send them, and the one answer to those that are not theirs."""

from __future__ import annotations

import uuid

from api.answers.job_id import parse_id
from shared.batches.batch import Batch
from shared.errors import ErrorCode, Refused

_UNKNOWN = "There is no such batch under your API key."


def parse_batch_id(text: str) -> uuid.UUID:
    """Take the one spelling that this service gives out.

    Raises:
        Refused: ERROR_RESOURCE_NOT_FOUND.
    """
    batch_id = parse_id(text)
    if batch_id is None:
        raise unknown_batch()
    return batch_id


def known(batch: Batch | None) -> Batch:
    """Let a batch pass that was found.

    Raises:
        Refused: ERROR_RESOURCE_NOT_FOUND.
    """
    if batch is None:
        raise unknown_batch()
    return batch


def unknown_batch() -> Refused:
    """Say that a batch does not exist, or is somebody else's: the answer must not tell which."""
    return Refused(ErrorCode.ERROR_RESOURCE_NOT_FOUND, _UNKNOWN)

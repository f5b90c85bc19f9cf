"""The address of a photo, sent instead of the photo: a worker fetches it, if the operator allows that."""

from __future__ import annotations

from collections.abc import Iterable

from api.intake.options import IMAGE, IMAGE_URL, Option, invalid
from shared.errors import ErrorCode, Refused
from shared.outgoing.failure import CallFailed
from shared.outgoing.policy import Policy


def read_image_url(options: Iterable[Option], policy: Policy | None) -> str | None:
    """Read the URL, if one was sent. Where its host's name leads is the worker's question.

    Args:
        options: All that were sent.
        policy: Where photos may be fetched from; None: nowhere.

    Raises:
        Refused: ERROR_INVALID_PARAMETER, or IMAGE_URL_NOT_ALLOWED.
    """
    sent = [option for option in options if option.name == IMAGE_URL and option.text]
    if not sent:
        return None
    if policy is None:
        raise invalid(
            f"`{IMAGE_URL}` is switched off here. Send the photo's bytes as a file `{IMAGE}`."
        )
    if any(option.in_url for option in sent):
        # What stands there is written into the logs of proxies, with the signature that it may hold.
        raise invalid(f"Send `{IMAGE_URL}` as a field of the form, not in the request's own URL.")
    if len({option.text for option in sent}) > 1:
        raise invalid(f"Send one `{IMAGE_URL}` a request, not several.")
    try:
        policy.read_url(sent[0].text)
    except CallFailed as error:
        raise Refused(ErrorCode.IMAGE_URL_NOT_ALLOWED, error.message) from None
    return sent[0].text

"""Who is told of a job's end: a `callback_url` that calls may go to.

What its name means is asked when it is called, each time anew.
"""

from __future__ import annotations

from api.intake.options import invalid
from shared.outgoing.failure import CallFailed
from shared.settings.settings import Settings

_NAME = "callback_url"


class Callbacks:
    """What one service allows."""

    def __init__(self, settings: Settings) -> None:
        """Allow them where there is a secret to sign them with."""
        self._are_sent = bool(settings.signing_secrets)
        self._policy = settings.webhook_policy

    def check(self, text: str) -> str | None:
        """Write a URL as it will be called; nothing stays nothing.

        Raises:
            Refused: ERROR_INVALID_PARAMETER.
        """
        if not text:
            return None
        if not self._are_sent:
            raise invalid(
                f"This service sends no webhooks. Leave `{_NAME}` out, and ask for the job."
            )
        try:
            return self._policy.read_url(text).url
        except CallFailed as failure:
            raise invalid(f"`{_NAME}`: {failure.message}") from None

"""Whether anybody does what sweepers have to: rescue, delete what is past its day, move batches on, send webhooks.

Without a sweeper uploads are taken and done as usual, so a front end stays ready. But jobs of workers that died are
never rescued, and results are kept longer than a day.
"""

from __future__ import annotations

from shared.errors import BrokerUnavailable
from shared.messaging.broker import Broker, Duty, patience_of
from shared.settings.settings import Settings
from shared.telemetry.logs import get_logger

_log = get_logger(__name__)

_CURE = "see that `python -m worker.sweeper` runs, and has no `sweeper.work_failed` in its log"


class SweeperWatch:
    """Looks for the time that sweepers note after each round of a duty; logs when they stop and when they resume."""

    def __init__(self, settings: Settings, broker: Broker, duty: Duty) -> None:
        """Look for nothing yet."""
        self._broker = broker
        self._duty = duty
        self._patience = patience_of(settings)
        self._is_missing = False

    def look(self) -> str:
        """Tell what is wrong; nothing if somebody did it lately."""
        try:
            seconds = self._broker.seconds_since(self._duty)
        except BrokerUnavailable as error:
            return f"cannot be seen: {error}"
        is_missing = seconds is None or seconds > self._patience
        self._log_change(is_missing, seconds)
        if not is_missing:
            return ""
        name = f"round of {self._duty.name.lower()}"
        since = (
            f"no {name} is known" if seconds is None else f"the last {name} was {seconds:.0f} s ago"
        )
        return f"{since}: {_CURE}"

    def _log_change(self, is_missing: bool, seconds: float | None) -> None:
        if is_missing == self._is_missing:
            return
        self._is_missing = is_missing
        if is_missing:
            _log.warning("sweeper.missing", duty=self._duty.name, last_s=seconds, cure=_CURE)
        else:
            _log.info("sweeper.seen", duty=self._duty.name)

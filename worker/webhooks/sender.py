"""Takes deliveries that are due, and sends each: at least once, and until a receiver has said that it has it.

Any number of senders may run. What one took and did not finish, because it died, is due again when its lease is over.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.errors import Unavailable
from shared.outgoing.call import Answer, Limits
from shared.outgoing.caller import Caller
from shared.outgoing.failure import CallFailed, Reason
from shared.telemetry.logs import get_logger
from shared.tenants.key_store import KeyStore
from shared.webhooks.deliveries import Deliveries
from shared.webhooks.delivery import Delivery
from worker.webhooks.lanes import ALL, Lanes
from worker.webhooks.message import write_message
from worker.webhooks.metrics import WEBHOOK_TRIES
from worker.webhooks.schedule import delay_after
from worker.webhooks.subjects import Subject, Subjects

_log = get_logger(__name__)

#: How long one try may take, name resolution included. Answers are read, and thrown away.
_LIMITS = Limits(max_bytes=1024 * 1024, seconds=15)
#: How long a round waits while as many webhooks are being sent as may be.
_ROUND_SECONDS = 0.5
_GONE = 410
_GONE_FOR_ALL = "The URL's host answered 410 to another webhook."
#: Statuses of a receiver that has too much to do.
_OVERLOADED = frozenset({429, 502, 503, 504})
_SLOW = frozenset({Reason.TIMED_OUT, Reason.UNREACHABLE})


@dataclass(frozen=True)
class _Outcome:
    """What came of one try."""

    #: Of the answer, if there was one.
    status: int | None
    #: Why the try failed; empty: it did not.
    reason: str
    retry_after: str = ""
    #: Whether its host cannot take more at the moment.
    is_slow: bool = False


_FAULT = _Outcome(None, "The service could not send it, for a reason of its own.")


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Sends what is owed, in threads of its own."""

    deliveries: Deliveries
    subjects: Subjects
    caller: Caller
    key_store: KeyStore
    #: Those of the service; a key may have its own.
    secrets: tuple[bytes, ...]
    limits: Limits = _LIMITS
    lanes: Lanes = field(default_factory=Lanes)
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(ALL, thread_name_prefix="webhook")
    )

    def run(self) -> bool:
        """Begin to send what is due, as much as may run at once; True if more is due."""
        try:
            taken = self._begin()
        except Unavailable as error:
            _log.warning("webhooks.not_taken", reason=str(error))
            return False
        return taken or self.lanes.wait(_ROUND_SECONDS)

    def finish(self, seconds: float) -> None:
        """Wait for what is being sent, up to so many seconds. What is cut off is sent once more by another sender."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self.lanes.wait(left):
            continue

    def _begin(self) -> bool:
        free = self.lanes.free
        taken = self.deliveries.take(free, self.lanes.full()) if free else []
        for delivery in taken:
            self.lanes.enter(delivery.host)
            self.threads.submit(self._send, delivery)
        return bool(taken)

    def _send(self, delivery: Delivery) -> None:
        """Try one delivery. If the database is away, it is tried again when its lease has run out."""
        is_slow = False
        try:
            subject = self.subjects.find(delivery)
            if subject is None:
                self.deliveries.give_up(delivery, None, "What it is about is forgotten.")
                return
            outcome = self._try(delivery, subject)
            is_slow = outcome.is_slow
            self._note(delivery, subject, outcome)
        except Unavailable as error:
            _log.warning("webhook.not_noted", task_id=str(delivery.job_id), reason=str(error))
        except Exception:  # noqa: BLE001 - of one delivery; others go on
            _log.exception("webhook.fault", task_id=str(delivery.job_id))
            self._put_off(delivery)
        finally:
            self.lanes.leave(delivery.host, is_slow=is_slow)

    def _try(self, delivery: Delivery, subject: Subject) -> _Outcome:
        secrets = self.key_store.signing_secrets(subject.key_id) or self.secrets
        message = write_message(delivery, subject, secrets)
        try:
            answer = self.caller.post(delivery.url, message.body, self.limits, message.headers)
        except CallFailed as failure:
            return _Outcome(None, failure.message, is_slow=failure.reason in _SLOW)
        return _outcome_of(answer)

    def _note(self, delivery: Delivery, subject: Subject, outcome: _Outcome) -> None:
        about = {
            "log_id": subject.log_id,
            "task_id": str(delivery.job_id),
            "host": delivery.host,
        }
        told = {"try_": delivery.tries + 1, "status": outcome.status}
        if not outcome.reason:
            self.deliveries.deliver(delivery, outcome.status or 0)
            WEBHOOK_TRIES.labels("delivered").inc()
            _log.info("webhook.delivered", **about, **told)
            return
        delay = self._count_failure(delivery, outcome, subject.read_at)
        if delay is None:
            WEBHOOK_TRIES.labels("given_up").inc()
            _log.warning("webhook.given_up", **about, **told, reason=outcome.reason)
            return
        again = round(delay.total_seconds())
        WEBHOOK_TRIES.labels("failed").inc()
        _log.warning("webhook.failed", **about, **told, reason=outcome.reason, retry_s=again)

    def _count_failure(
        self, delivery: Delivery, outcome: _Outcome, now: datetime | None
    ) -> timedelta | None:
        """Plan the next try of a delivery, and say when it is; None: it was the last one, and is given up."""
        delay = delay_after(delivery.tries + 1, outcome.retry_after, now)
        if delay is None or outcome.status == _GONE:
            self.deliveries.give_up(delivery, outcome.status, outcome.reason)
            if outcome.status == _GONE:
                self.deliveries.switch_off(delivery, _GONE_FOR_ALL)
            return None
        self.deliveries.postpone(delivery, delay, outcome.status, outcome.reason)
        return delay

    def _put_off(self, delivery: Delivery) -> None:
        """Count a try with an unexpected error as failed; otherwise it would come back each minute, for ever."""
        try:
            self._count_failure(delivery, _FAULT, None)
        except Exception:  # noqa: BLE001 - as above
            _log.exception("webhook.not_noted", task_id=str(delivery.job_id))


def _outcome_of(answer: Answer) -> _Outcome:
    if 200 <= answer.status < 300:  # noqa: PLR2004 - all of the kind, and no other, says that it has arrived
        return _Outcome(answer.status, "")
    return _Outcome(
        answer.status,
        f"The URL's host answered {answer.status}.",
        retry_after=answer.headers.get("retry-after", ""),
        is_slow=answer.status in _OVERLOADED,
    )

"""Whether a front end can serve: what it stands on, looked at once a second however many ask.

Nobody needs a key to ask, and a look asks the database, the broker and the object store.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait

from api.health.sweeper_watch import SweeperWatch
from api.health.worker_watch import WorkerWatch
from api.resilience.circuit_breaker import State
from api.services import Services
from shared.errors import Unavailable
from shared.messaging.broker import Duty, duties_of
from shared.settings.settings import Settings
from shared.sql.schema import check_schema
from shared.telemetry.logs import get_logger

_log = get_logger(__name__)

OK = "ok"

#: `/readyz` calls down what has not answered by then.
_CHECK_SECONDS = 4.0
#: How long the answer of `/readyz` is used: many may ask.
_FRESH_SECONDS = 1.0
_UNASKED = "Redis did not answer lately: uploads are not counted, and the sweeper publishes them"

#: What a warning is called.
_SWEEPERS = {
    Duty.SWEEP: "sweeper",
    Duty.RETENTION: "retention",
    Duty.BATCHES: "batches",
    Duty.WEBHOOKS: "webhooks",
}

_Check = Callable[[], str | None]


class Readiness:
    """The findings of one process."""

    def __init__(
        self,
        settings: Settings,
        services: Services,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look at nothing yet."""
        checks: dict[str, _Check] = {
            "database": lambda: check_schema(services.database),
            "redis": services.broker.ping,
            "object_store": services.object_store.check,
        }
        watches: dict[str, _Check] = {
            **{
                _SWEEPERS[duty]: SweeperWatch(settings, services.broker, duty).look
                for duty in duties_of(settings)
            },
            "workers": WorkerWatch(services.job_store).look,
            "cors": services.object_store.check_pages,
            "circuit": lambda: _describe(services.redis_circuit.state),
        }
        #: What it cannot serve without.
        self.needed = tuple(checks)
        self._checks = {**checks, **watches}
        self._monotonic = monotonic
        self._is_looking = threading.Lock()
        self._found: Mapping[str, str] = {}
        self._stale_at = 0.0

    def look(self) -> Mapping[str, str]:
        """Say of each part what is wrong with it, or `OK`; who asks while somebody looks waits for what is found."""
        with self._is_looking:
            if not self._found or self._monotonic() >= self._stale_at:
                self._found = _run(self._checks)
                self._stale_at = self._monotonic() + _FRESH_SECONDS
            return self._found


def _describe(circuit: State) -> str:
    return "" if circuit is State.CLOSED else f"{circuit}: {_UNASKED}"


def _run(checks: Mapping[str, _Check]) -> dict[str, str]:
    """Make all checks at once; one that hangs is left behind, and ends by its own timeouts.

    A check raises, or returns, what is wrong; all is well with one that does neither.
    """
    pool = ThreadPoolExecutor(len(checks), thread_name_prefix="readiness")
    futures = {name: pool.submit(check) for name, check in checks.items()}
    pool.shutdown(wait=False)
    done, _ = wait(futures.values(), timeout=_CHECK_SECONDS)
    found = {}
    for name, future in futures.items():
        if future not in done:
            found[name] = "does not answer in time"
            continue
        try:
            found[name] = future.result() or OK
        except Unavailable as error:
            found[name] = str(error)
        except Exception as error:  # noqa: BLE001  a table or a right that is missing: nobody may look on and on
            _log.error("readiness.check_failed", check=name, exc_info=error)
            found[name] = "cannot be looked at; the log says why"
    return found

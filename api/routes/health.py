"""Health: whether the process lives, and whether what it stands on does. Neither needs a key.

What is missing and keeps no upload from being taken is a warning: it must not take all front ends out of service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait

from flask import Blueprint, Response

from api.envelope import Failure, for_failure, for_nothing, respond
from api.services import Services
from api.sweeper_watch import SweeperWatch
from api.worker_watch import WorkerWatch
from shared.broker import Duty
from shared.errors import ErrorCode, Unavailable
from shared.schema import check_schema
from shared.settings import Settings

ALIVE, READY = "/healthz", "/readyz"

#: What has not answered by then is down.
_CHECK_SECONDS = 4.0
_OK = "ok"


def create_blueprint(settings: Settings, services: Services) -> Blueprint:
    """Make both routes."""
    blueprint = Blueprint("health", __name__)
    checks: Mapping[str, Callable[[], str | None]] = {
        "database": lambda: check_schema(services.database),
        "redis": services.broker.ping,
        "object_store": services.object_store.check,
    }
    watches = {
        "sweeper": SweeperWatch(settings, services.broker, Duty.SWEEP).look,
        "retention": SweeperWatch(settings, services.broker, Duty.RETENTION).look,
        "workers": WorkerWatch(services.job_store).look,
    }

    @blueprint.get(ALIVE)
    def is_alive() -> Response:
        return respond(for_nothing())

    @blueprint.get(READY)
    def is_ready() -> Response:
        states = _run({**checks, **watches})
        found = {name: states[name] for name in checks}
        down = [name for name, state in found.items() if state != _OK]
        envelope = for_nothing()
        if down:
            message = f"Not ready: {', '.join(down)}."
            envelope = for_failure(Failure(ErrorCode.ERROR_RESOURCE_UNAVAILABLE, message))
        envelope["checks"] = found
        envelope["warnings"] = {name: states[name] for name in watches if states[name] != _OK}
        response = respond(envelope)
        if down:
            response.headers["Retry-After"] = "5"
        return response

    return blueprint


def _run(checks: Mapping[str, Callable[[], str | None]]) -> dict[str, str]:
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
            found[name] = future.result() or _OK
        except Unavailable as error:
            found[name] = str(error)
    return found

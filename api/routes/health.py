"""Health: whether the process lives, and whether what it stands on does. Neither needs a key.

What is missing and keeps no upload from being taken is a warning: it must not take all front ends out of service.
"""

from __future__ import annotations

from flask import Blueprint, Response

from api.answers.envelope import for_data, for_failure, respond
from api.health.readiness import OK, Readiness
from shared.errors import ErrorCode
from shared.jobs.envelope import Failure

ALIVE, READY = "/healthz", "/readyz"
#: `Retry-After` while something is down.
_LOOK_AGAIN_SECONDS = 5


def create_blueprint(readiness: Readiness) -> Blueprint:
    """Make both routes."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get(ALIVE)
    def is_alive() -> Response:
        return respond(for_data({}))

    @blueprint.get(READY)
    def is_ready() -> Response:
        states = readiness.look()
        checks = {name: state for name, state in states.items() if name in readiness.needed}
        down = [name for name, state in checks.items() if state != OK]
        envelope = for_data({})
        if down:
            message = f"Not ready: {', '.join(down)}."
            envelope = for_failure(Failure(ErrorCode.ERROR_RESOURCE_UNAVAILABLE, message))
        envelope["checks"] = checks
        envelope["warnings"] = {
            name: state
            for name, state in states.items()
            if name not in readiness.needed and state != OK
        }
        return respond(envelope, retry_after=_LOOK_AGAIN_SECONDS if down else 0)

    return blueprint

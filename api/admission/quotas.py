"""Quotas: what a key, a tenant, and all of them together, may ask for; judged before any of a body is read.

    requests a minute of a tenant   → 429 EXCEEDING_LIMITS
    queued jobs of a tenant         → 429 EXCEEDING_LIMITS
    the same of a key, if it has quotas of its own
    queued jobs of all tenants      → 503 ERROR_INSUFFICIENT_RESOURCES

Requests that are on their way together are all judged by the same count: the limits hold to within what arrives in
a second.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, g, request

from api.admission.auth import OPEN, current_caller
from api.admission.backlog_gauge import BacklogGauge, Place
from api.admission.rate_limit_fields import rate_limit_fields
from api.admission.rates import check_rate, count_upload
from api.admission.scopes import adds_work
from api.intake.idempotency import read_idempotency_key
from api.services import Services
from shared.errors import ErrorCode, TryLater
from shared.jobs.backlog import LATELY, Backlog
from shared.jobs.store import JobStore
from shared.settings.settings import Settings
from shared.tenants.api_key import Caller, queue_limits

#: Bounds of an estimate, in seconds: not so short that clients hammer, not so long that they give up.
_SHORTEST, _LONGEST = 1.0, 300.0
#: The part of a full queue that has to become free before anybody is told to come back.
_ROOM = 0.01
#: Blueprints whose posts put nothing into the queue: items of a batch wait outside of it until there is room.
_OUTSIDE = frozenset({"batches"})


class Quotas:
    """The quotas of queued jobs, for one front-end process."""

    def __init__(
        self,
        settings: Settings,
        job_store: JobStore,
        gauge: BacklogGauge,
    ) -> None:
        """Take the limits from the settings."""
        self._settings = settings
        self._job_store = job_store
        self._gauge = gauge

    def admit(self, caller: Caller, idempotency_key: str | None) -> Place | None:
        """Let a request pass that wants to add a job; None: it repeats an earlier one and adds none.

        Raises:
            TryLater: A quota is used up.
            DatabaseUnavailable: The jobs cannot be counted.
        """
        if idempotency_key is not None and self._is_replay(idempotency_key, caller.tenant):
            return None
        self._check_own(caller)
        self._check_queue()
        return self._gauge.let_in(caller)

    def _is_replay(self, idempotency_key: str, tenant: str) -> bool:
        return self._job_store.find_by_idempotency_key(idempotency_key, tenant) is not None

    def _check_own(self, caller: Caller) -> None:
        """Judge what waits of a tenant, and of a key with a limit of its own."""
        limits = queue_limits(caller.max_queued, self._settings.max_queued_per_tenant)
        if (most := limits.of_tenant) is not None:
            self._check(self._gauge.read(caller.tenant), most, "of your account")
        if (most := limits.of_key) is not None:
            self._check(self._gauge.read_key(caller, most), most, "of this key")

    @staticmethod
    def _check(backlog: Backlog, limit: int, whose: str) -> None:
        if backlog.queued >= limit:
            raise TryLater(
                ErrorCode.EXCEEDING_LIMITS,
                f"{limit} photos {whose} are waiting already. Please send this one again later.",
                seconds_until_room(backlog, limit),
            )

    def _check_queue(self) -> None:
        backlog = self._gauge.read(None)
        if backlog.queued >= self._settings.max_queued:
            raise TryLater(
                ErrorCode.ERROR_INSUFFICIENT_RESOURCES,
                "The service has as many photos waiting as it can take. Please send this one again later.",
                seconds_until_room(backlog, self._settings.max_queued),
            )


def protect(app: Flask, settings: Settings, services: Services, gauge: BacklogGauge) -> None:
    """Refuse every POST that is over a quota, on routes added later too. Call it after `auth.protect`."""
    quotas, limiter = Quotas(settings, services.job_store, gauge), services.rate_limiter

    @app.before_request
    def _admit() -> None:
        is_upload = request.method == "POST" and request.url_rule is not None
        if is_upload and request.blueprint not in OPEN:
            caller = current_caller()
            g.rate = count_upload(limiter, caller)
            check_rate(g.rate)
            if adds_work(request.endpoint or "") and request.blueprint not in _OUTSIDE:
                g.place = quotas.admit(caller, read_idempotency_key(request))

    @app.after_request
    def _give_place_back(response: Response) -> Response:
        place: Place | None = g.pop("place", None)
        if place is not None and response.status_code >= HTTPStatus.BAD_REQUEST:
            place.give_back()
        return response

    @app.after_request
    def _say_what_is_left(response: Response) -> Response:
        if "rate" in g:
            response.headers.update(rate_limit_fields(g.rate))
        return response


def seconds_until_room(backlog: Backlog, limit: int) -> float:
    """Estimate when a queue that is full can take jobs again.

    seconds = jobs that must leave / pace, from 1 s to 5 min, where

    - jobs that must leave = queued - limit + room; room is 1 % of the limit, at least one job, because all who were
      refused would race for a single place, and most would be refused again;
    - pace = jobs finished in the last minute / 60 s.

    If nothing was finished in the last minute, the best guess is that the queue stays blocked for as long as it already
    has been: the age of its oldest job.
    """
    if backlog.finished_lately == 0:
        seconds = backlog.oldest_age.total_seconds()
    else:
        room = max(1.0, limit * _ROOM)
        leaving = max(1.0, backlog.queued - limit + room)
        seconds = leaving * LATELY.total_seconds() / backlog.finished_lately
    return min(max(seconds, _SHORTEST), _LONGEST)

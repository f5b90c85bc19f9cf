"""A tenant with a key, who wants everything."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait

import httpx

from tests.attack.attempt import Attempt, hold
from tests.attack.photos import small_photo
from tests.attack.target import Target
from tests.end_to_end.client import CUTOUT, QUERY

THREAT = "a neighbour takes all there is"

_POLLS = 260
_PATIENCE_SECONDS = 20
#: Until all of them wait, or were told that they may not.
_SETTLED_SECONDS, _WAIT_SECONDS = 5, 2


def uploads_over_the_rate_are_refused(target: Target) -> str:
    limit = int(target.environment["CUTWORK_RATE_PER_MINUTE"])
    refused = 0

    def ask(count: int) -> list[int]:
        with target.client("greedy") as client:
            return [client.post(CUTOUT, content=b"").status_code for _ in range(count)]

    with ThreadPoolExecutor(4) as pool:
        for statuses in pool.map(ask, [limit // 3] * 4):
            refused += statuses.count(httpx.codes.TOO_MANY_REQUESTS)
    with target.client("owner") as client:
        other = client.post(CUTOUT, content=b"").status_code
    hold(refused > 0, f"none of {4 * (limit // 3)} requests was refused at {limit} a minute")
    hold(other == httpx.codes.BAD_REQUEST, f"another tenant was answered {other}")
    return f"{refused} of {4 * (limit // 3)} at once refused (limit {limit} a minute); another tenant is served"


def jobs_over_the_queue_are_refused_and_anothers_photo_passes_by(target: Target) -> str:
    limit = int(target.environment["CUTWORK_MAX_QUEUED_PER_TENANT"])
    form = {"task_type": "async"}

    def post(count: int) -> list[int]:
        with target.client("importer") as client:
            return [
                client.post(CUTOUT, files={"image": small_photo()}, data=form).status_code
                for _ in range(count)
            ]

    with ThreadPoolExecutor(8) as pool:
        statuses = [it for some in pool.map(post, [limit // 3] * 8) for it in some]
    began = time.monotonic()
    target.wait_for("owner", target.submit("owner"))
    seconds = time.monotonic() - began
    refused = statuses.count(httpx.codes.TOO_MANY_REQUESTS)
    hold(refused > 0, f"all of {len(statuses)} jobs were taken with {limit} allowed to wait")
    hold(set(statuses) <= {200, 429}, f"statuses {sorted(set(statuses))}")
    hold(seconds < _PATIENCE_SECONDS, f"another tenant's photo took {seconds:.1f} s")
    return f"{refused} of {len(statuses)} refused; another tenant's photo done in {seconds:.1f} s meanwhile"


def long_polls_leave_waiting_slots_to_others(target: Target) -> str:
    """260 polls of one tenant, for a job that takes long: its worker stands still meanwhile."""
    with target.paused_worker():
        held, own = target.submit("poller"), target.submit("owner")

        def poll(tenant: str, task_id: str, seconds: int) -> tuple[int, float]:
            began = time.monotonic()
            with target.client(tenant) as client:
                answer = client.get(QUERY, params={"task_id": task_id, "wait": str(seconds)})
            return answer.status_code, time.monotonic() - began

        with ThreadPoolExecutor(_POLLS) as pool:
            polls = [pool.submit(poll, "poller", held, 12) for _ in range(_POLLS)]
            wait(polls, timeout=_SETTLED_SECONDS)
            status, seconds = poll("owner", own, _WAIT_SECONDS)
            statuses = Counter(it.result()[0] for it in polls)
    hold(status == httpx.codes.OK, f"another tenant's poll was answered {status}")
    hold(seconds > _WAIT_SECONDS / 2, f"another tenant got no slot: answered after {seconds:.1f} s")
    hold(set(statuses) <= {200, 503}, f"the polls were answered {dict(statuses)}")
    return (
        f"beside {_POLLS} long polls of one tenant another's waited its {seconds:.1f} s in a slot"
    )


ATTEMPTS: tuple[Attempt, ...] = (
    uploads_over_the_rate_are_refused,
    jobs_over_the_queue_are_refused_and_anothers_photo_passes_by,
    long_polls_leave_waiting_slots_to_others,
)

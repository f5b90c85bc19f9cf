"""What happens to workers: they die, stand still, are stopped, hang, and are killed by a photo."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from PIL import Image

from deploy.local.processes.process import Process
from shared.job import JobStatus
from shared.jobs.store import ATTEMPTS_SPENT
from shared.sql.tables import jobs
from tests.conditions import eventually
from tests.end_to_end.client import submit
from tests.fault.promises.promise import Finding
from tests.fault.promises.stand import PHOTO, Stand
from tests.pictures import encoded

_VICTIMS = 3
_JUST_AFTER = f"just after a heartbeat, {_VICTIMS} workers with 2 jobs each"
_HALF_THE_GRACE_SECONDS = 12
_STOPS = 5
#: Between what ends and what starts it again, as in `make run`.
_REVIVAL_SECONDS = 0.5
#: What the refused results of those that come back are written down in.
_LIFE = jobs.c.history.name
_POISON = encoded(Image.new("RGB", (128, 128), (255, 0, 255)))


def a_worker_dies(stand: Stand) -> Iterator[Finding]:
    holders = stand.start_full_workers(_VICTIMS)
    stand.start_free_workers(_VICTIMS)

    died = stand.after_its_heartbeat(holders, Process.kill)

    yield from _taken_over(stand, f"KILL {_JUST_AFTER}", holders, died)


def a_worker_stands_still(stand: Stand) -> Iterator[Finding]:
    holders = stand.start_full_workers(_VICTIMS)
    free = stand.start_free_workers(_VICTIMS)

    stopped = stand.after_its_heartbeat(holders, Process.pause)

    yield from _taken_over(stand, f"STOP {_JUST_AFTER}", holders, stopped)
    before = stand.wait_until_done(list(holders))
    for worker in set(holders.values()):
        worker.resume()
    stand.open_gate()
    eventually(lambda: stand.logs().count("attempt.fenced") == len(holders))
    after = stand.wait_until_done(list(holders))
    changed = set().union(*map(_differences, before, after)) - {_LIFE}
    yield Finding("CONT then", None, f"an end was changed: {changed}" if changed else "")

    if stand.postgres is not None:
        for worker in (*free, *set(holders.values())):
            worker.kill()
        yield from _a_worker_stands_still_amid_a_heartbeat(stand)


def _a_worker_stands_still_amid_a_heartbeat(stand: Stand) -> Iterator[Finding]:
    """Its transaction holds a lease's row, and nobody else can take it before the server has ended that."""
    holders = stand.start_full_workers()
    [worker] = set(holders.values())
    stand.start_free_workers(1)

    stopped = stand.pause_amid_its_heartbeat(next(iter(holders)), worker)

    since = dict.fromkeys(holders, stopped)
    yield from _taken_over(stand, "STOP between a heartbeat and its COMMIT", holders, since)


def _differences(old: Any, new: Any) -> set[str]:
    return {name for name, value in old._asdict().items() if getattr(new, name) != value}


def _taken_over(
    stand: Stand, tried: str, holders: Mapping[str, Process], since: Mapping[str, float]
) -> Iterator[Finding]:
    """Wait until others have done the jobs of workers that do nothing since."""
    claims = stand.claims(holders, attempt=2)
    first: dict[Process, float] = {}
    for id_, worker in holders.items():
        first[worker] = min(first.get(worker, math.inf), claims[id_] - since[id_])
    rows = stand.wait_until_done(list(holders))
    yield Finding(f"{tried}: the first", max(first.values()), _unless_done(rows, charged=2))
    last = max(row.finished_at.timestamp() - since[str(row.id)] for row in rows)
    yield Finding("the last is done, each alone in its worker", last, is_bound=False)


def a_worker_is_stopped(stand: Stand) -> Iterator[Finding]:
    holders = stand.start_full_workers()
    [worker] = set(holders.values())
    worker.request_stop()
    time.sleep(_HALF_THE_GRACE_SECONDS)
    stand.open_gate()
    rows = stand.wait_until_done(list(holders))
    eventually(lambda: not worker.is_running)
    trouble = _unless_done(rows, charged=1) or (
        "" if worker.return_code == 0 else f"ended with {worker.return_code}"
    )
    yield Finding("TERM; its 2 jobs take 12 s more", None, trouble)

    holders = stand.start_full_workers()
    [worker] = set(holders.values())
    stand.start_free_worker()
    worker.request_stop()
    over = time.time() + stand.settings.shutdown_grace
    claims = stand.claims(holders, attempt=2)
    rows = stand.wait_until_done(list(holders))
    yield Finding(
        "TERM; its 2 jobs take longer than 25 s, and are handed back then",
        max(claims.values()) - over,
        _unless_done(rows, charged=1, releases=1),
    )

    slowest = 0.0
    for _ in range(_STOPS):
        [idle] = stand.start_free_workers(1)
        before = [submit(stand.url, PHOTO) for _ in range(2)]
        idle.request_stop()
        posted = before + [submit(stand.url, PHOTO) for _ in range(2)]
        began = {str(row.id): row.created_at.timestamp() for row in stand.rows()}
        slowest = max(slowest, _longest(stand.claims(posted), since=began))
        idle.stop(stand.settings.shutdown_grace)
    yield Finding(f"TERM while uploads come in, {_STOPS} times: the slowest to start", slowest)


def the_network_hangs(stand: Stand) -> Iterator[Finding]:
    stand.close_gate()
    worker = stand.start_worker()
    first = submit(stand.url, PHOTO)
    eventually(stand.count_at_gate)
    time.sleep(stand.settings.run_timeout / 2)
    second = submit(stand.url, PHOTO)
    eventually(lambda: stand.count_at_gate() == 2)
    began = stand.row_of(first).started_at.timestamp()
    stand.start_free_worker()

    eventually(lambda: not worker.is_running, within=2 * stand.settings.run_timeout)
    ended = time.time()

    claims = stand.claims([first, second], attempt=2)
    rows = stand.wait_until_done([first, second])
    charged = [row.attempt - row.releases for row in rows]
    yield Finding(
        "one of a worker's 2 jobs, from its start until both run elsewhere",
        max(claims.values()) - began,
        _unless_done(rows) or ("" if charged == [2, 1] else f"charged {charged}"),
    )
    yield Finding("its worker ends, from the same start", ended - began, is_bound=False)


def a_photo_kills_workers(stand: Stand) -> Iterator[Finding]:
    poison = submit(stand.url, _POISON)
    others = [submit(stand.url, PHOTO) for _ in range(3)]
    worker = stand.start_poisonable_worker("dies")
    done = threading.Event()
    supervisor = threading.Thread(target=_keep_up, args=(worker, done))
    supervisor.start()
    try:
        [failed, *rows] = stand.wait_until_done([poison, *others])
    finally:
        done.set()
        supervisor.join()
    # What was handed back because it had to wait for its neighbours is not counted.
    charged = failed.attempt - failed.releases
    wrong = (failed.status, failed.error_message, charged) != (
        JobStatus.FAILED,
        ATTEMPTS_SPENT,
        stand.settings.max_attempts,
    )
    trouble = f"{failed.status} after {charged}" if wrong else _unless_done(rows)
    yield Finding("until it has failed", _took(failed), trouble)
    yield Finding("until the 3 beside it are done", max(map(_took, rows)))


def _keep_up(worker: Process, done: threading.Event) -> None:
    while not done.wait(_REVIVAL_SECONDS):
        if not worker.is_running:
            worker.start()


def _took(row: Any) -> float:
    return float((row.finished_at - row.created_at).total_seconds())


def _longest(moments: Mapping[str, float], *, since: Mapping[str, float]) -> float:
    return max(moments[id_] - since[id_] for id_ in moments)


def _unless_done(rows: Sequence[Any], charged: int | None = None, releases: int = 0) -> str:
    """Say what is wrong with jobs that should have succeeded, charged with so many attempts."""
    for row in rows:
        if row.status != JobStatus.SUCCEEDED:
            return f"{row.status} {row.error_code}"
        if charged is not None and row.attempt - row.releases != charged:
            return f"charged with {row.attempt - row.releases} attempts"
        if row.releases < releases:
            return "not handed back"
    return ""

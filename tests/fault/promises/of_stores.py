"""What happens to the broker, the database and the object store: they lose messages, end, and stand still."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx

from deploy.local.servers.ports import LOOPBACK, free_port
from deploy.local.servers.postgres import Postgres
from deploy.local.servers.seaweedfs import SeaweedFS
from deploy.local.servers.valkey import Valkey
from shared.job import JobStatus
from tests.conditions import eventually
from tests.end_to_end.client import CUTOUT, HEADERS, post, submit
from tests.fault.process_tree import signal_tree
from tests.fault.promises.promise import Finding
from tests.fault.promises.stand import PHOTO, Stand
from tests.fault.sqlite_lock import SqliteLock

_JOBS = 2
#: Long enough for whoever waits the longer the longer something is away.
_LONG_SECONDS = 45
#: Just longer than a worker waits to write down an end, and shorter than the lease that it then lets run out.
_AWKWARD_SECONDS = 18
_SHORT_SECONDS = 3
_SERVICE_UNAVAILABLE = 503

#: Takes a store away, and gives it back.
Away = Callable[[], Callable[[], None]]


def redis_loses_messages(stand: Stand) -> Iterator[Finding]:
    worker = stand.start_free_worker()
    worker.pause()
    posted = [submit(stand.url, PHOTO) for _ in range(_JOBS)]
    with stand.redis() as client:
        client.flushall()
    lost = time.time()
    worker.resume()
    yield _back(stand, f"FLUSHALL; {_JOBS} jobs wait", posted, since=lost)

    task_id = _post_to_a_front_end_that_dies(stand)
    yield _back(stand, "KILL for a front end between COMMIT and publish", [task_id], time.time())


def _post_to_a_front_end_that_dies(stand: Stand) -> str:
    """Post to a front end that stands still with the row stored and no message published, and kill it."""
    known = {row.id for row in stand.rows()}
    port = free_port()
    front_end = stand._start(
        "silent-front-end",
        [sys.executable, "-m", "tests.fault.promises.silent_front_end", str(port)],
    )
    url = f"http://{LOOPBACK}:{port}"
    front_end.wait_until(lambda: _answers(url), 40)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_post_in_vain, url)
        [row] = eventually(lambda: [row for row in stand.rows() if row.id not in known])
        front_end.kill()
    return str(row.id)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").is_success
    except httpx.HTTPError:
        return False


def _post_in_vain(url: str) -> None:
    try:
        httpx.post(
            url + CUTOUT, headers=HEADERS, data={"task_type": "async"}, files={"image": PHOTO}
        )
    except httpx.HTTPError:
        return


def redis_is_away(stand: Stand) -> Iterator[Finding]:
    stand.start_free_worker()
    for name, take_away in (
        ("ended", partial(_killed, stand.valkey)),
        ("stands still", partial(_frozen, stand.valkey)),
    ):
        bring_back = take_away()
        posted = [submit(stand.url, PHOTO) for _ in range(_JOBS)]
        time.sleep(_LONG_SECONDS)
        bring_back()
        tried = f"{name} for {_LONG_SECONDS} s; {_JOBS} uploads meanwhile"
        yield _back(stand, tried, posted, since=time.time())


def a_store_is_away(stand: Stand) -> Iterator[Finding]:
    worker = stand.start_free_worker()
    for name, take_away, charged in _ways(stand):
        for seconds in (_SHORT_SECONDS, _AWKWARD_SECONDS, _LONG_SECONDS):
            # One job stands before the end that cannot be written down, and some wait to be claimed.
            worker.pause()
            stand.close_gate()
            holder = stand.start_worker()
            held = submit(stand.url, PHOTO)
            eventually(stand.count_at_gate)
            stand.after_its_heartbeat({held: holder}, lambda it: None)
            holder.pause()
            waiting = [submit(stand.url, PHOTO) for _ in range(_JOBS)]
            bring_back = take_away()
            gone = time.time()
            holder.resume()
            stand.open_gate()
            worker.resume()
            trouble = _refusal(stand) if seconds > _SHORT_SECONDS else ""
            time.sleep(max(0, gone + seconds - time.time()))
            bring_back()
            back = time.time()
            finding = _back(
                stand, f"{name} for {seconds} s", [held, *waiting], back, attempts=charged
            )
            holder.stop(30)
            yield Finding(finding.tried, finding.seconds, trouble or finding.trouble)


def _ways(stand: Stand) -> Iterator[tuple[str, Away, int | None]]:
    """Name what is away, how it goes, and how many attempts that may cost each job."""
    if stand.postgres is None:
        yield "SQLite is locked by somebody else", partial(_locked, stand), None
    else:
        yield "PostgreSQL has ended", partial(_killed, stand.postgres), None
        yield "PostgreSQL stands still", partial(_frozen, stand.postgres), None
    yield "the object store has ended", partial(_killed, stand.seaweedfs), 1
    yield "the object store stands still", partial(_frozen, stand.seaweedfs), 1


def _refusal(stand: Stand) -> str:
    answer = post(stand.url, PHOTO, task_type="async")
    if answer.status_code != _SERVICE_UNAVAILABLE or "retry-after" not in answer.headers:
        return f"an upload was answered {answer.status_code}"
    return ""


def _killed(server: Valkey | SeaweedFS | Postgres) -> Callable[[], None]:
    server.kill()
    return server.start


def _frozen(server: Valkey | SeaweedFS | Postgres) -> Callable[[], None]:
    signal_tree(server.process.pid, signal.SIGSTOP)
    return lambda: signal_tree(server.process.pid, signal.SIGCONT)


def _locked(stand: Stand) -> Callable[[], None]:
    lock = SqliteLock(stand.settings.database_url)
    lock.pause()
    return lock.resume


def _back(
    stand: Stand, tried: str, task_ids: Sequence[str], since: float, attempts: int | None = 1
) -> Finding:
    """Wait until all is done, which takes these few jobs less than a second once they are claimed."""
    rows = stand.wait_until_done(task_ids)
    seconds = max(row.finished_at.timestamp() for row in rows) - since
    troubles = [trouble for row in rows if (trouble := _wrong(row, attempts))]
    return Finding(tried, max(seconds, 0), "; ".join(troubles))


def _wrong(row: Any, attempts: int | None) -> str:
    if row.status != JobStatus.SUCCEEDED:
        return f"{row.status} {row.error_code}"
    charged = row.attempt - row.releases
    return f"{charged} attempts" if attempts is not None and charged != attempts else ""

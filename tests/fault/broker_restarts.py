"""`python -m tests.fault.broker_restarts --runs 20`: how soon work goes on after the broker was away, at the defaults.

Each run starts `make run`, posts photos with `task_type=async`, takes the broker away at a random moment of the work
and in a random way, posts one more, and waits until every job has ended. A run in which no job waited when the broker
went (or ran, where there are no more than hands) is made again. It prints a line a run, and ends with 1 if a job was
stuck or failed, or if after the broker's return one waited beside a free hand for longer than README promises.

| way        | what is done                                                                          | promised |
|------------|---------------------------------------------------------------------------------------|----------|
| kill, end  | KILL or TERM for the server of `make run`, which starts it again; it keeps its file   | row 6    |
| freeze     | SIGSTOP for that server, and SIGCONT up to half a minute later                        | row 5    |
| disconnect | CLIENT KILL for all connections, at a server of ours: that of `make run` forbids it   | row 6    |
| forget     | KILL for a server of ours that keeps no file: all messages are gone                   | row 5    |

A server that was frozen reads then what it was asked by those who have given it up since, and hands them a message: it
is lost, too.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from shared.errors import DatabaseUnavailable
from shared.job import LIVE, JobStatus
from shared.settings.settings import Settings
from shared.sql.database import Database
from shared.sql.tables import jobs
from tests.conditions import eventually
from tests.end_to_end.client import submit
from tests.fault.idleness import Span, life_of, longest_idleness
from tests.fault.local_service import LocalService
from tests.fault.promises.__main__ import PROMISES
from tests.pictures import astronaut, jpeg

#: Rows of README's table: Redis loses its messages, and is away.
_LOST, _AWAY = 5, 6
_PROMISED = {
    way: PROMISES[row - 1].promised or 0
    for way, row in {
        "kill": _AWAY,
        "end": _AWAY,
        "freeze": _LOST,
        "disconnect": _AWAY,
        "forget": _LOST,
    }.items()
}
#: What `make run` works on at once: it starts one worker.
_HANDS = Settings().worker_concurrency
#: A job that has not ended by then is stuck.
_STUCK_SECONDS = 150
#: How often a run is made in which nothing waited.
_TRIES = 5
#: About a job's time: at which of its stages it is, is chance.
_JOB_SECONDS = 0.3
_DOWN_SECONDS = (0.3, 5.0)
_FROZEN_SECONDS = (1.0, 30.0)


@dataclass(frozen=True)
class Plan:
    """One run: `moment` seconds after so many jobs have ended the broker goes away for `away` seconds."""

    way: str
    photos: int
    ended: int
    moment: float
    away: float

    def is_tried_by(self, outcome: Outcome) -> bool:
        """Whether anything was at stake."""
        return bool(outcome.waited or (outcome.ran and self.photos <= _HANDS))


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    promised: float
    #: Jobs at the moment when the broker went.
    waited: int
    ran: int
    stuck: int
    failed: int
    #: The longest that one waited beside a free hand, in seconds, after the broker's return.
    idle: float
    #: Seconds after its return.
    all_done: float

    @property
    def is_right(self) -> bool:
        """Whether the promise was kept."""
        return self.idle <= self.promised and not self.stuck and not self.failed


def run(plan: Plan) -> Outcome:
    """Do one run, with everything new."""
    with tempfile.TemporaryDirectory(prefix="cutwork-") as directory, ExitStack() as stack:
        service = LocalService(plan.way, Path(directory), stack)
        photo = jpeg(astronaut())
        thief = stack.enter_context(ThreadPoolExecutor(1))
        submit(service.url, photo)
        stolen = thief.submit(_steal, service, plan)
        for _ in range(plan.photos - 1):
            submit(service.url, photo)
        absence = stolen.result()
        # Whoever works must hear of what comes afterwards, too.
        submit(service.url, photo)
        return _outcome(service.database, absence, _PROMISED[plan.way])


def _steal(service: LocalService, plan: Plan) -> Span:
    def is_time() -> bool:
        rows = _rows(service.database)
        ended = _count_ended(rows)
        does_one_wait = plan.photos <= _HANDS or len(rows) - ended > _HANDS
        return (ended >= plan.ended and does_one_wait) or ended == plan.photos

    eventually(is_time, within=_STUCK_SECONDS)
    time.sleep(plan.moment)
    return service.take_broker_away(plan.away)


def _outcome(database: Database, absence: Span, promised: float) -> Outcome:
    deadline = time.time() + _STUCK_SECONDS
    rows = _rows(database)
    while _count_ended(rows) < len(rows) and time.time() < deadline:
        time.sleep(0.1)
        rows = _rows(database)
    lives = [life_of(row) for row in rows]
    return Outcome(
        promised=promised,
        waited=sum(life.waits(absence.begin) for life in lives),
        ran=sum(life.runs(absence.begin) for life in lives),
        stuck=sum(row.status in LIVE for row in rows),
        failed=sum(row.status == JobStatus.FAILED for row in rows),
        idle=longest_idleness(lives, _HANDS, absence.end),
        all_done=max(life.whole.end for life in lives) - absence.end,
    )


def _count_ended(rows: list[Any]) -> int:
    return sum(row.status not in LIVE for row in rows)


def _rows(database: Database) -> list[Any]:
    while True:
        try:
            with database.reading() as connection:
                return list(connection.execute(select(jobs)).all())
        except DatabaseUnavailable:
            time.sleep(0.1)


def main() -> int:
    """Run as often as asked, and print a table."""
    wanted = _arguments()
    chance = random.Random(wanted.seed)
    _say(f"seed {wanted.seed}")
    _say(
        "| run | way | photos | ended, waited, ran | away, s "
        "| longest wait beside a free hand, s | promised, s | all done, s |"
    )
    _say("|---|---|---|---|---|---|---|---|")
    wrong = sum(
        not _try(number, _plan(chance, wanted.photos, wanted.ways))
        for number in range(1, wanted.runs + 1)
    )
    _say(f"{wrong} of {wanted.runs} wrong")
    return 1 if wrong else 0


def _try(number: int, plan: Plan) -> bool:
    """Make a run until something was at stake, say what came of it, and tell whether that is right."""
    for _ in range(_TRIES):
        outcome = run(plan)
        is_tried = plan.is_tried_by(outcome)
        verdict = "" if outcome.is_right else f" WRONG: {outcome}"
        if not is_tried:
            verdict += " nothing waited: made again"
        _say(
            f"| {number} | {plan.way} | {plan.photos} | {plan.ended}, {outcome.waited}, {outcome.ran} "
            f"| {plan.away:.1f} | {outcome.idle:.1f} | {outcome.promised:g} | {outcome.all_done:.1f} |{verdict}"
        )
        if is_tried or not outcome.is_right:
            return outcome.is_right
    return False


def _plan(chance: random.Random, photos: list[int], ways: list[str]) -> Plan:
    way = chance.choice(ways)
    # `make run` brings back what ended, half a second later.
    away = {"freeze": chance.uniform(*_FROZEN_SECONDS), "forget": chance.uniform(*_DOWN_SECONDS)}
    count = chance.choice(photos)
    ended = chance.randrange(max(1, count - _HANDS))
    return Plan(way, count, ended, chance.uniform(0, _JOB_SECONDS), away.get(way, 0))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", default=str(random.randrange(10**9)))
    parser.add_argument("--photos", type=int, nargs="+", default=[1, 2, 12])
    parser.add_argument("--ways", choices=_PROMISED, nargs="+", default=list(_PROMISED))
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

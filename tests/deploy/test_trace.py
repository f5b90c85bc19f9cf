from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.admin import admin
from shared.errors import ErrorCode
from shared.job import Queue
from shared.jobs.store import JobStore, Limits
from shared.sql.database import Database
from tests.clock import HandClock
from tests.empty_database import create_empty
from tests.factories import new_job
from tests.worker.conftest import LIMITS

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def store(tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[JobStore]:
    """The job table of the installation that the command is told of."""
    url = f"sqlite:///{tmp_path}/jobs.sqlite3"
    monkeypatch.setenv("CUTWORK_DATABASE_URL", url)
    create_empty(url)
    database = Database(url)
    limits: Limits = LIMITS
    yield JobStore(database, limits, clock)
    database.close()


def trace(*arguments: str, log: str = "") -> Result:
    return CliRunner().invoke(admin, ["trace", *arguments], input=log)


def test_a_life_is_told_with_each_attempt_and_the_time_between(
    store: JobStore, clock: HandClock
) -> None:
    parent = f"00-{TRACE}-b7ad6b7169203331-01"
    job = store.create(new_job(traceparent=parent, request_id="import-7"))
    assert job is not None
    clock.advance(seconds=2)
    claimed = store.claim(Queue.INTERACTIVE, "gpu-3:4711")
    assert claimed is not None
    clock.advance(milliseconds=500)
    store.fail(claimed.lease, ErrorCode.FILE_DECODING_FAILURE, "Send another photo.")

    told = trace(job.id.hex).stdout

    head, *lines = told.splitlines()
    assert str(job.id) in head
    assert f"request import-7  trace {TRACE}  error FILE_DECODING_FAILURE" in head
    assert [line.split()[2:5] for line in lines] == [
        ["+0.000", "s", "stored"],
        ["+2.000", "s", "claimed"],
        ["+0.500", "s", "failed"],
    ]
    assert lines[1].endswith("attempt=1 gpu-3:4711")
    assert told == trace(str(job.id)).stdout


def test_lines_of_logs_stand_between_what_the_table_tells(
    store: JobStore, clock: HandClock
) -> None:
    job = store.create(new_job())
    assert job is not None
    at = clock.now.isoformat()
    event = {"event": "job.queued", "timestamp": at, "log_id": job.id.hex, "request_id": "r-1"}
    about_another = {**event, "log_id": uuid.uuid4().hex, "reference": job.id.hex}
    torn = json.dumps(event)[:-5]
    log = "\n".join((f"api-1  | {json.dumps(event)}", json.dumps(about_another), torn, "plain"))

    told = trace(job.id.hex, "--log", "-", log=log).stdout

    assert told.count("job.queued") == 1
    assert "request_id=r-1" in told


def test_a_job_that_the_table_has_forgotten_is_told_by_logs_alone(store: JobStore) -> None:
    name = uuid.uuid4()
    line = {"event": "job.expired", "timestamp": "2026-11-26T10:00:00.5Z", "task_id": str(name)}

    told = trace(name.hex, "--log", "-", log=json.dumps(line)).stdout

    assert told == "2026-11-26 10:00:00.500Z      +0.000 s  job.expired\n"


def test_a_job_that_nobody_knows_is_said_to_be_unknown(store: JobStore) -> None:
    told = trace(uuid.uuid4().hex)

    assert (told.exit_code, told.stdout) == (1, "")
    assert "knows this job" in told.stderr


def test_what_is_no_id_is_refused_in_words(store: JobStore) -> None:
    told = trace("import-7")

    assert told.exit_code == 2
    assert "import-7 is the id of no job" in told.stderr

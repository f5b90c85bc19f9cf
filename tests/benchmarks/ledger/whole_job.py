"""`python -m tests.benchmarks.ledger.whole_job [rounds]`: each stage of a job from upload to the client's last poll.

Front end and worker are in one process here, and work one after the other in one thread, on SQLite, SeaweedFS and
Valkey as `make run` has them: so every stage has its own CPU and wall time. What Celery adds between message and claim,
and what the servers themselves take, is not in the CPU. Writes docs/benchmarks/job.md, job.json
and job.svg.
"""

from __future__ import annotations

import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from flask import Flask
from werkzeug.datastructures import FileStorage

import worker.app
from api.admission.auth import KEY_HEADER
from api.app import create_app
from api.routes.cutout import PATH as CUTOUT
from api.routes.query import PATH as QUERY
from api.wsgi import create_services
from deploy.local.servers.seaweedfs import SeaweedFS
from deploy.local.servers.valkey import Valkey
from shared.job import Queue
from shared.settings.settings import Settings
from tests.benchmarks.ledger.drawing import Bar, draw_bars
from tests.benchmarks.ledger.photos import SIZES, write_photo
from tests.benchmarks.ledger.side import STAGES, Spent, StageClock, attach
from tests.benchmarks.results import ON_THIS_MACHINE, RESULTS, described_machine, write_results
from tests.conftest import an_installation
from worker.jobs.runner import JobRunner

_ROUNDS = 9
_BEFORE: Mapping[str, Sequence[str]] = {
    "key": ["shared.tenants.key_store:KeyStore.find_caller"],
    "form": ["api.routes.cutout:read_cutout_request"],
    "header": ["api.intake.form:read_header", "worker.jobs.runner:read_header"],
    "put": ["shared.objects.store:ObjectStore.put_input"],
    "row": ["shared.jobs.submission:Submission.create"],
    "publish": ["shared.messaging.broker:Broker.publish"],
    "claim": ["shared.jobs.leases:Leases.claim"],
    "get": ["shared.objects.store:ObjectStore.get_input"],
}
_AFTER: Mapping[str, Sequence[str]] = {
    "store": ["worker.jobs.runner:store_results"],
    "complete": ["shared.jobs.leases:Leases.complete"],
    "close": [
        "shared.messaging.announcements:Announcer.announce",
        "shared.objects.store:ObjectStore.delete_input",
    ],
    "attempt": ["worker.jobs.runner:JobRunner.run"],
}
#: As the worker's runner names them.
_OF_RUNNER = {"decode": "worker.jobs.runner:decode", "rest": "worker.jobs.runner:cut_out"}
_IMAGE_PATH = {
    stage: [*places, *filter(None, [_OF_RUNNER.get(stage)])] for stage, places in STAGES.items()
}
#: In the order of a job's life; the first and the last are requests, without what stands between.
_ORDER = ("receive", *_BEFORE, *STAGES, *_AFTER, "poll")
_FIELDS = {"task_type": "async", "cloth_class": "tops,pants"}
_HEAD = f"""# A job from upload to poll

CPU and wall milliseconds of each stage, medians of {{rounds}}, two categories and a cut-out of all clothing; written by
`python -m tests.benchmarks.ledger.whole_job`, {ON_THIS_MACHINE}.
[Where the time goes](README.md) says what that means. All of it is in one process: what the servers take is not in it.
Where the load is higher than the cores are many, wall times are mostly those of waiting for a core.

![CPU of a job, by stage](job.svg)

"""


def main(rounds: int) -> None:
    """Measure, and write down."""
    clock = StageClock(time.process_time)  # pictures are stored from threads
    attach(clock, {**_BEFORE, **_IMAGE_PATH, **_AFTER})
    measured = {}
    with described_machine() as machine, _site() as settings:
        app, runner, key = _put_together(settings, clock)
        for size in SIZES:
            photo = write_photo(size)
            runs = [_live(clock, app, runner, key, photo) for _ in range(rounds + 1)][1:]
            measured[size] = {
                stage: [
                    statistics.median(run.get(stage, [0, 0])[kind] for run in runs)
                    for kind in (0, 1)
                ]
                for stage in _ORDER
            }
    _write({**machine, "rounds": rounds}, measured)


@contextmanager
def _site() -> Iterator[Settings]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            SeaweedFS(folder / "objects") as objects,
            Valkey(folder / "broker", persistent=False) as broker,
            an_installation(folder, objects, broker, lease=30.0) as settings,
        ):
            yield settings


def _put_together(settings: Settings, clock: StageClock) -> tuple[Flask, JobRunner, str]:
    services = create_services(settings)
    app = create_app(settings, services)
    answer: Callable[..., Any] = app.wsgi_app

    def counted(environ: dict[str, Any], start: Any) -> Any:
        stage = "receive" if environ["REQUEST_METHOD"] == "POST" else "poll"
        return clock.timed(stage, answer)(environ, start)

    runners: list[JobRunner] = []
    with mock.patch.object(worker.app, "_add_task", lambda _, runner, __: runners.append(runner)):
        worker.app.create_worker(settings, worker.app.create_segmenter(settings))
    setattr(app, "wsgi_app", counted)  # noqa: B010  it is a method, and Flask says to wrap it so
    return app, runners[0], services.key_store.create("shop")[1]


def _live(clock: StageClock, app: Flask, runner: JobRunner, key: str, photo: bytes) -> Spent:
    """Let a job live."""
    clock.spent = {}
    client = app.test_client()
    image = FileStorage(io.BytesIO(photo), "photo.jpg")
    headers = {KEY_HEADER: key}
    posted = client.post(CUTOUT, data={**_FIELDS, "image": image}, headers=headers)
    task = posted.get_json()["task_id"]
    runner.run(Queue.BULK)
    answer = client.get(QUERY, query_string={"task_id": task}, headers=headers).get_json()
    assert answer["task_status"] == 2, answer
    return clock.spent


def _write(machine: Mapping[str, Any], measured: Mapping[str, Spent]) -> None:
    bars = [
        Bar(size, {stage: times[0] for stage, times in spent.items()})
        for size, spent in measured.items()
    ]
    svg = draw_bars("CPU of a job from upload to poll", _ORDER, bars)
    head = "".join(f" {size}, CPU | wall |" for size in measured)
    lines = [f"| stage |{head}", f"|---|{'---|' * 2 * len(measured)}"]
    for stage in _ORDER:
        cells = (f" {time:.1f} |" for spent in measured.values() for time in spent[stage])
        lines.append(f"| {stage} |{''.join(cells)}")
    sums = (
        f" **{sum(times[kind] for times in spent.values()):.0f}** |"
        for spent in measured.values()
        for kind in (0, 1)
    )
    lines.append(f"| all |{''.join(sums)}")
    page = _HEAD.format(**machine) + "\n".join([*lines, ""])
    write_results("job", {"machine": machine, "sizes": measured}, page)
    (RESULTS / "job.svg").write_text(svg)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _ROUNDS)

"""Starts the whole service on one machine, keeps it up, and stops it: what `make run` runs.

Its messages go to stderr, and end with the page's address. What the processes say lies in files of the data folder.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click

from deploy.environment_file import as_text
from deploy.local.address import Address
from deploy.local.data_directory import DataDirectory
from deploy.local.environment import LocalServer, settings_of
from deploy.local.greeting import greeting
from deploy.local.metrics_ports import describe, metrics_ports
from deploy.local.processes.interrupt import Interrupt, Interrupted
from deploy.local.processes.process import Process, ProcessFailed
from deploy.local.processes.revival import Revival
from deploy.local.servers.health import answers_ok
from deploy.local.servers.postgres import Postgres
from deploy.local.servers.s3_identities import Buckets
from deploy.local.servers.seaweedfs import SeaweedFS
from deploy.local.servers.valkey import Valkey
from shared.errors import Misconfigured
from shared.settings.settings import Settings, load_settings
from shared.sql.database import open_database
from shared.tenants.key_store import KeyStore

_ROOT = Path(__file__).parents[2]
_PYTHON = [sys.executable, "-m"]
#: A busy machine may need it; what ends before it is ready is noticed at once.
_START_SECONDS = 120
_TEND_SECONDS = 0.2
#: The longest that gunicorn gives its requests, and a little more.
_FRONT_END_GRACE_SECONDS = 35
_SWEEPER_GRACE_SECONDS = 10
_EXTRA_GRACE_SECONDS = 5


class Supervisor:
    """One run of everything, from the first server up to the last one down."""

    def __init__(self, home: DataDirectory, address: Address) -> None:
        """Decide what there is to run.

        What the user has already (CUTWORK_DATABASE_URL, CUTWORK_REDIS_URL, CUTWORK_S3_ENDPOINT) is not run again;
        every other CUTWORK_ variable wins over ours too.

        Raises:
            Misconfigured: DATABASE names none that could be run.
        """
        self._home = home
        self._address = address
        self._servers: dict[str, LocalServer] = {}
        ours = home.credentials()
        if _wants_postgres(os.environ) and "CUTWORK_DATABASE_URL" not in os.environ:
            self._servers["database"] = Postgres(home.postgres, password=ours.database_password)
        if "CUTWORK_REDIS_URL" not in os.environ:
            self._servers["broker"] = Valkey(home.valkey, password=ours.broker_password)
        if "CUTWORK_S3_ENDPOINT" not in os.environ:
            settings = load_settings()
            self._servers["object store"] = SeaweedFS(
                home.seaweedfs,
                access_key=ours.access_key,
                secret_key=ours.secret_key,
                buckets=Buckets(settings.inputs_bucket, settings.results_bucket),
                page_origins=settings.page_origins or address.page_origins,
            )
        self._processes: dict[str, Process] = {}
        self._metrics_ports: Mapping[str, int] = {}
        self._worker_grace_seconds: float = _EXTRA_GRACE_SECONDS
        self._interrupt = Interrupt(self._kill)

    def run(self) -> None:
        """Run until somebody asks for the end.

        Raises:
            ProcessFailed: Something did not start.
            Misconfigured: A setting is not usable.
        """
        try:
            if not self._address.is_loopback and "object store" in self._servers:
                self._address.of_results.check_free()
            ours = settings_of(self._home, self._address, self._servers.values())
            os.environ.update(ours | dict(os.environ))
            settings = load_settings()
            self._worker_grace_seconds = settings.shutdown_grace + _EXTRA_GRACE_SECONDS
            self._metrics_ports = metrics_ports(settings)
            self._start()
            self._keep_up()
        except Interrupted:
            say("stopping; Ctrl-C again ends it at once")
        finally:
            self._stop()
            self._interrupt.give_back()

    def _start(self) -> None:
        started_at = time.monotonic()
        self._start_servers(started_at)
        self._set_up()
        serve = ["gunicorn", "-c", str(_ROOT / "deploy" / "gunicorn.conf.py")]
        bind = ["--bind", self._address.authority]
        self._processes = {
            "front end": self._in_its_role("front end", [*serve, *bind, "api.wsgi:create_app()"]),
            "worker": self._in_its_role("worker", ["worker"]),
            "sweeper": self._in_its_role("sweeper", ["worker.sweeper"]),
        }
        store = self._servers.get("object store")
        if store is not None and not self._address.is_loopback:
            results = self._address.of_results
            command = ["deploy.local.relay", results.host, str(results.port), str(store.port)]
            self._processes["results"] = self._process("results", command)
        for process in self._processes.values():
            process.start()
        self._processes["front end"].wait_until(self._is_ready, _START_SECONDS)
        _say_ready("service", started_at)
        environment = self._home.note_environment(as_text(os.environ))
        settings = load_settings()
        where = settings.signing_endpoint
        for line in describe(settings):
            say(line)
        say(greeting(self._address, environment, where, has_keys=_has_keys(settings)))

    def _in_its_role(self, name: str, module: list[str]) -> Process:
        """Describe a process with a port of its own for its metrics.

        In an object store of ours it may do its own work, and no other.
        """
        own = {}
        if name in self._metrics_ports:
            own["CUTWORK_METRICS_PORT"] = str(self._metrics_ports[name])
        store = self._servers.get("object store")
        if isinstance(store, SeaweedFS):
            keys = store.keys.for_role(name.replace(" ", "-"))
            own["CUTWORK_S3_ACCESS_KEY"] = keys.access_key
            own["CUTWORK_S3_SECRET_KEY"] = keys.secret_key
        return self._process(name, module, own)

    def _process(
        self, name: str, module: list[str], changes: Mapping[str, str] | None = None
    ) -> Process:
        # Into a file Python would write only when a block is full.
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(changes or {})}
        log = self._home.path / f"{name.replace(' ', '-')}.log"
        return Process(
            name, [*_PYTHON, *module], output=log, environment=environment, directory=_ROOT
        )

    def _start_servers(self, started_at: float) -> None:
        for server in self._servers.values():
            server.launch()
        for name, server in self._servers.items():
            server.process.wait_until(partial(self._answers, server), _START_SECONDS)
            _say_ready(name, started_at)

    def _answers(self, server: LocalServer) -> bool:
        self._interrupt.check()
        return server.answers()

    def _set_up(self) -> None:
        started_at = time.monotonic()
        set_up = self._process("set-up", ["deploy.admin", "setup"])
        self._processes["set-up"] = set_up
        set_up.start()
        set_up.finish(_START_SECONDS)
        self._interrupt.check()
        _say_ready("set-up", started_at)

    def _is_ready(self) -> bool:
        self._interrupt.check()
        for name, process in self._processes.items():
            if not process.is_running:
                raise ProcessFailed(f"{name} ended with {process.return_code} while it started")
        return answers_ok(self._address.local_host, self._address.port, "/readyz")

    def _keep_up(self) -> None:
        revivals = [
            *(Revival(name, it, it.launch, say) for name, it in self._servers.items()),
            *(Revival(name, it, it.start, say) for name, it in self._processes.items()),
        ]
        while not self._interrupt.wait(_TEND_SECONDS):
            for revival in revivals:
                revival.tend()
            for process in self._all_processes():
                process.make_room_in_log()
        raise Interrupted

    def _all_processes(self) -> list[Process]:
        return [*self._processes.values(), *(it.process for it in self._servers.values())]

    def _stop(self) -> None:
        grace = {"front end": _FRONT_END_GRACE_SECONDS, "worker": self._worker_grace_seconds}
        # The front end first, so that nothing new comes; the servers last, so that all can finish.
        for name, process in self._processes.items():
            process.stop(grace.get(name, _SWEEPER_GRACE_SECONDS))
        running = [server for server in self._servers.values() if server.is_running]
        for server in running:
            server.process.request_stop()
        for server in running:
            server.stop()

    def _kill(self) -> None:
        for process in self._processes.values():
            process.kill()
        for server in self._servers.values():
            server.kill()


def say(message: str) -> None:
    """Tell the user; somebody who has closed the terminal misses it."""
    with contextlib.suppress(OSError):
        click.echo(message, err=True)


def _say_ready(what: str, started_at: float) -> None:
    say(f"{what:<13} ready in {time.monotonic() - started_at:.1f} s")


def _wants_postgres(environment: Mapping[str, str]) -> bool:
    """Read DATABASE."""
    wanted = environment.get("DATABASE") or "sqlite"
    if wanted not in {"sqlite", "postgresql"}:
        raise Misconfigured(
            f"DATABASE={wanted} is not a database that can be run; sqlite and postgresql are"
        )
    return wanted == "postgresql"


def _has_keys(settings: Settings) -> bool:
    database = open_database(settings)
    try:
        return not KeyStore(database).is_empty()
    finally:
        database.close()

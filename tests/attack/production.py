"""Production's shape: nginx with TLS in front, keys on, Redis with TLS, and a role of its own for each process.

nginx and a Redis or Valkey with TLS are no wheels: they are looked for in PATH, and in NGINX and REDIS_SERVER. No root
is needed: `apt-get download nginx redis-server` and `dpkg -x` will do.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from deploy.local.processes.process import Process
from deploy.local.servers.health import answers_ok
from deploy.local.servers.mutual_tls import MutualTls
from deploy.local.servers.ports import LOOPBACK, free_port, is_free
from deploy.local.servers.postgres import Postgres
from deploy.local.servers.seaweedfs import SeaweedFS
from deploy.local.servers.valkey import Valkey
from shared.errors import Misconfigured
from tests.attack.local import LIMITS, choose_metrics_ports, with_defaults
from tests.attack.target import ROOT, Target
from tests.end_to_end.installation import front_end_command, outside

_ROLES = ROOT / "deploy" / "roles" / "postgresql.sql"
_NGINX = ROOT / "deploy" / "nginx.conf"
_START_SECONDS = 90


@dataclass(frozen=True)
class Programs:
    """What has to be installed."""

    nginx: str
    redis: str

    @classmethod
    def find(cls) -> Programs:
        """Look for both.

        Raises:
            Misconfigured: One is not there.
        """
        path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
        nginx = os.environ.get("NGINX") or shutil.which("nginx", path=path)
        redis = (
            os.environ.get("REDIS_SERVER")
            or shutil.which("valkey-server", path=path)
            or shutil.which("redis-server", path=path)
        )
        if not nginx or not redis:
            raise Misconfigured(
                "nginx, and a redis-server or valkey-server with TLS, have to be installed, or named by NGINX and "
                "REDIS_SERVER: no wheel brings them"
            )
        return cls(nginx, redis)


class Roles:
    """A database in which nobody gets in without a password, and each role has one."""

    def __init__(self, server: Postgres) -> None:
        """Make the database, its roles and tables; shut the door behind."""
        self._server = server
        self._url = server.create_database("production")
        names = ("migration", "front_end", "worker", "sweeper", "scaler")
        self._passwords = {name: secrets.token_urlsafe(24) for name in names}
        self.grant()
        with self._as_superuser() as connection:
            for name, password in self._passwords.items():
                connection.execute(
                    sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                        sql.Identifier(f"cutwork_{name}"), sql.Literal(password)
                    )
                )

    def url(self, role: str) -> str:
        changed = make_url(self._url).set(
            username=f"cutwork_{role}", password=self._passwords[role]
        )
        return changed.render_as_string(hide_password=False)

    def grant(self) -> None:
        with self._as_superuser() as connection:
            connection.execute(_ROLES.read_bytes())

    def shut(self) -> None:
        """Let nobody in without a password any more, the superuser neither."""
        with self._as_superuser() as connection:
            access = connection.execute("SHOW hba_file").fetchone()
            assert access is not None
            Path(str(access[0])).write_text("host all all 127.0.0.1/32 scram-sha-256\n")
            connection.execute("SELECT pg_reload_conf()")

    def _as_superuser(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self._url.replace("+psycopg", ""), autocommit=True)


@contextmanager
def running_production() -> Iterator[Target]:
    """Start everything, and end it.

    Raises:
        Misconfigured: A program is not installed.
    """
    programs = Programs.find()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cutwork-attack-")))
        folder.chmod(0o755)
        home = folder / "home"
        home.mkdir(mode=0o700)
        tls = MutualTls(home / "tls")
        tls.renew(LOOPBACK)
        store = stack.enter_context(SeaweedFS(home / "seaweedfs", secret_key=secrets.token_hex(16)))
        redis = stack.enter_context(
            Valkey(home / "redis", password=secrets.token_hex(16), tls=tls, program=programs.redis)
        )
        roles = Roles(stack.enter_context(Postgres.temporary()))
        ports = {name: free_port() for name in ("front end", "api", "results")}
        metrics = choose_metrics_ports()
        common = with_defaults(
            {
                **LIMITS,
                "CUTWORK_REDIS_URL": redis.url,
                "CUTWORK_S3_ENDPOINT": store.endpoint,
                "CUTWORK_S3_PUBLIC_ENDPOINT": f"https://{LOOPBACK}:{ports['results']}",
            }
        )

        def of_role(role: str) -> dict[str, str]:
            keys = store.keys.for_role(role)
            database = roles.url("migration" if role == "setup" else role.replace("-", "_"))
            return {
                **common,
                "CUTWORK_METRICS_PORT": str(metrics.get(role.replace("-", " "), 0)),
                "CUTWORK_DATABASE_URL": database,
                "CUTWORK_S3_ACCESS_KEY": keys.access_key,
                "CUTWORK_S3_SECRET_KEY": keys.secret_key,
            }

        setup = of_role("setup")
        _run(home, "set-up", ["-m", "deploy.admin", "setup"], setup).finish(_START_SECONDS)
        roles.grant()
        roles.shut()
        gunicorn = front_end_command(ports["front end"])
        front_end = _run(home, "front-end", gunicorn, of_role("front-end"))
        for process in (
            front_end,
            _run(home, "worker", ["-m", "worker"], of_role("worker")),
            _run(home, "sweeper", ["-m", "worker.sweeper"], of_role("sweeper")),
            proxy := _nginx(home, programs.nginx, tls, ports, store.port),
        ):
            stack.callback(process.stop, 40)
        front_end.wait_until(
            lambda: answers_ok(LOOPBACK, ports["front end"], "/readyz"), _START_SECONDS
        )
        proxy.wait_until(lambda: not is_free(ports["api"]), _START_SECONDS)
        yield Target(
            name="production",
            url=f"https://{LOOPBACK}:{ports['api']}",
            environment=setup,
            owner={
                "CUTWORK_S3_ACCESS_KEY": store.access_key,
                "CUTWORK_S3_SECRET_KEY": store.secret_key,
            },
            directory=home,
            root=os.getpid(),
            logs=[*home.glob("*.log"), *home.glob("*/server.log")],
            keyless=False,
            metrics=metrics,
            public_ports=frozenset((ports["front end"], ports["api"])),
            authority=tls.authority,
            proxy="nginx",
        )


def _run(home: Path, name: str, command: list[str], settings: Mapping[str, str]) -> Process:
    program = [sys.executable, *command] if command[0] == "-m" else command
    process = Process(
        name,
        program,
        output=home / f"{name}.log",
        environment={**outside(), **settings, "PYTHONUNBUFFERED": "1"},
        directory=ROOT,
    )
    process.start()
    return process


def _nginx(
    home: Path, program: str, tls: MutualTls, ports: Mapping[str, int], store: int
) -> Process:
    words = {
        "CERTIFICATE": tls.certificate,
        "KEY": tls.key,
        "FRONT_END_PORT": f"{LOOPBACK}:{ports['api']}",
        "STORE_PORT": f"{LOOPBACK}:{ports['results']}",
        "FRONT_END": f"{LOOPBACK}:{ports['front end']}",
        "STORE": f"{LOOPBACK}:{store}",
        "PID": home / "nginx.pid",
        "TEMPORARY": home / "nginx",
    }
    text = _NGINX.read_text()
    for word, value in words.items():
        text = re.sub(rf"\b{word}\b", str(value), text)
    (home / "nginx").mkdir()
    configuration = home / "nginx.conf"
    # Root's nginx would let its children be another user, who cannot look into this folder.
    user = "user root;\n" if os.geteuid() == 0 else ""
    configuration.write_text(f"daemon off;\n{user}{text}")
    log = home / "nginx.log"
    command = [program, "-e", str(log), "-c", str(configuration)]
    process = Process("nginx", command, output=log, directory=home)
    process.start()
    return process

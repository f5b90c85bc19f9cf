"""The front end as it is deployed: a real gunicorn, with nothing behind it but a database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from deploy.local.processes.process import Process
from deploy.local.servers.ports import LOOPBACK, free_port
from tests.empty_database import create_empty
from tests.end_to_end.installation import front_end_command, outside

_ROOT = Path(__file__).parents[2]
_START_SECONDS = 40


def gunicorn(directory: Path, port: int, **settings: str) -> Process:
    """Describe one; its log is `gunicorn.log` in its directory."""
    environment: Mapping[str, str] = {
        **outside(),
        "HOME": str(directory),
        "WEB_CONCURRENCY": "1",
        "CUTWORK_KEYLESS": "1",
        "CUTWORK_DATABASE_URL": f"sqlite:///{directory}/cutwork.sqlite3",
        # Nobody listens there.
        "CUTWORK_REDIS_URL": f"redis://{LOOPBACK}:1/0",
        "CUTWORK_S3_ENDPOINT": f"http://{LOOPBACK}:1",
        "CUTWORK_S3_SECRET_KEY": "secret",
        **settings,
    }
    return Process(
        "gunicorn",
        front_end_command(port),
        output=directory / "gunicorn.log",
        environment=environment,
        directory=_ROOT,
    )


@contextmanager
def serving(directory: Path, **settings: str) -> Iterator[tuple[Process, str]]:
    """Run one, with an empty database; gives the process and the base URL."""
    create_empty(f"sqlite:///{directory}/cutwork.sqlite3")
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"
    server = gunicorn(directory, port, **settings)
    server.start()
    try:
        server.wait_until(lambda: answers(url), _START_SECONDS)
        yield server, url
    finally:
        server.stop(10)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False

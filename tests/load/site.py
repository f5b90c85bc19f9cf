"""What load is put on: a whole installation on this machine, whose servers are new, and a tenant's client."""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from PIL import Image
from pydantic import SecretStr
from skimage import data

from deploy.local.servers.postgres import Postgres
from deploy.local.servers.seaweedfs import SeaweedFS
from deploy.local.servers.valkey import Valkey
from shared.objects.store import ObjectStore
from shared.settings.settings import Settings
from shared.sql.database import Database
from shared.sql.schema import migrate
from tests.end_to_end.client import CUTOUT, QUERY
from tests.end_to_end.installation import Installation


class Client:
    """A tenant, with a key and a connection that is kept."""

    def __init__(self, url: str, key: str) -> None:
        """Connect with the first request."""
        self._http = httpx.Client(base_url=url, headers={"ailabapi-api-key": key}, timeout=90)

    def post(self, photo: bytes, task_type: str) -> str:
        """Upload a photo, and return its task id."""
        answer = self._http.post(CUTOUT, files={"image": photo}, data={"task_type": task_type})
        answer.raise_for_status()
        return str(answer.json()["task_id"])

    def latency(self, photo: bytes, task_type: str) -> float:
        """Upload a photo, wait for its result, and return the seconds that took."""
        began = time.monotonic()
        task_id = self.post(photo, task_type)
        while self._status(task_id) not in {2, 3}:
            pass
        return time.monotonic() - began

    def _status(self, task_id: str) -> int:
        answer = self._http.get(QUERY, params={"task_id": task_id, "wait": "30"})
        return int(answer.raise_for_status().json()["task_status"])


def any_photo() -> bytes:
    """A person in an orange suit, as JPEG."""
    encoded = io.BytesIO()
    Image.fromarray(data.astronaut()).save(encoded, "JPEG", quality=92)
    return encoded.getvalue()


@contextmanager
def running_servers() -> Iterator[Settings]:
    """Run servers with both buckets, and settings that point at them."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres = stack.enter_context(Postgres.temporary())
        valkey = stack.enter_context(Valkey(home / "valkey", persistent=False))
        seaweedfs = stack.enter_context(SeaweedFS(home / "seaweedfs"))
        settings = Settings(
            database_url=postgres.url,
            redis_url=SecretStr(valkey.url),
            s3_endpoint=seaweedfs.endpoint,
            s3_access_key=seaweedfs.access_key,
            s3_secret_key=SecretStr(seaweedfs.secret_key),
            rate_per_minute=0,
        )
        ObjectStore(settings).set_up()
        yield settings


@contextmanager
def running_installation(*, front_end_workers: int = 1) -> Iterator[tuple[Installation, Database]]:
    """Run servers, a front end and a sweeper; workers are started by whoever needs them."""
    with ExitStack() as stack:
        settings = stack.enter_context(running_servers())
        database = Database(settings.database_url)
        stack.callback(database.close)
        migrate(database)
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        with Installation(settings, directory, front_end_workers) as installation:
            yield installation, database


def say(text: str) -> None:
    """Write to the terminal, at once."""
    sys.stdout.write(text)
    sys.stdout.flush()

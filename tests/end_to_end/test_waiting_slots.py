"""Two tenants that wait at one real front end: the long polls of one do not keep the other from waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import func, select

from shared.settings.settings import Settings
from shared.sql.database import Database
from shared.sql.tables import jobs
from shared.tenants.key_store import KeyStore
from tests.end_to_end.client import CUTOUT, QUERY
from tests.end_to_end.installation import Installation

#: As many as took all 100 slots of a process before.
POLLS = 260
#: What a lone tenant gets of them now.
LONE = 72
#: Waits of the second tenant until both have even shares; and as many of each as chance is small among.
AT_FIRST, LATER = 50, 200
SYNC_WAIT = 2.0
CHANGES = pytest.mark.parametrize("changes", [{"sync_wait": SYNC_WAIT}])


@dataclass
class Answer:
    """An answer, and how long it took."""

    response: httpx.Response
    seconds: float

    @property
    def has_waited(self) -> bool:
        return self.response.status_code == 504 and self.seconds >= SYNC_WAIT


class Tenant:
    """A client with a key of its own, and as many connections as it likes."""

    def __init__(self, http: httpx.AsyncClient, key: str, photo: bytes) -> None:
        self._http, self._headers, self._photo = http, {"ailabapi-api-key": key}, photo

    async def post(self, task_type: str) -> Answer:
        return await self._timed(
            self._http.post(
                CUTOUT,
                headers=self._headers,
                data={"task_type": task_type},
                files={"image": self._photo},
            )
        )

    async def poll(self, task_id: str, seconds: int) -> Answer:
        parameters: dict[str, str | int] = {"task_id": task_id, "wait": seconds}
        return await self._timed(self._http.get(QUERY, headers=self._headers, params=parameters))

    async def _timed(self, request: Awaitable[httpx.Response]) -> Answer:
        began = time.monotonic()
        response = await request
        return Answer(response, time.monotonic() - began)


@contextmanager
def database_of(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database_url)
    yield database
    database.close()


def count_jobs(settings: Settings) -> int:
    with database_of(settings) as database, database.reading() as connection:
        return connection.execute(select(func.count()).select_from(jobs)).scalar_one()


async def with_two_tenants(
    installation: Installation, photo: bytes, act: Callable[[Tenant, Tenant], Awaitable[None]]
) -> None:
    with database_of(installation.settings) as database:
        keys = [KeyStore(database).create(name)[1] for name in ("greedy", "modest")]
    # A front end closes idle connections after five seconds: the client has to let go of them first.
    limits = httpx.Limits(max_connections=None, keepalive_expiry=2)
    async with httpx.AsyncClient(base_url=installation.url, timeout=60, limits=limits) as http:
        await act(*(Tenant(http, key, photo) for key in keys))


@CHANGES
def test_260_long_polls_of_one_tenant_do_not_keep_another_from_waiting(
    installation: Installation, photo: bytes
) -> None:
    async def act(greedy: Tenant, modest: Tenant) -> None:
        task_id = (await greedy.post("async")).response.json()["task_id"]
        polls = [asyncio.create_task(greedy.poll(task_id, 30)) for _ in range(POLLS)]
        # The polls that got no slot are answered at once: from then on the others wait.
        while sum(poll.done() for poll in polls) < POLLS - LONE:
            await asyncio.sleep(0.05)
        stored = count_jobs(installation.settings)

        refused = await greedy.post("sync")
        assert refused.response.status_code == 429, refused.response.text
        assert int(refused.response.headers["retry-after"]) >= 1
        assert count_jobs(installation.settings) == stored

        unset = await greedy.post("")
        assert unset.response.status_code == 200
        assert unset.response.json()["task_id"]
        assert unset.seconds < SYNC_WAIT

        answers = await asyncio.gather(*(modest.post("sync") for _ in range(10)))
        assert all(answer.has_waited for answer in answers), answers
        assert all(answer.response.json()["task_id"] for answer in answers)
        for poll in polls:
            poll.cancel()
        await asyncio.gather(*polls, return_exceptions=True)

    asyncio.run(with_two_tenants(installation, photo, act))


@CHANGES
def test_two_tenants_that_wait_without_end_get_as_much_of_it(
    installation: Installation, photo: bytes
) -> None:
    """One comes first and takes what it can; soon both wait as often as the other."""

    async def act(greedy: Tenant, modest: Tenant) -> None:
        task_ids = [
            (await tenant.post("async")).response.json()["task_id"] for tenant in (greedy, modest)
        ]
        waited = {greedy: 0, modest: 0}
        is_over = asyncio.Event()

        async def poll_without_end(tenant: Tenant, task_id: str) -> None:
            while not is_over.is_set():
                answer = await tenant.poll(task_id, 1)
                if answer.seconds >= 1:
                    waited[tenant] += 1
                else:
                    await asyncio.sleep(0.25)

        clients = [
            asyncio.create_task(poll_without_end(tenant, task_id))
            for tenant, task_id in zip((greedy, modest), task_ids, strict=True)
            for _ in range(60)
        ]
        while min(waited.values()) < AT_FIRST:
            await asyncio.sleep(0.1)
        at_first = dict(waited)
        while min(since := [waited[tenant] - at_first[tenant] for tenant in waited]) < LATER:
            await asyncio.sleep(0.1)
        is_over.set()
        await asyncio.gather(*clients)
        assert max(since) < 1.2 * min(since), since

    asyncio.run(with_two_tenants(installation, photo, act))

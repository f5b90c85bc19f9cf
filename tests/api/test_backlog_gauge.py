"""The gauge: one count a second is enough for all uploads, and for all processes."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr

from api.admission.backlog_cache import BacklogCache, Lookup
from api.admission.backlog_gauge import BacklogGauge
from api.resilience.redis_pool import impatient_pool, redis_circuit
from deploy.local.servers.valkey import Valkey
from shared.errors import DatabaseUnavailable
from shared.jobs.backlog import Backlog
from shared.jobs.store import JobStore
from shared.settings.settings import Settings
from shared.tenants.api_key import Caller
from tests.clock import Seconds
from tests.conditions import eventually
from tests.fakes import UnsharedBacklogCache

SETTINGS = Settings(max_queued_per_tenant=100, max_queued=1000)


class CountedJobStore(JobStore):
    """Has as many jobs waiting as a test says, and remembers how often it was asked."""

    def __init__(self) -> None:
        self.queued = 5
        self.asked: list[str | None] = []
        self.is_down = False

    def measure_backlog(self, tenant: str | None, at_most: int) -> Backlog:
        if self.is_down:
            raise DatabaseUnavailable("gone")
        self.asked.append(tenant)
        return Backlog(queued=min(self.queued, at_most), oldest_age=timedelta(0), finished_lately=0)


@pytest.fixture
def store() -> CountedJobStore:
    return CountedJobStore()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def gauge(store: CountedJobStore, seconds: Seconds) -> BacklogGauge:
    return BacklogGauge(SETTINGS, store, UnsharedBacklogCache(), seconds)


def test_jobs_are_counted_once_a_second_and_tenant(
    gauge: BacklogGauge, store: CountedJobStore, seconds: Seconds
) -> None:
    for _ in range(100):
        gauge.read("shop")
        gauge.read(None)
    seconds.now = 0.9
    gauge.read("shop")
    assert store.asked == ["shop", None]

    seconds.now = 1.0
    gauge.read("shop")

    assert store.asked == ["shop", None, "shop"]


def test_what_was_let_in_since_the_count_is_added_to_it(
    gauge: BacklogGauge, store: CountedJobStore, seconds: Seconds
) -> None:
    gauge.read("shop")
    gauge.read("rival")
    gauge.read(None)

    gauge.let_in(Caller(tenant="shop"))
    gauge.let_in(Caller(tenant="shop"))

    assert [gauge.read(tenant).queued for tenant in ("shop", "rival", None)] == [7, 5, 7]
    seconds.now, store.queued = 1.0, 6
    assert gauge.read("shop").queued == 6


def test_a_place_that_is_given_back_is_free_again_and_changes_no_later_count(
    gauge: BacklogGauge, store: CountedJobStore, seconds: Seconds
) -> None:
    gauge.read("shop")
    gauge.read(None)
    early, late = gauge.let_in(Caller(tenant="shop")), gauge.let_in(Caller(tenant="shop"))

    early.give_back()

    assert [gauge.read(tenant).queued for tenant in ("shop", None)] == [6, 6]
    seconds.now = 1.0
    gauge.read("shop")
    late.give_back()
    assert gauge.read("shop").queued == 5


def test_who_asks_while_another_counts_gets_the_old_count(
    gauge: BacklogGauge,
    store: CountedJobStore,
    seconds: Seconds,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gauge.read("shop")
    seconds.now, store.queued = 1.0, 9
    meanwhile: list[int] = []
    real = store.measure_backlog

    def measure(tenant: str | None, at_most: int) -> Backlog:
        meanwhile.append(gauge.read(tenant).queued)
        return real(tenant, at_most)

    monkeypatch.setattr(store, "measure_backlog", measure)

    assert gauge.read("shop").queued == 9
    assert meanwhile == [5]


def test_jobs_that_cannot_be_counted_are_no_empty_queue(
    gauge: BacklogGauge, store: CountedJobStore
) -> None:
    store.is_down = True

    with pytest.raises(DatabaseUnavailable):
        gauge.read("shop")


def test_counting_ends_a_little_above_the_limit(
    gauge: BacklogGauge, store: CountedJobStore
) -> None:
    store.queued = 10**7

    assert 100 < gauge.read("shop").queued < 120
    assert 1000 < gauge.read(None).queued < 1200


@pytest.fixture
def caches(valkey: Valkey, seconds: Seconds) -> list[BacklogCache]:
    """Those of four processes, on a Redis that knows nothing yet."""
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    return [BacklogCache(redis.Redis.from_url(valkey.url), redis_circuit()) for _ in range(4)]


@pytest.fixture
def gauges(
    caches: list[BacklogCache], store: CountedJobStore, seconds: Seconds
) -> list[BacklogGauge]:
    return [BacklogGauge(SETTINGS, store, cache, seconds) for cache in caches]


def test_of_all_processes_one_counts(gauges: list[BacklogGauge], store: CountedJobStore) -> None:
    for tenant in ("shop", None, "rival"):
        assert [gauge.read(tenant).queued for gauge in gauges] == [5] * 4

    assert store.asked == ["shop", None, "rival"]


def test_another_process_counts_a_second_later(
    gauges: list[BacklogGauge], store: CountedJobStore, seconds: Seconds
) -> None:
    first, second, *_ = gauges
    first.read("shop")
    seconds.now, store.queued = 2.0, 9

    eventually(lambda: _read_anew(second, seconds) == 9)

    assert store.asked == ["shop"] * 2
    assert _read_anew(first, seconds) == 9


def _read_anew(gauge: BacklogGauge, seconds: Seconds) -> int:
    seconds.now += 1
    return gauge.read("shop").queued


def test_a_count_is_read_as_it_was_stored(caches: list[BacklogCache]) -> None:
    backlog = Backlog(queued=7, oldest_age=timedelta(seconds=1.5), finished_lately=3)
    assert caches[0].look("shop") == Lookup(None, is_my_turn=True)

    caches[0].store("shop", backlog)

    assert caches[1].look("shop") == Lookup(backlog, is_my_turn=False)
    assert caches[1].look("rival") == caches[1].look(None) == Lookup(None, is_my_turn=True)


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"abc",
        b"\xff\x00",
        b"5",
        b"[]",
        b"[1, 2]",
        b"[1, 2, 3, 4]",
        b"[-1, 0, 0]",
        b"[1, -1, 0]",
        b"[1, 0, -1]",
        b"[NaN, 0, 0]",
        b"[1, 1e999, 0]",
        b"[1e999, 0, 0]",
        b'{"queued": 0}',
        b'["x", 0, 0]',
        b"[" * 100_000,
    ],
)
def test_nonsense_in_redis_is_no_count(
    nonsense: bytes,
    gauges: list[BacklogGauge],
    store: CountedJobStore,
    valkey: Valkey,
) -> None:
    gauges[0].read("shop")
    with redis.Redis.from_url(valkey.url) as client:
        assert client.exists("cutwork:backlog:shop")
        client.set("cutwork:backlog:shop", nonsense)

    assert gauges[1].read("shop").queued == 5

    assert store.asked == ["shop"] * 2


def test_another_kind_of_value_in_redis_is_no_count(
    gauges: list[BacklogGauge], store: CountedJobStore, valkey: Valkey
) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.lpush("cutwork:backlog:shop", "x")

    assert gauges[0].read("shop").queued == 5


def test_without_redis_every_process_counts_by_itself_and_more_rarely(
    store: CountedJobStore, seconds: Seconds
) -> None:
    nowhere = redis.Redis(port=1)
    gauge = BacklogGauge(SETTINGS, store, BacklogCache(nowhere, redis_circuit()), seconds)

    for seconds.now in (0.0, 1.0, 4.9):
        assert gauge.read("shop").queued == 5
    assert store.asked == ["shop"]

    seconds.now = 5.0
    gauge.read("shop")
    assert store.asked == ["shop"] * 2


def test_a_redis_that_stands_still_costs_one_upload_a_moment_and_the_others_nothing(
    store: CountedJobStore, seconds: Seconds, tmp_path: Path
) -> None:
    with Valkey(tmp_path / "valkey", persistent=False) as server:
        settings = SETTINGS.model_copy(update={"redis_url": SecretStr(server.url)})
        client = redis.Redis(connection_pool=impatient_pool(settings))
        gauge = BacklogGauge(settings, store, BacklogCache(client, redis_circuit(seconds)), seconds)
        server.pause()
        try:
            began = time.monotonic()
            for number in range(50):
                gauge.read(f"tenant {number}")
            assert time.monotonic() - began < 3
        finally:
            server.resume()

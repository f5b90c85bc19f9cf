"""The circuit breaker by itself, and before a Redis that hangs while sixty upload."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr

from api.admission.backlog_cache import BacklogCache
from api.admission.rate_limiter import RateLimiter, connect_storage
from api.resilience.circuit_breaker import CircuitBreaker, CircuitOpen, State
from api.resilience.redis_pool import impatient_pool, redis_circuit
from deploy.local.servers.valkey import Valkey
from shared.job import Queue
from shared.messaging.broker import Broker
from tests.api.conftest import FrontEnd, Logged
from tests.api.greenlets import assert_says
from tests.clock import Seconds
from tests.conditions import eventually
from tests.factories import publish

UPLOADS = 60


class NoAnswer(Exception):
    pass


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def circuit(seconds: Seconds) -> CircuitBreaker:
    return CircuitBreaker("server", answers=(LookupError,), monotonic=seconds)


def assert_is(state: State, circuit: CircuitBreaker) -> None:
    assert circuit.state is state


def succeed(circuit: CircuitBreaker) -> None:
    with circuit.call():
        pass


def fail(circuit: CircuitBreaker, error: BaseException | None = None) -> None:
    error = error or NoAnswer()
    with pytest.raises(type(error)), circuit.call():
        raise error


def open_it(circuit: CircuitBreaker) -> None:
    for _ in range(3):
        fail(circuit)
    assert_is(State.OPEN, circuit)


def test_a_circuit_is_closed_until_three_calls_in_a_row_have_failed(
    circuit: CircuitBreaker,
) -> None:
    for _ in range(5):
        fail(circuit)
        fail(circuit)
        succeed(circuit)
    assert_is(State.CLOSED, circuit)

    open_it(circuit)


def test_an_open_circuit_lets_no_call_through_until_its_pause_is_over(
    circuit: CircuitBreaker, seconds: Seconds
) -> None:
    open_it(circuit)
    for seconds.now in (0.0, 1.9):
        with pytest.raises(CircuitOpen), circuit.call():
            pytest.fail("called")

    seconds.now = 2.0

    assert_is(State.HALF_OPEN, circuit)
    succeed(circuit)
    assert_is(State.CLOSED, circuit)


def test_a_half_open_circuit_lets_one_call_through_at_a_time(
    circuit: CircuitBreaker, seconds: Seconds
) -> None:
    open_it(circuit)
    seconds.now = 2.0

    with circuit.call():
        assert_is(State.HALF_OPEN, circuit)
        with pytest.raises(CircuitOpen):
            succeed(circuit)
    succeed(circuit)


def test_a_probe_that_fails_opens_the_circuit_for_another_pause(
    circuit: CircuitBreaker, seconds: Seconds
) -> None:
    open_it(circuit)
    seconds.now = 2.0

    fail(circuit)

    assert_is(State.OPEN, circuit)
    seconds.now = 3.9
    assert_is(State.OPEN, circuit)
    seconds.now = 4.0
    assert_is(State.HALF_OPEN, circuit)


def test_after_it_closed_it_takes_three_failures_again(
    circuit: CircuitBreaker, seconds: Seconds
) -> None:
    open_it(circuit)
    seconds.now = 2.0
    succeed(circuit)

    fail(circuit)
    fail(circuit)

    assert_is(State.CLOSED, circuit)


def test_an_error_that_is_an_answer_counts_as_a_success(
    circuit: CircuitBreaker, seconds: Seconds
) -> None:
    for _ in range(5):
        fail(circuit, LookupError())
    assert_is(State.CLOSED, circuit)
    open_it(circuit)
    seconds.now = 2.0

    fail(circuit, LookupError())

    assert_is(State.CLOSED, circuit)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(), GeneratorExit()])
def test_a_probe_that_is_killed_makes_room_for_the_next_one(
    circuit: CircuitBreaker, seconds: Seconds, error: BaseException
) -> None:
    open_it(circuit)
    seconds.now = 2.0

    fail(circuit, error)
    seconds.now = 4.0

    succeed(circuit)
    assert_is(State.CLOSED, circuit)


def test_what_was_on_its_way_when_the_circuit_turned_changes_nothing(
    circuit: CircuitBreaker, seconds: Seconds
) -> None:
    late = [circuit.call() for _ in range(3)]
    for call in late:
        call.__enter__()
    open_it(circuit)

    late[0].__exit__(None, None, None)
    assert_is(State.OPEN, circuit)
    seconds.now = 1.9
    late[1].__exit__(NoAnswer, NoAnswer(), None)
    seconds.now = 2.0
    assert_is(State.HALF_OPEN, circuit)
    succeed(circuit)
    for _ in range(2):
        fail(circuit)
    late[2].__exit__(NoAnswer, NoAnswer(), None)

    assert_is(State.CLOSED, circuit)


def test_its_openings_and_closings_are_logged_and_probes_that_fail_are_not(
    circuit: CircuitBreaker, seconds: Seconds, logged: Logged
) -> None:
    open_it(circuit)
    for seconds.now in (2.0, 4.0, 6.0):
        fail(circuit)
    seconds.now = 8.0
    succeed(circuit)

    assert [(event["event"], event["server"]) for event in logged] == [
        ("circuit.open", "server"),
        ("circuit.closed", "server"),
    ]


def test_of_many_threads_at_once_one_makes_the_probe(
    circuit: CircuitBreaker, seconds: Seconds
) -> None:
    open_it(circuit)
    seconds.now = 2.0
    start, done = threading.Barrier(UPLOADS), threading.Barrier(UPLOADS)

    def call(_: int) -> bool:
        start.wait()
        try:
            with circuit.call():
                done.wait()
        except CircuitOpen:
            done.wait()
            return False
        return True

    with ThreadPoolExecutor(UPLOADS) as pool:
        assert sum(pool.map(call, range(UPLOADS))) == 1
    assert_is(State.CLOSED, circuit)


def test_calls_of_greenlets_run_side_by_side_and_a_killed_probe_is_followed_by_the_next() -> None:
    assert_says(
        """
from gevent import monkey; monkey.patch_all()
import gevent, logging
from gevent.event import Event
from shared.telemetry.logs import set_up_logs
from shared.settings.settings import Settings
from api.resilience.circuit_breaker import CircuitBreaker

set_up_logs(Settings())
logging.disable()
class Silence(Exception): pass
now = 0.0
circuit = CircuitBreaker("server", monotonic=lambda: now)
inside, go = [], Event()
def hang():
    try:
        with circuit.call():
            inside.append(1)
            go.wait()
            raise Silence
    except Silence:
        pass
callers = [gevent.spawn(hang) for _ in range(5)]
gevent.sleep(0)
print(len(inside), circuit.state.value)
go.set()
gevent.joinall(callers)
print(circuit.state.value)
now, go = 2.0, Event()
probe = gevent.spawn(hang)
gevent.sleep(0)
probe.kill()
print(circuit.state.value)
now = 4.0
with circuit.call():
    pass
print(circuit.state.value)
""",
        "5 closed\nopen\nopen\nclosed\n",
    )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    with Valkey(tmp_path / "valkey", persistent=False) as server:
        yield server


@pytest.fixture
def on_redis(front_end: FrontEnd, server: Valkey, seconds: Seconds) -> FrontEnd:
    """A front end whose limiter, counts and messages are in this Redis."""
    settings = front_end.settings.model_copy(update={"redis_url": SecretStr(server.url)})
    circuit = redis_circuit(seconds)
    client = redis.Redis(connection_pool=impatient_pool(settings))
    return front_end.with_services(
        broker=Broker(settings),
        redis_circuit=circuit,
        rate_limiter=RateLimiter(connect_storage(settings), per_minute=10_000, circuit=circuit),
        backlog_cache=BacklogCache(client, circuit),
    )


def upload_at_once(front_end: FrontEnd, count: int = UPLOADS) -> None:
    """Let so many clients upload at the same time; each is answered with the id of its job."""
    start = threading.Barrier(count)

    def upload(_: int) -> int:
        start.wait()
        return front_end.post(task_type="async").status_code

    with ThreadPoolExecutor(count) as pool:
        assert list(pool.map(upload, range(count))) == [200] * count


def reached(server: Valkey, front_end: FrontEnd, count: int = UPLOADS) -> int:
    """Freeze the server while so many upload, and count the calls that it finds at its door afterwards.

    A call that gets no answer ends with its connection, so each of them opens one.
    """
    before = _connections(server)
    server.pause()
    try:
        upload_at_once(front_end, count)
    finally:
        server.resume()
    return _connections(server) - before - 1


def uploads_until_one_is_published(
    front_end: FrontEnd, server: Valkey, seconds: Seconds
) -> tuple[int, int]:
    """Upload a photo after each pause until Redis has a message, and count both.

    A busy machine may take longer for a probe's answer than a request waits for it: then the next one asks again.
    """
    uploads = itertools.count(1)
    with redis.Redis.from_url(server.url) as client:

        def published() -> tuple[int, int] | None:
            seconds.now += 2.0
            upload_at_once(front_end, 1)
            sent, messages = next(uploads), int(client.llen(Queue.BULK))
            return (sent, messages) if messages else None

        return eventually(published)


def _connections(server: Valkey) -> int:
    """Count all that there ever were, with one that is made now: it is let in after all that came before."""
    with redis.Redis.from_url(server.url) as control:
        return int(control.info("stats")["total_connections_received"])


def test_sixty_uploads_that_meet_a_redis_that_just_froze_lose_one_call_each_and_two_more(
    on_redis: FrontEnd, server: Valkey
) -> None:
    """Those whose calls failed first and second may make another one; then the circuit is open."""
    assert 3 <= reached(server, on_redis) <= UPLOADS + 2
    assert_is(State.OPEN, on_redis.services.redis_circuit)


def test_while_the_circuit_is_open_sixty_uploads_ask_a_frozen_redis_nothing(
    on_redis: FrontEnd, server: Valkey, seconds: Seconds
) -> None:
    reached(server, on_redis, count=1)
    assert_is(State.OPEN, on_redis.services.redis_circuit)

    assert reached(server, on_redis) == 0

    store = on_redis.services.job_store
    assert len(publish(store, Queue.BULK)) == UPLOADS + 1
    warning = on_redis.client().get("/readyz").get_json()["warnings"]["circuit"]
    assert warning.startswith("open")


def test_of_sixty_uploads_at_a_half_open_circuit_one_asks(
    on_redis: FrontEnd, server: Valkey, seconds: Seconds
) -> None:
    reached(server, on_redis, count=1)
    seconds.now += 2.0
    assert_is(State.HALF_OPEN, on_redis.services.redis_circuit)

    assert reached(server, on_redis) == 1

    uploads, messages = uploads_until_one_is_published(on_redis, server, seconds)
    assert 1 <= messages <= uploads
    assert_is(State.CLOSED, on_redis.services.redis_circuit)
    assert "circuit" not in on_redis.client().get("/readyz").get_json()["warnings"]

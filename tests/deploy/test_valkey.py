from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from deploy.local.processes.process import ProcessFailed
from deploy.local.servers.ports import free_port
from deploy.local.servers.valkey import Valkey
from tests.conditions import eventually


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    with Valkey(tmp_path / "valkey") as server:
        yield server


@pytest.fixture
def client(server: Valkey) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.url, socket_timeout=10) as client:
        yield client


def test_it_never_drops_messages_to_make_room(client: redis.Redis) -> None:
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_it_listens_on_loopback_only(client: redis.Redis) -> None:
    assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_what_it_holds_survives_a_kill(server: Valkey, client: redis.Redis) -> None:
    client.rpush("queue", "job")

    server.kill()
    server.start()

    assert client.lrange("queue", 0, -1) == [b"job"]


def test_it_can_forget_when_a_test_wants_that(tmp_path: Path) -> None:
    with Valkey(tmp_path, persistent=False) as server:
        with redis.Redis.from_url(server.url) as client:
            client.set("key", "value")
        server.stop()
        server.start()

        with redis.Redis.from_url(server.url) as client:
            assert client.get("key") is None


def test_a_paused_server_keeps_connections_and_does_not_answer(server: Valkey) -> None:
    with redis.Redis.from_url(server.url, socket_timeout=0.2, retry=None) as client:
        client.ping()
        server.pause()

        with pytest.raises(redis.TimeoutError):
            client.ping()

        server.resume()
        assert eventually(client.ping)


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Valkey]:
    """As `make run` starts it."""
    with Valkey(tmp_path / "valkey with a password", password="open-sesame") as server:
        yield server


def test_who_has_no_password_is_not_served(locked: Valkey) -> None:
    with redis.Redis(port=locked.port) as stranger:
        for command in ("PING", "LPUSH bulk x", "CONFIG GET *", "FLUSHALL", "SUBSCRIBE a"):
            with pytest.raises(redis.RedisError, match=r"(?i)auth|permissions"):
                stranger.execute_command(*command.split())


@pytest.mark.parametrize(
    "command",
    [
        *(
            "CONFIG GET *",
            "FLUSHALL",
            "FLUSHDB",
            "SHUTDOWN",
            "KEYS *",
            "SCAN 0",
            "ACL LIST",
            "INFO",
        ),
        *(
            "REPLICAOF NO ONE",
            "CLIENT LIST",
            "CLIENT PAUSE 1000",
            "MONITOR",
            "EVAL x 0",
            "DEL bulk",
        ),
        *(
            "GET another",
            "LPUSH another x",
            "SET celery x",
            "PUBLISH another x",
            "SUBSCRIBE another",
        ),
        *("RENAME bulk another", "FUNCTION LIST", "SCRIPT FLUSH", "MIGRATE h 1 k 0 1", "SORT bulk"),
    ],
)
def test_who_has_the_password_has_what_cutwork_needs_and_no_more(
    locked: Valkey, command: str
) -> None:
    with (
        redis.Redis.from_url(locked.url) as client,
        pytest.raises(redis.exceptions.NoPermissionError),
    ):
        client.execute_command(*command.split())


def test_who_has_the_password_cannot_debug_the_server(locked: Valkey) -> None:
    """It is off altogether, and says so first."""
    with (
        redis.Redis.from_url(locked.url) as client,
        pytest.raises(redis.ResponseError, match="not allowed"),
    ):
        client.execute_command("DEBUG", "SLEEP", "1")


def test_its_password_is_no_argument_that_others_could_read(locked: Valkey) -> None:
    arguments = Path(f"/proc/{locked.process.pid}/cmdline").read_bytes()

    assert b"valkey-server" in arguments
    assert b"sesame" not in arguments


def test_it_says_when_its_port_is_taken(server: Valkey, tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match=f"valkey: port {server.port} is taken"):
        Valkey(tmp_path / "other", server.port).start()


def test_it_takes_the_port_it_is_given(tmp_path: Path) -> None:
    port = free_port()

    assert Valkey(tmp_path, port).url == f"redis://127.0.0.1:{port}/0"

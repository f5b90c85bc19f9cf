"""Redis over TLS: everybody who connects checks who answers before it says its password."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis
import trustme
from pydantic import SecretStr

from api.admission.rate_limiter import connect_storage
from api.resilience.redis_pool import impatient_pool
from deploy.local.servers.valkey import Valkey
from shared.errors import BrokerUnavailable
from shared.job import Queue
from shared.messaging.announcements import Announcer, listen
from shared.messaging.broker import Broker, Duty, create_celery
from shared.settings.settings import Settings
from tests.conditions import eventually
from tests.tls_terminator import TlsTerminator
from worker.messages.consumer import read_with

_PASSWORD = "s3cret-s3cret"
_ELSEWHERE = "elsewhere.example"


def limiter(settings: Settings) -> None:
    connect_storage(settings).get_connection().ping()


def backlog_cache(settings: Settings) -> None:
    with redis.Redis(connection_pool=impatient_pool(settings)) as client:
        client.set("cutwork:backlog:", 1)


def publisher(settings: Settings) -> None:
    Broker(settings).publish(Queue.BULK)


def sweeper(settings: Settings) -> None:
    Broker(settings).note(Duty.SWEEP)


def announcer(settings: Settings) -> None:
    Announcer(settings).announce(uuid.uuid4())


def long_polls(settings: Settings) -> None:
    listen(settings, lambda _: None, lambda: True)


def worker(settings: Settings) -> None:
    app = create_celery(settings)
    read_with(app)
    with app.connection_for_read() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0)
        connection.default_channel.client.ping()


Client = Callable[[Settings], None]
CLIENTS = (limiter, backlog_cache, publisher, sweeper, announcer, long_polls, worker)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with Valkey(tmp_path_factory.mktemp("valkey"), password=_PASSWORD) as server:
        yield server


def settings_for(terminator: TlsTerminator, server: Valkey, query: str = "") -> Settings:
    plain = server.url.replace(f":{server.port}/", f":{terminator.port}/")
    return Settings(redis_url=SecretStr(f"{plain.replace('redis://', 'rediss://')}?{query}"))


@pytest.mark.parametrize("client", CLIENTS)
def test_a_server_of_an_authority_that_the_url_names_is_used(
    client: Client, server: Valkey, authority: trustme.CA, authority_file: Path
) -> None:
    with TlsTerminator(server.port, authority) as terminator:
        assert_used_by(client, settings_for(terminator, server, f"ssl_ca_certs={authority_file}"))

        assert _PASSWORD.encode() in terminator.heard


@pytest.mark.parametrize("client", CLIENTS)
def test_a_server_of_an_unknown_authority_is_refused_and_never_hears_the_password(
    client: Client, server: Valkey, authority: trustme.CA
) -> None:
    """Nothing in the URL asks for it: that is the default."""
    with TlsTerminator(server.port, authority) as terminator:
        assert_refused_by(client, settings_for(terminator, server), terminator)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_server_of_another_authority_than_the_url_names_is_refused(
    client: Client, server: Valkey, authority_file: Path
) -> None:
    with TlsTerminator(server.port, trustme.CA()) as terminator:
        assert_refused_by(
            client, settings_for(terminator, server, f"ssl_ca_certs={authority_file}"), terminator
        )


@pytest.mark.parametrize("client", CLIENTS)
def test_a_certificate_for_another_host_is_refused(
    client: Client, server: Valkey, authority: trustme.CA, authority_file: Path
) -> None:
    with TlsTerminator(server.port, authority, _ELSEWHERE) as terminator:
        assert_refused_by(
            client, settings_for(terminator, server, f"ssl_ca_certs={authority_file}"), terminator
        )


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    "query", ["ssl_cert_reqs=none", "ssl_check_hostname=false&ssl_ca_certs={}"]
)
def test_who_asks_for_less_in_the_url_gets_it_everywhere(
    client: Client, query: str, server: Valkey, authority: trustme.CA, authority_file: Path
) -> None:
    with TlsTerminator(server.port, authority, _ELSEWHERE) as terminator:
        assert_used_by(client, settings_for(terminator, server, query.format(authority_file)))


def assert_used_by(client: Client, settings: Settings) -> None:
    """Hold a client to a connection; one of them gives up in 0.2 s, which a busy machine may need for a handshake."""

    def is_used() -> bool:
        with suppress(redis.RedisError, BrokerUnavailable):
            client(settings)
            return True
        return False

    eventually(is_used)


def assert_refused_by(client: Client, settings: Settings, terminator: TlsTerminator) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011 - each client has its own
        client(settings)

    eventually(lambda: terminator.refusals >= 1)
    assert terminator.heard == b""

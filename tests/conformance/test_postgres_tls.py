"""PostgreSQL behind a certificate: whose authority the URL names, an unknown one's, and one for another host."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
from sqlalchemy import make_url

from deploy.local.servers.postgres import Postgres
from shared.errors import DatabaseUnavailable
from shared.job import Queue
from shared.jobs.store import JobStore
from shared.sql.database import Database
from shared.sql.schema import migrate
from tests.conformance.conftest import LIMITS
from tests.factories import new_job
from tests.tls_terminator import TlsTerminator

_ELSEWHERE = "192.0.2.1"
#: What a client sends that wants TLS, and the answer that it can have it:
#: https://www.postgresql.org/docs/current/protocol-message-formats.html
_SSL_REQUEST, _YES = bytes.fromhex("0000000804d2162f"), b"S"


class Terminator(TlsTerminator):
    """TLS as PostgreSQL begins it; the wheel's server has none."""

    def _terminate(self, client: socket.socket) -> None:
        if client.recv(len(_SSL_REQUEST)) == _SSL_REQUEST:
            client.sendall(_YES)
            super()._terminate(client)
        else:
            client.close()


@contextmanager
def opened(server: Postgres, terminator: Terminator, query: str) -> Iterator[Database]:
    url = make_url(server.create_database(f"tls_{terminator.port}")).set(port=terminator.port)
    database = Database(f"{url.render_as_string(hide_password=False)}?{query}")
    yield database
    database.close()


def test_a_server_of_an_authority_that_the_url_names_is_used(
    postgres: Postgres, authority: trustme.CA, authority_file: Path
) -> None:
    asked = f"sslmode=verify-full&sslrootcert={authority_file}"
    with (
        Terminator(postgres.port, authority) as terminator,
        opened(postgres, terminator, asked) as database,
    ):
        migrate(database)
        store = JobStore(database, LIMITS)
        assert store.create(new_job())
        assert store.claim(Queue.INTERACTIVE, "worker")

        assert b"INSERT INTO jobs" in terminator.heard


@pytest.mark.parametrize("trouble", ["an unknown authority", "another host"])
def test_a_server_that_shows_another_certificate_is_refused_and_hears_nothing(
    postgres: Postgres, authority: trustme.CA, authority_file: Path, trouble: str
) -> None:
    asked = f"sslmode=verify-full&sslrootcert={authority_file}"
    shown = (authority, _ELSEWHERE) if trouble == "another host" else (trustme.CA(),)
    with (
        Terminator(postgres.port, *shown) as terminator,
        opened(postgres, terminator, asked) as database,
    ):
        with pytest.raises(DatabaseUnavailable):
            database.ping()

        assert terminator.heard == b""

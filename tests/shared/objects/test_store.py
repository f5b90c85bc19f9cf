"""What is made of a store's 404, which says another thing after each question."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable

import pytest
from pydantic import SecretStr

from deploy.local.servers.ports import LOOPBACK
from shared.errors import ObjectMissing, ObjectStoreUnavailable
from shared.job import Lease
from shared.objects.store import IMAGE, ObjectStore
from shared.settings.settings import Settings
from tests.raw_server import RawServer, ok, running_raw_server, say

JOB = uuid.uuid4()
LEASE = Lease(JOB, 1)
LISTED = (
    "<ListBucketResult><Name>results</Name><IsTruncated>false</IsTruncated>"
    f"<Contents><Key>{JOB}/1/image.png</Key><Size>3</Size></Contents></ListBucketResult>"
)
WORDS = b"<Error><Code>NoSuchKey</Code><Message>The key does not exist.</Message></Error>"
WITHOUT_A_WORD, NO_SUCH_KEY = (
    b"HTTP/1.1 404 Not Found\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%b"
    % (len(body), body)
    for body in (b"", WORDS)
)


def store_at(server: RawServer) -> ObjectStore:
    return ObjectStore(
        Settings(
            s3_endpoint=f"http://{LOOPBACK}:{server.port}",
            s3_access_key="cutwork",
            s3_secret_key=SecretStr("secret"),
        )
    )


@pytest.mark.parametrize(
    "delete",
    [
        lambda store: store.delete_input(JOB),
        lambda store: store.delete_results(JOB),
        lambda store: store.delete_attempt(LEASE),
    ],
    ids=["input", "results", "attempt"],
)
def test_what_a_store_does_not_have_when_it_should_delete_it_is_deleted(
    delete: Callable[[ObjectStore], None],
) -> None:
    """It lists the object, and another one deletes it before we do; Google's store answers so."""
    with running_raw_server(say(NO_SUCH_KEY)) as server:

        def answered(client: socket.socket) -> None:
            listed = ok(LISTED.encode(), "Content-Type: application/xml")
            client.sendall(listed if server.heard[-1].startswith("GET") else NO_SUCH_KEY)

        server.script = answered
        delete(store_at(server))

    assert server.heard[-1].startswith("DELETE")


def test_what_a_store_does_not_have_when_it_should_read_it_is_missing() -> None:
    with running_raw_server(say(NO_SUCH_KEY)) as server, pytest.raises(ObjectMissing):
        store_at(server).get_input(JOB)


@pytest.mark.parametrize(
    ("answer", "ask"),
    [
        (NO_SUCH_KEY, lambda store: store.put_input(JOB, b"photo")),
        (NO_SUCH_KEY, lambda store: store.put_result(LEASE, IMAGE, b"png")),
        (NO_SUCH_KEY, lambda store: store.delete_inputs([JOB])),
        (NO_SUCH_KEY, lambda store: store.delete_jobs([JOB])),
        (NO_SUCH_KEY, lambda store: store.delete_results(JOB)),
        (WITHOUT_A_WORD, lambda store: store.get_input(JOB)),
        (WITHOUT_A_WORD, lambda store: store.delete_input(JOB)),
    ],
    ids=[
        "put",
        "put result",
        "delete many",
        "delete jobs",
        "list",
        "get, silent",
        "delete, silent",
    ],
)
def test_any_other_404_is_a_store_that_cannot_be_used(
    answer: bytes, ask: Callable[[ObjectStore], None]
) -> None:
    """A proxy without its store says so, or an address with a wrong path."""
    with running_raw_server(say(answer)) as server, pytest.raises(ObjectStoreUnavailable):
        ask(store_at(server))

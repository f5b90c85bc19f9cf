"""Calls to real servers, which do what servers should not."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
import trustme

from shared.outgoing.call import Limits
from shared.outgoing.caller import Caller
from shared.outgoing.failure import CallFailed, Reason
from shared.outgoing.policy import Policy
from tests.dns_server import DnsServer, running_dns_server
from tests.raw_server import RawServer, Script, ok, redirect, running_raw_server, say

HOST = "photos.example"
LIMITS = Limits(max_bytes=10_000, seconds=5, connect_seconds=2, redirects=5)
HASTE = replace(LIMITS, seconds=0.5)
#: What a call may take beyond its time, on a busy machine.
SLACK = 3.0
BODY = b"x" * 5000


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trust(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def server() -> Iterator[RawServer]:
    with running_raw_server(say(ok(BODY))) as server:
        yield server


@pytest.fixture
def inside() -> Iterator[RawServer]:
    """What must not be reached: on an address that is not exempt."""
    with running_raw_server(say(ok(b"secret")), host="127.0.0.2") as server:
        yield server


@pytest.fixture
def names() -> Iterator[DnsServer]:
    with running_dns_server() as server:
        server.answers[HOST] = [["127.0.0.1"]]
        server.answers["inside.example"] = [["127.0.0.2"]]
        yield server


@pytest.fixture
def calling(trust: ssl.SSLContext, names: DnsServer) -> Callable[..., Caller]:
    """Make a caller that may call 127.0.0.1 at these ports, and asks a name server of this test."""

    def create(*servers: RawServer) -> Caller:
        ports = frozenset(server.port for server in servers)
        policy = Policy(ports=ports, networks=(ip_network("127.0.0.1/32"),))
        return Caller(policy, names.resolve, trust)

    return create


def failure(caller: Caller, url: str, limits: Limits = LIMITS) -> Reason:
    began = time.monotonic()
    with pytest.raises(CallFailed) as error:
        caller.get(url, limits)
    assert time.monotonic() - began < limits.seconds + SLACK
    return error.value.reason


def test_an_answer_comes_as_it_was_sent(server: RawServer, calling: Callable[..., Caller]) -> None:
    answer = calling(server).get(f"http://{HOST}:{server.port}/a.jpg?b=c", LIMITS)

    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, BODY, "5000")
    [head] = server.heard
    assert head.startswith("GET /a.jpg?b=c HTTP/1.1\r\n")
    assert f"Host: {HOST}:{server.port}\r\n" in head
    assert "Accept-Encoding: identity\r\n" in head


def test_chunks_are_put_together(calling: Callable[..., Caller]) -> None:
    answer = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    with running_raw_server(say(answer)) as server:
        assert calling(server).get(f"http://{HOST}:{server.port}/", LIMITS).body == b"abcde"


def test_a_body_is_posted_and_no_redirect_followed(
    server: RawServer, calling: Callable[..., Caller]
) -> None:
    server.script = say(redirect("/elsewhere", 307))

    answer = calling(server).post(
        f"http://{HOST}:{server.port}/hook", b"{}", LIMITS, {"webhook-id": "1"}
    )

    assert answer.status == 307
    [head] = server.heard
    assert head.startswith("POST /hook")
    assert "webhook-id: 1\r\n" in head
    assert head.endswith("{}")


def test_a_proxy_of_the_environment_is_not_used(
    server: RawServer,
    inside: RawServer,
    calling: Callable[..., Caller],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.2:{inside.port}")

    assert calling(server).get(f"http://{HOST}:{server.port}/", LIMITS).body == BODY
    assert not inside.heard


def test_a_name_that_changes_between_check_and_call_is_asked_for_once(
    server: RawServer, calling: Callable[..., Caller], names: DnsServer
) -> None:
    with running_raw_server(say(ok(b"secret")), host="127.0.0.2", port=server.port) as hidden:
        names.answers["rebind.example"] = [["127.0.0.1"], ["127.0.0.2"]]
        url = f"http://rebind.example:{server.port}/"

        assert calling(server).get(url, LIMITS).body == BODY
        assert names.asked == ["rebind.example"]
        assert failure(calling(server), url) is Reason.REFUSED
        assert not hidden.heard


def test_a_name_that_changes_between_two_hops_is_checked_again(
    server: RawServer, calling: Callable[..., Caller], names: DnsServer
) -> None:
    with running_raw_server(say(ok(b"secret")), host="127.0.0.2", port=server.port) as hidden:
        names.answers["rebind.example"] = [["127.0.0.1"], ["127.0.0.2"]]
        server.script = say(redirect("/again"))

        url = f"http://rebind.example:{server.port}/"
        assert failure(calling(server), url) is Reason.REFUSED
        assert not hidden.heard


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2:{inside}/",
        "http://inside.example:{inside}/",
        "//127.0.0.2:{inside}/",
        "http://2130706434:{inside}/",
        "http://[::ffff:127.0.0.2]:{inside}/",
        "http://photos.example@127.0.0.2:{inside}/",
        "http://photos.example:22/",
        "file:///etc/passwd",
        "http://[",
    ],
)
def test_a_redirect_to_inside_is_not_followed(
    calling: Callable[..., Caller], inside: RawServer, status: int, location: str
) -> None:
    answer = redirect(location.format(inside=inside.port), status)
    with running_raw_server(say(answer)) as server:
        url = f"http://{HOST}:{server.port}/"

        assert failure(calling(server, inside), url) is Reason.REFUSED
        assert not inside.heard


def test_redirects_are_followed_five_times_and_no_more(
    server: RawServer, calling: Callable[..., Caller]
) -> None:
    def answer(client: socket.socket) -> None:
        left = int(server.heard[-1].split()[1].strip("/"))
        client.sendall(redirect(f"/{left - 1}") if left else ok(BODY))

    server.script = answer
    url = f"http://{HOST}:{server.port}"

    assert calling(server).get(f"{url}/5", LIMITS).body == BODY
    assert failure(calling(server), f"{url}/6") is Reason.UNUSABLE


def test_headers_for_one_host_do_not_follow_a_redirect_to_another(
    server: RawServer, calling: Callable[..., Caller], names: DnsServer
) -> None:
    names.answers["other.example"] = [["127.0.0.1"]]
    with running_raw_server(say(redirect(f"http://other.example:{server.port}/"))) as first:
        url = f"http://{HOST}:{first.port}/"
        calling(server, first).get(url, LIMITS, {"Authorization": "Bearer secret"})

    assert "secret" in first.heard[0]
    assert "secret" not in server.heard[0]


def drip(first: bytes, more: bytes, server: list[RawServer]) -> Script:
    def script(client: socket.socket) -> None:
        client.sendall(first)
        while not server[0].ended.wait(0.05):
            client.sendall(more)

    return script


@pytest.mark.parametrize(
    ("first", "more"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
        (b"HTTP/1.1 ", b"0"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", b""),
    ],
    ids=lambda part: repr(part)[-30:],
)
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_a_server_that_drips_is_cut_off_when_the_time_is_up(
    calling: Callable[..., Caller], authority: trustme.CA, first: bytes, more: bytes, secure: bool
) -> None:
    own: list[RawServer] = []
    tls = certified(authority, HOST) if secure else None
    with running_raw_server(drip(first, more, own), tls) as server:
        own.append(server)
        url = f"{'https' if secure else 'http'}://{HOST}:{server.port}/"

        assert failure(calling(server), url, HASTE) is Reason.TIMED_OUT


def test_a_handshake_that_never_comes_is_given_up_on(calling: Callable[..., Caller]) -> None:
    with running_raw_server(say(b"")) as server, socket.create_server(("127.0.0.1", 0)) as silent:
        server.port = silent.getsockname()[1]

        url = f"https://{HOST}:{server.port}/"
        assert failure(calling(server), url, HASTE) is Reason.TIMED_OUT


def test_a_server_that_drips_through_its_handshake_is_cut_off_when_the_time_is_up(
    calling: Callable[..., Caller], server: RawServer
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]

        def drip_handshake() -> None:
            with suppress(OSError):
                client, _ = listener.accept()
                with client:
                    # The head of a record that is 16 KB long.
                    client.sendall(b"\x16\x03\x03\x40\x00")
                    while not server.ended.wait(0.05):
                        client.sendall(b"\x02")

        threading.Thread(target=drip_handshake, daemon=True).start()

        assert failure(calling(server), f"https://{HOST}:{server.port}/", HASTE) is Reason.TIMED_OUT


def test_a_name_server_that_never_answers_is_given_up_on(
    server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(*_: object, **__: object) -> list[object]:
        server.ended.wait(20)
        return []

    monkeypatch.setattr("socket.getaddrinfo", wait)

    caller = Caller(Policy(ports=frozenset({server.port})))
    assert failure(caller, f"http://{HOST}:{server.port}/", HASTE) is Reason.TIMED_OUT
    server.ended.set()


@pytest.mark.parametrize(
    "answer",
    [
        ok(b"x" * 10_001),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"3e8\r\n%b\r\n" % (b"x" * 1000) * 20,
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
    ],
    ids=["announced", "not announced", "in chunks", "announced only"],
)
def test_what_is_larger_than_it_may_be_is_not_read(
    calling: Callable[..., Caller], answer: bytes
) -> None:
    with running_raw_server(say(answer)) as server:
        url = f"http://{HOST}:{server.port}/"

        assert failure(calling(server), url) is Reason.TOO_LARGE


@pytest.mark.parametrize("packing", ["gzip", "deflate", "br", "zstd", "identity, gzip"])
def test_what_is_packed_is_not_unpacked(calling: Callable[..., Caller], packing: str) -> None:
    answer = ok(gzip.compress(bytes(5_000)), f"Content-Encoding: {packing}")
    with running_raw_server(say(answer)) as server:
        url = f"http://{HOST}:{server.port}/"

        assert failure(calling(server), url) is Reason.UNUSABLE


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"-ERR unknown command\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nshort\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 100_000,
        b"HTTP/1.1 999999999999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nabcde",
        b"\x00\xff\xfe\r\n\r\n",
    ],
    ids=lambda answer: repr(answer)[:30],
)
def test_what_is_no_whole_answer_is_none(calling: Callable[..., Caller], answer: bytes) -> None:
    with running_raw_server(say(answer)) as server:
        url = f"http://{HOST}:{server.port}/"

        assert failure(calling(server), url) is Reason.UNREACHABLE


def test_a_port_at_which_nobody_listens_is_unreachable(
    server: RawServer, calling: Callable[..., Caller], names: DnsServer
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        server.port = closed.getsockname()[1]

    assert failure(calling(server), f"http://{HOST}:{server.port}/") is Reason.UNREACHABLE


def test_another_address_of_a_host_is_tried_when_one_does_not_answer(
    server: RawServer, trust: ssl.SSLContext
) -> None:
    policy = Policy(frozenset({server.port}), (ip_network("127.0.0.0/8"),))
    addresses = [ip_address("127.0.0.3"), ip_address("127.0.0.1")]
    caller = Caller(policy, lambda _name, _seconds: addresses, trust)

    assert caller.get(f"http://{HOST}:{server.port}/", LIMITS).body == BODY


def certified(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def test_tls_is_spoken_by_name_although_the_address_is_pinned(
    calling: Callable[..., Caller], authority: trustme.CA
) -> None:
    seen: list[str] = []
    context = certified(authority, HOST)
    context.sni_callback = lambda _socket, name, _context: seen.append(str(name))
    with running_raw_server(say(ok(BODY)), context) as server:
        answer = calling(server).get(f"https://{HOST}:{server.port}/", LIMITS)

        assert (answer.body, seen) == (BODY, [HOST])
        assert f"Host: {HOST}:{server.port}" in server.heard[0]


@pytest.mark.parametrize("name", ["other.example", "127.0.0.1"])
def test_a_certificate_for_another_name_is_not_believed(
    calling: Callable[..., Caller], authority: trustme.CA, name: str
) -> None:
    with running_raw_server(say(ok(BODY)), certified(authority, name)) as server:
        url = f"https://{HOST}:{server.port}/"

        assert failure(calling(server), url) is Reason.UNTRUSTED
        assert not server.heard


def test_a_certificate_of_a_stranger_is_not_believed(calling: Callable[..., Caller]) -> None:
    with running_raw_server(say(ok(BODY)), certified(trustme.CA(), HOST)) as server:
        url = f"https://{HOST}:{server.port}/"

        assert failure(calling(server), url) is Reason.UNTRUSTED


def test_a_redirect_from_https_to_http_is_not_followed(
    server: RawServer, calling: Callable[..., Caller], authority: trustme.CA
) -> None:
    there = redirect(f"http://{HOST}:{server.port}/")
    with running_raw_server(say(there), certified(authority, HOST)) as first:
        url = f"https://{HOST}:{first.port}/"

        assert failure(calling(server, first), url) is Reason.REFUSED
        assert not server.heard

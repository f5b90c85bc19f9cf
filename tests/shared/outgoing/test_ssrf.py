"""The table of tricks by which a client's URL would lead to what only this machine can reach."""

from __future__ import annotations

import ssl
from ipaddress import ip_address
from typing import NoReturn

import pytest

from shared.outgoing.call import Limits
from shared.outgoing.caller import Caller
from shared.outgoing.connection import Exchange
from shared.outgoing.failure import CallFailed, Reason
from shared.outgoing.policy import Policy

LIMITS = Limits(max_bytes=1000, seconds=5)
TLS = ssl.create_default_context()

#: Addresses that are not public, and those that hide one.
ADDRESSES = {
    "127.0.0.1": "this machine",
    "127.255.255.254": "the end of this machine",
    "0.0.0.0": "this machine, for Linux",
    "0.1.2.3": "this network",
    "10.0.0.1": "a private network",
    "172.16.0.1": "a private network",
    "172.31.255.255": "the end of one",
    "192.168.1.1": "a home's router",
    "169.254.169.254": "the metadata of most clouds",
    "169.254.170.2": "the credentials of a container",
    "100.64.0.1": "a provider's network",
    "100.100.100.200": "the metadata of another cloud",
    "168.63.129.16": "a virtual machine's host",
    "192.0.0.192": "the metadata of a third cloud",
    "192.0.2.1": "documentation",
    "192.88.99.1": "a relay for 6to4",
    "198.18.0.1": "a test of speed",
    "198.51.100.1": "documentation",
    "203.0.113.1": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast, for plug and play",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "::1": "this machine",
    "::": "this machine, for Linux",
    "::7f00:1": "IPv4-compatible 127.0.0.1",
    "::ffff:127.0.0.1": "mapped",
    "::ffff:a9fe:a9fe": "mapped metadata",
    "::ffff:0:7f00:1": "translated 127.0.0.1",
    "64:ff9b::7f00:1": "NAT64 of 127.0.0.1",
    "64:ff9b::a9fe:a9fe": "NAT64 of metadata",
    "64:ff9b:1::808:808": "a network's own NAT64",
    "2002:7f00:1::": "6to4 of 127.0.0.1",
    "2002:a9fe:a9fe::1": "6to4 of metadata",
    "2001:0:7f00:1::f7f7:f7f7": "Teredo, its server at 127.0.0.1",
    "2001:0:808:808::80ff:fffe": "Teredo of 127.0.0.1",
    "2001:db8::1": "documentation",
    "2001:20::1": "no host's address",
    "3fff::1": "documentation",
    "100::1": "the discard prefix",
    "fc00::1": "a private network",
    "fd00:ec2::254": "metadata over IPv6",
    "fe80::1": "this link",
    "fec0::1": "this site",
    "ff02::1": "multicast",
    "5f00::1": "a segment",
    "4000::1": "nobody's yet",
}

#: Spellings and parts by which a URL says one thing to its reader and another to its parser.
URLS = {
    "http://2130706433/": "a decimal number",
    "http://0177.0.0.1/": "an octal number",
    "http://0x7f.0.0.1/": "a hexadecimal number",
    "http://0x7f000001/": "one hexadecimal number",
    "http://127.1/": "a short form",
    "http://127.0.1/": "a shorter form",
    "http://0/": "zero",
    "http://127.0.0.1./": "a dot behind it",
    "http://localhost./": "a dot behind a name",
    "http://①②⑦.⓪.⓪.①/": "digits in circles",
    "http://127。0。0。1/": "another full stop",
    "http://１２７.0.0.1/": "wide digits",
    "http://127.0.0.1%00.example.com/": "a percent sign",
    "http://127%2e0%2e0%2e1/": "dots with percent signs",
    "http://[::1]/": "IPv6",
    "http://[0:0:0:0:0:ffff:127.0.0.1]/": "a mapped address in dots",
    "http://[fe80::1%25eth0]/": "a zone",
    "http://[fe80::1%eth0]/": "a zone without its escape",
    "http://[::ffff:7f00:1]/": "a mapped address",
    "http://[::1/": "a bracket left open",
    "http://[::g]/": "no address in brackets",
    "http://[127.0.0.1]/": "the wrong kind of address in brackets",
    "http://example.com@127.0.0.1/": "a user that looks like a host",
    "http://127.0.0.1@example.com/": "a host that looks like a user",
    "http://user:password@example.com/": "a user",
    "http://example.com\\@127.0.0.1/": "a backslash",
    "http:\\\\127.0.0.1\\": "backslashes",
    "http://127.0.0.1#@example.com/": "a fragment before the user",
    "http://127.0.0.1?@example.com/": "a query before the user",
    "http:///127.0.0.1/": "no host",
    "http:/127.0.0.1/": "one slash",
    "//127.0.0.1/": "no scheme",
    "http://exam ple.com/": "a space",
    "http://example.com\r\nHost: inside/": "another header",
    "http://example.com/\r\nX: y": "a header in the path",
    "http://example.com\t/": "a tab",
    "http://example.com:22/": "another port",
    "http://example.com:6379/": "a port of Redis",
    "http://example.com:0/": "port zero",
    "http://example.com:65616/": "a port that overflows to 80",
    "http://example.com:80:80/": "two ports",
    "http://example.com:８０/": "a wide port",
    "ftp://example.com/": "another protocol",
    "file:///etc/passwd": "a file",
    "gopher://127.0.0.1:6379/_FLUSHALL": "gopher",
    "jar:http://127.0.0.1!/": "a jar",
    "data:image/png;base64,AAAA": "data",
    "unix:///var/run/docker.sock": "a socket",
    "http://-example.com/": "no name",
    "http://exa..mple.com/": "an empty label",
    "http://ä..example/": "an empty label beside one that is not ASCII",
    f"http://{'ä' * 70}.example/": "a label that is too long when it is written in ASCII",
    "http://faß.example/": "a letter of two meanings",
    "https://" + "a" * 5000: "too long",
    "": "nothing",
}


@pytest.fixture(autouse=True)
def _no_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> NoReturn:
        pytest.fail("a connection was made")

    monkeypatch.setattr(Exchange, "with_first_of", connect)


def refuse(url: str, *addresses: str) -> None:
    resolved = [ip_address(text) for text in addresses]
    caller = Caller(Policy(), lambda _name, _seconds: resolved, TLS)
    with pytest.raises(CallFailed) as error:
        caller.get(url, LIMITS)
    assert error.value.reason is Reason.REFUSED
    assert not any(address in error.value.message for address in addresses)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_name_of_an_address_that_is_not_public_is_not_called(address: str) -> None:
    refuse("https://photos.example.com/a.jpg", address)


@pytest.mark.parametrize("address", ADDRESSES)
def test_nor_is_a_name_of_which_one_address_is_public(address: str) -> None:
    refuse("https://photos.example.com/a.jpg", "8.8.8.8", address)


@pytest.mark.parametrize("address", ADDRESSES)
def test_nor_is_the_address_itself(address: str) -> None:
    refuse(f"http://[{address}]/" if ":" in address else f"http://{address}/")


@pytest.mark.parametrize("url", URLS)
def test_a_url_that_can_be_read_in_two_ways_is_not_called(url: str) -> None:
    refuse(url, "127.0.0.1")

from __future__ import annotations

from ipaddress import ip_address

import pytest

from shared.outgoing.addresses import is_open
from shared.outgoing.failure import CallFailed
from shared.outgoing.policy import Policy


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "192.0.1.1",
        "100.128.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
        "2606:4700::1111",
        "2a00:1450:4001::200e",
    ],
)
def test_public_addresses_are_open_translated_ones_too(address: str) -> None:
    assert is_open(ip_address(address))


@pytest.mark.parametrize(
    ("url", "host", "port", "target"),
    [
        ("https://photos.example.com", "photos.example.com", 443, "/"),
        ("HTTP://Photos.Example.COM/A.jpg", "photos.example.com", 80, "/A.jpg"),
        ("https://example.com:443/a?b=c&d=/e#part", "example.com", 443, "/a?b=c&d=/e"),
        ("https://example.com?a=b", "example.com", 443, "/?a=b"),
        ("https://bücher.example/grün.jpg", "xn--bcher-kva.example", 443, "/gr%C3%BCn.jpg"),
        ("https://my_bucket.example.com/a%20b", "my_bucket.example.com", 443, "/a%20b"),
        ("https://8.8.8.8/", "8.8.8.8", 443, "/"),
        ("https://[2606:4700:0::1111]/", "2606:4700::1111", 443, "/"),
        ("https://xn--4gbrim.example/", "xn--4gbrim.example", 443, "/"),
        ("https://example.com/a?sig=x%2Fy%2b", "example.com", 443, "/a?sig=x%2Fy%2B"),
    ],
)
def test_a_plain_url_is_taken_apart(url: str, host: str, port: int, target: str) -> None:
    found = Policy().read_url(url)

    assert (found.host, found.port, found.target) == (host, port, target)


def test_what_a_destination_shows_of_itself_has_no_signature() -> None:
    assert "secret" not in repr(Policy().read_url("https://example.com/a?signature=secret"))


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("https://cdn.example.com/", True),
        ("https://CDN.example.com/", True),
        ("https://a.photos.example/", True),
        ("https://b.a.photos.example/", True),
        ("https://photos.example/", False),
        ("https://evilphotos.example/", False),
        ("https://x.cdn.example.com/", False),
        ("https://cdn.example.com.evil.example/", False),
        ("https://example.com/", False),
        ("https://8.8.8.8/", False),
    ],
)
def test_hosts_are_allowed_by_name_or_by_all_below_one(url: str, is_allowed: bool) -> None:
    policy = Policy.read(ports="443", networks="", hosts="cdn.example.com, *.photos.example")

    if is_allowed:
        policy.read_url(url)
    else:
        with pytest.raises(CallFailed, match="not one of those that are allowed"):
            policy.read_url(url)


def test_an_operators_own_network_is_open_in_each_form_of_its_addresses() -> None:
    policy = Policy.read(ports="80", networks="10.1.0.0/16, fd00:1::/32")

    policy.check([ip_address("10.1.2.3"), ip_address("::ffff:10.1.2.3"), ip_address("fd00:1::5")])
    for other in ("10.2.0.1", "fd00:2::5", "127.0.0.1"):
        with pytest.raises(CallFailed):
            policy.check([ip_address("10.1.2.3"), ip_address(other)])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("ports", text) for text in ("0", "65536", "http", "80;443", "-1")),
        *(("networks", text) for text in ("10.0.0.1/8", "example.com", "10.0.0.0/33")),
        *(("hosts", text) for text in ("*", "https://a", "a/b", "a.*.b", "a:80", "a b", "a.")),
    ],
)
def test_a_rule_that_is_none_is_an_error_of_the_operator(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Policy.read(**{"ports": "443", "networks": "", name: text})

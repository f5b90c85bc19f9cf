"""Requests that are not what HTTP says they should be."""

from __future__ import annotations

import re
import time

from tests.attack.attempt import Attempt, hold
from tests.attack.batches import BATCHES
from tests.attack.target import KEY_HEADER, Target
from tests.end_to_end.client import CUTOUT

THREAT = "a hostile request: huge or endless heads, bodies, parts, chunks"

_MEGABYTE = 1 << 20
_ANSWER = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_HIDDEN = b"GET /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Hidden: yes\r\n\r\n"
_JSON, _OBJECTS = "application/json", ("/v1/keys", "/v1/ops/erase")
_TO_LOOK_AFTER = ("--scope", "admin", "--scope", "operate")
_FORM_SECONDS, _HEAD_SECONDS = 15.0, 40.0


def no_request_hides_behind_another(target: Target) -> str:
    """Framing that a proxy and a server could read differently: one answer at most, or the connection ends."""
    post = f"POST {CUTOUT} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode()
    chunked, length = b"Transfer-Encoding: chunked\r\n", b"Content-Length: %d\r\n"
    ended = b"0\r\n\r\n" + _HIDDEN
    requests = {
        "CL.TE": post + length % len(ended) + chunked + b"\r\n" + ended,
        "TE.CL": post + chunked + length % 4 + b"\r\n" + b"5c\r\n" + _HIDDEN + b"\r\n0\r\n\r\n",
        "two lengths": post + length % 0 + length % len(_HIDDEN) + b"\r\n" + _HIDDEN,
        "a length with a sign": post + b"Content-Length: +0\r\n\r\n" + _HIDDEN,
        "a length with a list": post + b"Content-Length: 0, %d\r\n\r\n" % len(_HIDDEN) + _HIDDEN,
        "chunked twice": post + chunked + chunked + b"\r\n" + ended,
        "chunked in disguise": post
        + b"Transfer-Encoding: xchunked\r\n"
        + length % 0
        + b"\r\n"
        + ended,
        "chunked with a space": post + b"Transfer-Encoding : chunked\r\n\r\n" + ended,
        "chunked after a tab": post
        + b"Transfer-Encoding:\tchunked\r\n"
        + length % 0
        + b"\r\n"
        + ended,
        "bare LF": post.replace(b"\r\n", b"\n") + b"Content-Length: 0\n\n" + _HIDDEN,
        "bare CR": post + b"X: a\rContent-Length: 0\r\n\r\n" + _HIDDEN,
        "obs-fold": post + b"X: a\r\n Content-Length: 9\r\n\r\n" + _HIDDEN,
        "a chunk size too large": post + chunked + b"\r\nfffffffffffffffff0\r\n" + _HIDDEN,
        "a chunk size with a sign": post + chunked + b"\r\n-1\r\n" + _HIDDEN,
        "a chunk extension": post + chunked + b"\r\n0;a=\n\r\n\r\n" + _HIDDEN,
        "trailers": post + chunked + b"\r\n0\r\nContent-Length: 9\r\nHost: x\r\n\r\n" + _HIDDEN,
        "h2c": b"GET /healthz HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
        b"Connection: Upgrade, HTTP2-Settings\r\n\r\n",
        "preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "HTTP/0.9": b"GET /healthz\r\n",
        "no host": b"GET /healthz HTTP/1.1\r\n\r\n" + _HIDDEN,
        "NUL in a header": post + b"X: a\0b\r\n\r\n",
        "NUL in the path": b"GET /heal\0thz HTTP/1.1\r\nHost: x\r\n\r\n",
    }
    allowed = {
        b"200",
        b"400",
        b"401",
        b"404",
        b"405",
        b"411",
        b"413",
        b"414",
        b"417",
        b"431",
        b"501",
        b"505",
    }
    for name, request in requests.items():
        said = target.say(request, seconds=8)
        statuses = _ANSWER.findall(said)
        hold(set(statuses) <= allowed, f"{name}: {statuses}")
        hold(b"101" not in statuses, f"{name}: switched protocols")
        hold(b'"task_id": "' not in said, f"{name}: a job was made or shown")
    return f"{len(requests)} framings: each refused, or read as what it says; none made or showed a job"


def headers_of_a_proxy_change_nothing(target: Target) -> str:
    """Headers by which a proxy tells the server who asks, where, and for what."""
    headers = (
        *("SCRIPT_NAME: /v1", "Script-Name: /v1", "X-Script-Name: /healthz", "PATH_INFO: /healthz"),
        *(
            "REMOTE_USER: admin",
            "X-Forwarded-User: owner",
            "X-Original-URL: /healthz",
            "X-Rewrite-URL: /healthz",
        ),
        *(
            "X-HTTP-Method-Override: GET",
            "X-Forwarded-Prefix: /healthz",
            "Forwarded: for=127.0.0.1",
        ),
    )
    for header in headers:
        said = target.say(
            f"GET /v1/jobs HTTP/1.1\r\nHost: a.example\r\n{header}\r\nConnection: close\r\n\r\n".encode()
        )
        hold(_ANSWER.findall(said) == [b"401"], f"{header}: {said[:60]!r}")
    return f"{len(headers)} headers, each still 401"


def large_heads_bodies_and_forms_are_refused_in_seconds(target: Target) -> str:
    key = target.key("owner")
    begin = f"POST {CUTOUT} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{KEY_HEADER}: {key}\r\n".encode()
    form = begin + b"Content-Type: multipart/form-data; boundary=x\r\n"

    def part(content: bytes, name: bytes = b"image") -> bytes:
        return b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name, content)

    bodies = {
        "1,000 parts": b"".join(part(b"v", b"%d" % n) for n in range(1000)) + b"--x--\r\n",
        "5 MB of text": part(b"v" * 5 * _MEGABYTE, b"out_mode") + b"--x--\r\n",
        "5 MB of headers in a part": b"--x\r\n" + b"X-A: b\r\n" * 600_000 + b"\r\n",
        "5 MB of CR": b"\r" * 5 * _MEGABYTE,
        "half boundaries": part(b"\r\n--" * 1_250_000) + b"--x--\r\n",
        "almost boundaries": part(b"\r\n--xx" * 800_000) + b"--x--\r\n",
        "7 MB of photo": part(b"x" * 7 * _MEGABYTE) + b"--x--\r\n",
    }
    requests = {
        name: form + b"Content-Length: %d\r\n\r\n" % len(it) + it for name, it in bodies.items()
    }
    requests |= {
        "a line of 1 MB": b"GET /" + b"a" * _MEGABYTE + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        "a header of 1 MB": begin + b"X: " + b"a" * _MEGABYTE + b"\r\n\r\n",
        "10,000 headers": begin + b"".join(b"X-%d: a\r\n" % n for n in range(10_000)) + b"\r\n",
        "a packed body": form
        + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00",
        "a length that lies": form
        + b"Content-Length: 999999999999999999999\r\n\r\n"
        + b"x" * _MEGABYTE,
        "a length below zero": form + b"Content-Length: -5\r\n\r\nx",
    }
    slowest = 0.0
    for name, request in requests.items():
        began = time.monotonic()
        said = target.say(request)
        slowest = max(slowest, time.monotonic() - began)
        statuses = _ANSWER.findall(said)
        hold(all(b"400" <= it < b"500" for it in statuses), f"{name}: {statuses}")
    hold(slowest < _FORM_SECONDS, f"slowest {slowest:.1f} s")
    return f"{len(requests)} requests refused, slowest {slowest:.1f} s"


def large_batches_and_deep_json_are_refused_in_seconds(target: Target) -> str:
    sends = {KEY_HEADER: target.key("owner"), "Content-Type": "application/jsonl"}
    looks_after = {KEY_HEADER: target.new_key("owner", *_TO_LOOK_AFTER), "Content-Type": _JSON}
    deep, long = b"[" * 60_000, b"9" * 60_000
    requests = [
        *((BATCHES, sends, body) for body in (deep, b'{"image_url":' + deep, b"{}\n" * 100_000)),
        *((BATCHES, sends, body) for body in (b"x" * 5 * _MEGABYTE, b"\n" * _MEGABYTE, b"\xff\n")),
        *(
            (path, looks_after, body)
            for path in _OBJECTS
            for body in (deep, b'{"a":' + long + b"}")
        ),
        *((path, looks_after, b" " * _MEGABYTE + b"{}") for path in _OBJECTS),
    ]
    slowest = 0.0
    with target.client() as client:
        for path, headers, body in requests:
            began = time.monotonic()
            status = client.post(path, headers=headers, content=body).status_code
            slowest = max(slowest, time.monotonic() - began)
            hold(400 <= status < 500, f"{path} {body[:20]!r}: {status}")
    hold(slowest < _FORM_SECONDS, f"slowest {slowest:.1f} s")
    return f"{len(requests)} bodies refused, slowest {slowest:.1f} s"


def a_head_that_trickles_in_is_cut_off(target: Target) -> str:
    began = time.monotonic()
    with target.connect(seconds=5) as client:
        try:
            client.sendall(b"GET /healthz HTTP/1.1\r\n")
            while time.monotonic() - began < 2 * _HEAD_SECONDS:
                client.sendall(b"X-Slow: a\r\n")
                client.settimeout(0.5)
                try:
                    if not client.recv(1000):
                        break
                except TimeoutError:
                    continue
        except OSError:
            pass  # it was hung up on
    seconds = time.monotonic() - began
    hold(seconds < _HEAD_SECONDS, f"still open after {seconds:.0f} s")
    return f"closed after {seconds:.1f} s"


ATTEMPTS: tuple[Attempt, ...] = (
    no_request_hides_behind_another,
    headers_of_a_proxy_change_nothing,
    large_heads_bodies_and_forms_are_refused_in_seconds,
    large_batches_and_deep_json_are_refused_in_seconds,
    a_head_that_trickles_in_is_cut_off,
)

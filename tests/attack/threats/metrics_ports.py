"""Somebody who reaches the ports at which the processes tell their metrics."""

from __future__ import annotations

import socket
import time

import httpx

from deploy.local.servers.ports import LOOPBACK
from tests.attack import misbehaviour
from tests.attack.attempt import Attempt, hold
from tests.attack.beside import cost_of, misbehaving
from tests.attack.target import Target

THREAT = "whoever reaches a process's metrics port"

#: After so long Prometheus gives a scrape up, unless told otherwise.
_PATIENCE_SECONDS = 10.0
_OTHERS = ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT")
_PATHS = ("/metrics", "/", "/debug/pprof", "/../../etc/passwd", "/metrics?name[]=x&debug=1")
_NUMBERS = "text/plain"
#: No numbers, and nothing that says by what it was refused.
_STRANGE = (
    b"GET /metrics\r\n\r\n" + b"x" * 100_000,
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(5000)) + b"\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
    b"\r\n\r\n",
    b"\0",
)
_WAYS = (misbehaviour.slow_heads, misbehaviour.slow_readers, misbehaviour.idle_and_half_open)
_SCRAPES = 5


def its_numbers_name_nobody(target: Target) -> str:
    task_id, url = target.result_url("certain-shop")
    told = "".join(_scrape(target, name) for name in target.metrics)
    names = {**target.secrets(), "a job": task_id, "a tenant": "certain-shop"}
    names |= {
        "the key's id": target.key("certain-shop").split("_")[1],
        "a result": url.split("?")[0],
    }
    for name, word in names.items():
        hold(word not in told, f"{name} stands in what is told")
    hold("cutwork_jobs_finished_total" in told, "no numbers were told")
    return f"{len(told) // 1000} KB at {len(target.metrics)} ports: no tenant, key, id or URL"


def it_tells_numbers_and_does_nothing_else(target: Target) -> str:
    seen = set()
    for name, port in target.metrics.items():
        for path in _PATHS:
            answer = httpx.get(f"http://{LOOPBACK}:{port}{path}", timeout=30)
            hold(answer.headers["content-type"].startswith(_NUMBERS), f"{path}: {answer.headers}")
            hold("root:" not in answer.text, f"{path}: a file")
        for verb in _OTHERS:
            answer = httpx.request(verb, f"http://{LOOPBACK}:{port}/metrics", timeout=30)
            seen.add(answer.status_code)
            hold("access-control" not in str(answer.headers).lower(), f"{verb}: CORS")
        for request in _STRANGE:
            said = _exchange(port, request)
            hold(b"Traceback" not in said and b"Python" not in said, f"{request[:20]!r}: {said!r}")
        hold(bool(_scrape(target, name)), f"the {name} tells nothing any more")
    hold(seen == {httpx.codes.NOT_IMPLEMENTED}, f"other methods were answered {sorted(seen)}")
    return f"{len(_PATHS)} paths tell numbers, {len(_OTHERS)} methods are 501, {len(_STRANGE)} strange ones end it not"


def no_name_that_was_made_to_point_here_reads_them(target: Target) -> str:
    """DNS rebinding: a page whose own name leads here may read what it asks for."""
    hosts = (
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "",
    )
    for port in target.metrics.values():
        for host in hosts:
            answer = httpx.get(f"http://{LOOPBACK}:{port}/metrics", headers={"Host": host})
            hold(answer.status_code == httpx.codes.FORBIDDEN, f"{host!r}: {answer.status_code}")
            hold("cutwork_" not in answer.text, f"{host!r} reads numbers")
    return f"{len(hosts)} names at {len(target.metrics)} ports, each 403"


def sockets_that_dawdle_keep_nobody_from_them(target: Target) -> str:
    """A head that drips, an answer that is not taken, silence: at the same port, while Prometheus comes."""
    slowest = 0.0
    for name, port in target.metrics.items():
        for way in _WAYS:
            with misbehaving(target, way, port):
                for _ in range(_SCRAPES):
                    began = time.monotonic()
                    _scrape(target, name)
                    slowest = max(slowest, time.monotonic() - began)
    hold(slowest < _PATIENCE_SECONDS, f"a scrape took {slowest:.1f} s")
    return f"beside {misbehaviour.SOCKETS} sockets, in {len(_WAYS)} ways: slowest scrape {slowest:.1f} s"


def scrapes_without_pause_cost_others_little(target: Target) -> str:
    return cost_of(target, misbehaviour.scrapes_without_pause, target.metrics["front end"])


def _scrape(target: Target, name: str) -> str:
    url = f"http://{LOOPBACK}:{target.metrics[name]}/metrics"
    return httpx.get(url, timeout=60).raise_for_status().text


def _exchange(port: int, request: bytes) -> bytes:
    heard = b""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=10) as client:
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
            while more := client.recv(65536):
                heard += more
    except OSError:
        pass  # it hung up
    return heard


ATTEMPTS: tuple[Attempt, ...] = (
    its_numbers_name_nobody,
    it_tells_numbers_and_does_nothing_else,
    no_name_that_was_made_to_point_here_reads_them,
    sockets_that_dawdle_keep_nobody_from_them,
    scrapes_without_pause_cost_others_little,
)

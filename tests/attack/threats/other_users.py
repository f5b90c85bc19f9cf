"""Another user of the machine, who can reach its loopback ports and look into its folders."""

from __future__ import annotations

import os
import pwd
import re
import socket
import ssl
import subprocess
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import httpx

from deploy.local.servers.ports import LOOPBACK
from tests.attack.attempt import Attempt, hold
from tests.attack.target import Target

THREAT = "another user of a machine that runs `make run`"

_LISTENS = "0A"
_ANY_CERTIFICATE = ssl.create_default_context()
_ANY_CERTIFICATE.check_hostname = False
_ANY_CERTIFICATE.verify_mode = ssl.CERT_NONE
_SQUATTABLE = re.compile(r"seaweedfs-\w+-grpc-\d+\.sock")
_INSIDE = (
    "/",
    "/buckets/",
    "/dir/status",
    "/dir/assign",
    "/col/delete?collection=x",
    "/status",
    "/metrics",
    "/debug/vars",
)
_REDIS = (
    b"PING",
    b"CONFIG GET *",
    b"LPUSH bulk x",
    b"FLUSHALL",
    b"ACL LIST",
    b"KEYS *",
    b"SHUTDOWN",
)


def nobody_else_reads_its_folder(target: Target) -> str:
    open_to_others = [
        path
        for path in (target.directory, *target.directory.iterdir())
        if path.stat().st_mode & 0o077
    ]
    hold(not target.directory.stat().st_mode & 0o077, f"mode {target.directory.stat().st_mode:o}")
    files = sum(1 for path in target.directory.rglob("*") if path.is_file())
    if os.geteuid() != 0:
        return (
            f"closed by its mode; {len(open_to_others)} of its entries would be open by themselves"
        )
    other = pwd.getpwnam("nobody")
    done = subprocess.run(
        ["find", str(target.directory), "-readable"],
        user=other.pw_uid,
        group=other.pw_gid,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    read = done.stdout.splitlines()
    hold("Permission denied" in done.stderr and not read, f"user nobody can read {read[:3]}")
    return f"user nobody can read none of {files} files, nor list the folder"


def no_port_serves_whoever_has_no_credentials(target: Target) -> str:
    """Every port that it listens on: over HTTP, over TLS without a certificate, and as Redis."""
    store = httpx.URL(target.environment["CUTWORK_S3_ENDPOINT"]).port
    # What these say, and to whom, others try.
    spoken_for = {httpx.URL(target.url).port, *target.metrics.values(), *target.public_ports}
    ports = _ports(target)
    hold(spoken_for | {store} <= ports.keys(), f"{spoken_for} are not among {sorted(ports)}")
    for port, address in ports.items():
        hold(address.is_loopback, f"port {port} listens on {address}")
        for words in _REDIS:
            said = _exchange(port, words + b"\r\n")
            hold(not said.startswith((b"+", b":", b"*", b"$")), f"{port} {words!r}: {said[:60]!r}")
        for scheme in ("http", "https"):
            for path in () if port in spoken_for else _INSIDE:
                status, content = _ask(f"{scheme}://{LOOPBACK}:{port}{path}")
                # The object store says that it lives, and no more.
                served = 200 <= status < 300 and content
                hold(not served, f"{scheme} {port}{path}: {status} {content[:60]!r}")
    return f"{len(ports)} ports, all on loopback: none answered one of {len(_INSIDE)} paths or {len(_REDIS)} commands"


def its_object_store_gives_nobody_anything_without_a_signature(target: Target) -> str:
    task_id, url = target.result_url("owner")
    endpoint = target.environment["CUTWORK_S3_ENDPOINT"]
    results = target.environment["CUTWORK_RESULTS_BUCKET"]
    path = f"{endpoint}/{results}/{task_id}/1/image.png"
    tries = (
        *(
            ("GET", it)
            for it in (endpoint, f"{endpoint}/{results}", f"{endpoint}/{results}?lifecycle", path)
        ),
        *(("PUT", path), ("DELETE", path), ("DELETE", f"{endpoint}/{results}?lifecycle")),
        *(("POST", f"{endpoint}/{results}?delete"), ("PUT", f"{endpoint}/a-new-bucket")),
    )
    for verb, it in tries:
        answer = target.get(it, verb)
        hold(answer.status_code in {401, 403}, f"{verb} {it}: {answer.status_code}")
        hold("access-control-allow-origin" not in answer.headers, f"{verb} {it}: CORS")
    hold(target.get(url).headers["content-type"] == "image/png", "the result is gone")
    return f"{len(tries)} requests, all refused"


def no_socket_of_its_can_be_taken_by_another(target: Target) -> str:
    """A socket in the common temporary folder could be somebody else's who was first."""
    inodes = {inode for pid in target.processes() for inode in _sockets(pid)}
    names = set()
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        words = line.split()
        if len(words) > 7 and int(words[6]) in inodes and not words[7].startswith("@"):
            names.add(words[7])
    strangers = {
        name
        for name in names
        if name.startswith("/tmp/")
        and not name.startswith(str(target.directory))
        # They ask for a certificate, whoever made them.
        and not _SQUATTABLE.fullmatch(name.rpartition("/")[2])
    }
    hold(not strangers, f"sockets in the common folder: {strangers}")
    return f"{len(names)} named sockets: in its own folder, or behind a certificate"


def _ports(target: Target) -> dict[int, IPv4Address | IPv6Address]:
    inodes = {inode for pid in target.processes() for inode in _sockets(pid)}
    found = {}
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == _LISTENS and int(words[9]) in inodes:
                address, port = words[1].split(":")
                found[int(port, 16)] = _address(bytes.fromhex(address))
    return found


def _address(written: bytes) -> IPv4Address | IPv6Address:
    """Read an address as the kernel writes it: words of four bytes, each the other way round."""
    words = (written[start : start + 4][::-1] for start in range(0, len(written), 4))
    return ip_address(b"".join(words))


def _sockets(pid: int) -> set[int]:
    found = set()
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            name = os.readlink(link)  # noqa: PTH115 - `socket:[…]` is no path
        except OSError:
            continue
        if name.startswith("socket:["):
            found.add(int(name[8:-1]))
    return found


def _exchange(port: int, request: bytes) -> bytes:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=0.3) as client:
            client.sendall(request)
            return client.recv(1000)
    except OSError:
        return b""


def _ask(url: str) -> tuple[int, bytes]:
    try:
        answer = httpx.get(url, timeout=2, verify=_ANY_CERTIFICATE)
    except httpx.HTTPError:
        return 0, b""
    return answer.status_code, answer.content


ATTEMPTS: tuple[Attempt, ...] = (
    nobody_else_reads_its_folder,
    no_port_serves_whoever_has_no_credentials,
    its_object_store_gives_nobody_anything_without_a_signature,
    no_socket_of_its_can_be_taken_by_another,
)

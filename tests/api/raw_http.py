"""HTTP by hand: bytes that no library would send, and answers that have to be envelopes all the same."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.routes.cutout import PATH as CUTOUT
from deploy.local.processes.process import Process
from deploy.local.servers.ports import LOOPBACK
from tests.api.photos import photo

MEGABYTE = 1024 * 1024
BAD_REQUEST = 400
KEY = "ailabapi-api-key: any\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"


def part(
    content: bytes, disposition: str | bytes = 'form-data; name="image"; filename="x"'
) -> bytes:
    line = disposition.encode() if isinstance(disposition, str) else disposition
    return b"--x\r\nContent-Disposition: " + line + b"\r\n\r\n" + content + b"\r\n"


END = b"--x--\r\n"
FORM = part(photo()) + END


@dataclass
class Target:
    """A front end that all tests of this file attack."""

    process: Process
    url: str

    def send(self, pieces: Iterable[bytes], *, hang_up: bool = True) -> list[tuple[int, Any]]:
        """Send bytes, and return the status and the body of each answer until the connection ends."""
        port = int(self.url.rpartition(":")[2])
        with socket.create_connection((LOOPBACK, port), timeout=30) as client:
            try:
                for piece in pieces:
                    client.sendall(piece)
                if hang_up:
                    client.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it was answered before it was read
            return list(parse(read_all(client)))

    def post(self, body: bytes, headers: str = "", length: object = None) -> tuple[int, str]:
        """Upload something, and return the status and the code of the only answer."""
        [(status, envelope)] = self.send([head(headers, length), body])
        return status, envelope["error_detail"]["code"]

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def cpu_seconds(self) -> float:
        """Add up what the front end's processes have worked so far; a busy machine does not add to that."""
        return sum(map(_ticks, self.workers())) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        """Add up what the front end's processes hold in memory, in bytes."""
        kilobytes = 0
        for pid in self.workers():
            found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
            assert found
            kilobytes += int(found[1])
        return kilobytes * 1024


def _ticks(pid: int) -> int:
    # Its name may hold anything, and ends with the last parenthesis.
    _, _, fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    user, system = fields.split()[11:13]
    return int(user) + int(system)


def head(headers: str = "", length: object = None) -> bytes:
    fields = headers + ("" if length is None else f"Content-Length: {length}\r\n")
    kind = "" if "Content-Type" in headers else "Content-Type: multipart/form-data; boundary=x\r\n"
    return f"POST {CUTOUT} HTTP/1.1\r\nHost: {LOOPBACK}\r\n{KEY}{kind}{fields}\r\n".encode()


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


def read_all(client: socket.socket) -> bytes:
    received = b""
    try:
        while more := client.recv(65536):
            received += more
    except ConnectionResetError:
        pass  # the rest of what was sent is of no interest to the server
    return received


def parse(received: bytes) -> Iterator[tuple[int, Any]]:
    """Take answers apart; each has to be an envelope with its headers."""
    while received:
        top, _, rest = received.partition(b"\r\n\r\n")
        line, *lines = top.decode().split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
        }
        size = int(headers["content-length"])
        envelope = json.loads(rest[:size])
        status = int(line.split()[1])
        assert headers["content-type"] == "application/json"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert envelope["error_detail"]["status_code"] == status
        assert envelope["error_code"] == (status if status >= BAD_REQUEST else 0)
        yield status, envelope
        received = rest[size:]

"""A name server on this machine, whose answers change, and the question that is asked of it."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address

from deploy.local.servers.ports import LOOPBACK

_HEAD, _A, _IN = struct.Struct(">6H"), 1, 1
_NAME_ERROR = 3


@dataclass
class DnsServer:
    port: int
    #: Name → what each question is answered, one after the other; the last one stays.
    answers: dict[str, list[list[str]]] = field(default_factory=dict)
    #: The names asked for.
    asked: list[str] = field(default_factory=list)

    def resolve(self, name: str, seconds: float) -> Sequence[IPv4Address]:
        """Ask it over the wire, as the system's resolver would."""
        question = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
        message = _HEAD.pack(1, 0x0100, 1, 0, 0, 0) + question + b"\0" + struct.pack(">2H", _A, _IN)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(seconds)
            client.sendto(message, (LOOPBACK, self.port))
            answer = client.recv(4096)
        count = _HEAD.unpack_from(answer)[3]
        records = answer[len(message) :]
        return [
            IPv4Address(records[at + 12 : at + 16]) for at in range(0, 16 * count, 16)
        ]  # a pointer to the name, type, class, lifetime, length: twelve bytes, and four of the address

    def answer(self, message: bytes) -> bytes:
        name, at = [], _HEAD.size
        while length := message[at]:
            name.append(message[at + 1 : at + 1 + length].decode())
            at += 1 + length
        self.asked.append(".".join(name))
        left = self.answers.get(self.asked[-1], [])
        addresses = left.pop(0) if len(left) > 1 else left[0] if left else []
        records = b"".join(
            struct.pack(">3HIH", 0xC00C, _A, _IN, 0, 4) + ip_address(address).packed
            for address in addresses
        )
        flags = 0x8180 | (0 if addresses else _NAME_ERROR)
        head = _HEAD.pack(_HEAD.unpack_from(message)[0], flags, 1, len(addresses), 0, 0)
        return head + message[_HEAD.size : at + 5] + records


@contextmanager
def running_dns_server() -> Iterator[DnsServer]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind((LOOPBACK, 0))
        server = DnsServer(listener.getsockname()[1])

        def serve() -> None:
            with suppress(OSError):
                while True:
                    message, client = listener.recvfrom(4096)
                    if not message:
                        return
                    listener.sendto(server.answer(message), client)

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        yield server
        listener.sendto(b"", (LOOPBACK, server.port))
        serving.join()

"""Sockets without a key, that want all of a front end's time, or of its memory."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, suppress

from tests.attack import misbehaviour
from tests.attack.attempt import Attempt, hold
from tests.attack.beside import cost_of
from tests.attack.target import Target
from tests.conditions import eventually

THREAT = "a few connections that keep a front end busy"

#: More of it than all buffers of a connection take.
_LARGEST, _ASKED = "/openapi.json", 40
_READERS, _MOST_BYTES = 60, 60_000_000
#: Longer than any of its time limits.
_GIVEN_UP_SECONDS = 40


def unread_bodies_cost_others_little(target: Target) -> str:
    return cost_of(target, misbehaviour.unread_bodies)


def one_byte_chunks_cost_others_little(target: Target) -> str:
    return cost_of(target, misbehaviour.one_byte_chunks)


def slow_heads_cost_others_little(target: Target) -> str:
    return cost_of(target, misbehaviour.slow_heads)


def slow_bodies_cost_others_little(target: Target) -> str:
    return cost_of(target, misbehaviour.slow_bodies)


def pipelined_requests_cost_others_little(target: Target) -> str:
    return cost_of(target, misbehaviour.pipelined_requests)


def slow_readers_cost_others_little(target: Target) -> str:
    return cost_of(target, misbehaviour.slow_readers)


def answers_that_nobody_takes_are_given_up_and_hold_little_memory(target: Target) -> str:
    fronts = [pid for pid, command in target.processes().items() if "gunicorn" in command]
    everything = _ASKED * len(target.get(target.url + _LARGEST).content)
    before, most = target.memory_of(fronts), 0
    with ExitStack() as stack:
        readers = [stack.enter_context(target.connect()) for _ in range(_READERS)]
        for reader in readers:
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.sendall(_ASKED * f"GET {_LARGEST} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        end = time.monotonic() + _GIVEN_UP_SECONDS
        while time.monotonic() < end:
            most = max(most, target.memory_of(fronts) - before)
            time.sleep(0.1)
        # To empty what the kernel holds for one takes seconds.
        served = sum(_rest_of(reader) >= everything for reader in readers[::10])
    hold(not served, f"{served} of {len(readers[::10])} are served after {_GIVEN_UP_SECONDS} s")
    hold(most < _MOST_BYTES, f"{_READERS} of them held {most // 1_000_000} MB")
    return f"{_READERS} of them given up within {_GIVEN_UP_SECONDS} s, {most // 1_000_000} MB more meanwhile"


def _rest_of(reader: socket.socket) -> int:
    """Count what still comes; of a connection that was given up, what lies in the kernel's buffers."""
    taken = 0
    # Otherwise a window of a few bytes takes minutes to empty them.
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_000_000)
    with suppress(OSError):
        reader.settimeout(5)
        while more := reader.recv(65536):
            taken += len(more)
    return taken


def huge_header_lists_cost_others_little(target: Target) -> str:
    return cost_of(target, misbehaviour.huge_header_lists)


def long_heads_in_small_pieces_cost_others_little(target: Target) -> str:
    return cost_of(target, misbehaviour.long_heads_in_small_pieces)


def idle_and_half_open_connections_cost_others_little(target: Target) -> str:
    return cost_of(target, misbehaviour.idle_and_half_open)


def no_process_ended_meanwhile(target: Target) -> str:
    """gunicorn kills a process of its whose loop stands still, and everything in flight with it."""
    hold("WORKER TIMEOUT" not in target.said(), "gunicorn killed a process of its own")
    hold("starting it again" not in target.said(), "something ended, and was started again")
    hold(eventually(target.is_ready, within=10), "not ready any more")
    return "no process ended in all of this, and /readyz is 200"


ATTEMPTS: tuple[Attempt, ...] = (
    unread_bodies_cost_others_little,
    one_byte_chunks_cost_others_little,
    slow_heads_cost_others_little,
    slow_bodies_cost_others_little,
    pipelined_requests_cost_others_little,
    slow_readers_cost_others_little,
    answers_that_nobody_takes_are_given_up_and_hold_little_memory,
    huge_header_lists_cost_others_little,
    long_heads_in_small_pieces_cost_others_little,
    idle_and_half_open_connections_cost_others_little,
    no_process_ended_meanwhile,
)

"""Six sockets without a key, that want all of a front end's time."""

from __future__ import annotations

from tests.attack import misbehaviour
from tests.attack.attempt import Attempt, hold
from tests.attack.beside import cost_of
from tests.attack.target import Target
from tests.conditions import eventually

THREAT = "a few connections that keep a front end busy"


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
    huge_header_lists_cost_others_little,
    long_heads_in_small_pieces_cost_others_little,
    idle_and_half_open_connections_cost_others_little,
    no_process_ended_meanwhile,
)

"""Cuts the connections of a Redis server."""

from __future__ import annotations

import redis


def hang_up(control: redis.Redis) -> None:
    """Close all of them but this one; those that listen for announcements are of a type of their own."""
    for kind in ("normal", "pubsub"):
        control.client_kill_filter(_type=kind, skipme=True)

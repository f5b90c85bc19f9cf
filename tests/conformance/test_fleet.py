"""Workers' signs of life, in a real Valkey."""

from __future__ import annotations

from dataclasses import replace

import redis

from shared.operations.fleet import Fleet, Worker, kinds_of
from shared.settings.settings import Settings

WORKER = Worker(
    name="gpu-3:1", release="0.1.0", model="net", provider="cpu", hands=2, busy=1, up_seconds=7
)


def test_what_a_worker_says_is_seen_until_it_leaves(settings: Settings) -> None:
    fleet = Fleet(settings)
    other = replace(WORKER, name="gpu-4:1", busy=0)
    for worker in (other, WORKER, WORKER):
        fleet.say(worker)

    seen = fleet.look()

    assert [it.worker for it in seen] == [WORKER, other]
    assert all(0 <= it.seconds_ago < 10 for it in seen)
    assert kinds_of(seen) == {"0.1.0 net cpu": 2}
    fleet.leave(other.name)
    assert [it.worker for it in fleet.look()] == [WORKER]
    fleet.leave(WORKER.name)
    assert fleet.look() == []


def test_a_worker_whose_sign_is_too_old_is_forgotten_and_nonsense_is_passed_over(
    settings: Settings,
) -> None:
    fleet, client = Fleet(settings), redis.Redis.from_url(settings.redis_url.get_secret_value())
    fleet.say(WORKER)
    client.sadd("cutwork:workers", "gone:1", "odd:1", b"\xff")
    for name, text in {"odd:1": '{"name": 1}', "gpu-3:1": "[]"}.items():
        client.set(f"cutwork:worker:{name}", text, px=60_000)

    assert fleet.look() == []

    assert client.smembers("cutwork:workers") == {b"odd:1", b"gpu-3:1", b"\xff"}
    client.delete("cutwork:workers", "cutwork:worker:odd:1", "cutwork:worker:gpu-3:1")

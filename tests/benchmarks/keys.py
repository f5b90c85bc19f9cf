"""`python -m tests.benchmarks.keys [rounds]`: whether the time of a 401 tells anything about a key.

The decision itself (`api/admission/auth.py` on a real key store), without the network, which only adds noise. All kinds
of keys take turns in an order that is drawn anew each round, so whatever else the machine does hits all of them. Each
is held against the key whose id does not exist: ratio of the medians, and of the medians of two halves of the rounds as
a measure of the noise.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from flask import Flask, Request, request

from api.admission.auth import KEY_HEADER, find_caller, key_of
from deploy.local.servers.postgres import Postgres
from shared.errors import Refused
from shared.settings.settings import Settings
from shared.sql.database import Database
from shared.sql.schema import migrate
from shared.tenants.api_key import Terms
from shared.tenants.key_store import KeyStore

_ROUNDS = 3000
_UNKNOWN = "unknown id"


def main(rounds: int) -> None:
    """Print a table for each database."""
    for name, opened in (("PostgreSQL", _on_postgres), ("SQLite", _on_sqlite)):
        with opened() as database:
            migrate(database)
            took = _measure(_decisions(database), rounds)
            database.close()
        _say(f"\n{name:<36}{'median us':>10}{'ratio':>8}{'halves':>16}\n")
        for kind, seconds in took.items():
            whole = _ratio(seconds, took[_UNKNOWN])
            halves = (_ratio(seconds[n::2], took[_UNKNOWN][n::2]) for n in (0, 1))
            median = statistics.median(seconds) * 1e6
            _say(
                f"{kind:<36}{median:>10.0f}{whole:>8.3f}{' '.join(f'{h:.3f}' for h in halves):>16}\n"
            )


def _decisions(database: Database) -> dict[str, Callable[[], None]]:
    """Make keys of all kinds, and what decides about each."""
    store, settings, app = KeyStore(database), Settings(), Flask("keys")
    _, right = store.create("shop")
    revoked_key, revoked = store.create("shop")
    store.revoke(revoked_key.id)
    _, expired = store.create("shop", Terms(valid_for=timedelta(seconds=-1)))
    start = len(right) - len(right.split("_", 2)[2])
    texts = {
        _UNKNOWN: f"cw_{'0' * 12}_{right[start:]}",
        "known id, first character wrong": right[:start]
        + _other(right[start])
        + right[start + 1 :],
        "known id, last character wrong": right[:-1] + _other(right[-1]),
        "revoked": revoked,
        "expired": expired,
        "no key of ours": "x" * len(right),
        "right": right,
    }

    def decision(text: str) -> Callable[[], None]:
        with app.test_request_context(headers={KEY_HEADER: text}):
            received: Request = request._get_current_object()  # type: ignore[attr-defined]

        def decide() -> None:
            with suppress(Refused):
                find_caller(received, key_of(received), settings, store)

        return decide

    return {kind: decision(text) for kind, text in texts.items()}


def _measure(decisions: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {kind: [] for kind in decisions}
    order = list(decisions)
    for _ in range(rounds):
        random.shuffle(order)
        for kind in order:
            began = time.perf_counter()
            decisions[kind]()
            took[kind].append(time.perf_counter() - began)
    return took


def _other(character: str) -> str:
    return "A" if character != "A" else "B"


def _ratio(seconds: list[float], others: list[float]) -> float:
    return statistics.median(seconds) / statistics.median(others)


@contextmanager
def _on_postgres() -> Iterator[Database]:
    with Postgres.temporary() as server:
        yield Database(server.url)


@contextmanager
def _on_sqlite() -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as directory:
        yield Database(f"sqlite:///{directory}/keys.sqlite3")


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _ROUNDS)

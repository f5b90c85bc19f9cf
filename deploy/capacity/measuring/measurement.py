"""One measurement, from an address to what was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import redis

from deploy.capacity.measuring.client import Client
from deploy.capacity.measuring.counters import Counters, cpu_counter, postgres_counter
from deploy.capacity.measuring.experiment import Experiment
from deploy.capacity.measuring.findings import findings_of
from deploy.named_database import open_named_database
from shared.settings.settings import load_settings


def measure_installation(
    url: str,
    key: str,
    photos: Sequence[bytes],
    *,
    category: str,
    jobs: int,
    idle_seconds: float,
    processes: Sequence[int],
    redis_url: str | None,
    say: Callable[[str], None],
) -> dict[str, float]:
    """Send photos, once for all clothing alone and once with a category, and tell what each cost.

    Raises:
        NotServed: The installation does not do what it is asked.
        DatabaseUnavailable: The database that was named does not answer.
    """
    settings = load_settings()
    database = open_named_database()
    broker = redis.Redis.from_url(redis_url or settings.redis_url.get_secret_value())
    counters = Counters([postgres_counter(database), cpu_counter(processes)])
    experiment = Experiment(Client(url, key), counters, broker, say)
    try:
        results = experiment.run(photos, [{}, {"cloth_class": category}], jobs, idle_seconds)
    finally:
        database.close()
        broker.close()
    return findings_of(results)

"""What one photo costs, and what machines and money are taken to be: `unit_costs.toml`, each number with its source."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

FILE = Path(__file__).with_name("unit_costs.toml")


@dataclass(frozen=True)
class Source:
    """Where numbers come from."""

    #: `counted`: in the code; `assumed`: nobody has measured it here.
    kind: Literal["measured", "counted", "assumed"]
    date: str
    text: str


@dataclass(frozen=True)
class Number:
    """One number, as it stands in the file."""

    group: str
    name: str
    value: float
    unit: str
    what: str
    source: Source


@dataclass(frozen=True)
class Photo:
    """What is sent, and what for."""

    megapixels: float
    pictures: float
    downloads: float
    polls: float
    bytes_in_per_megapixel: float
    bytes_out_per_megapixel: float


@dataclass(frozen=True)
class Cpu:
    """Seconds of one core."""

    worker_per_photo: float
    worker_per_megapixel: float
    worker_per_picture_megapixel: float
    network_per_photo: float
    front_end_per_photo: float
    front_end_per_poll: float
    database_per_photo: float
    database_per_poll: float
    object_store_per_photo: float


@dataclass(frozen=True)
class Database:
    """What a photo leaves in PostgreSQL."""

    commits_per_photo: float
    transactions_per_photo: float
    wal_bytes_per_photo: float
    row_bytes: float
    index_bytes: float


@dataclass(frozen=True)
class Broker:
    """What a photo asks of Redis or Valkey."""

    commands_per_photo: float
    bytes_per_message: float


@dataclass(frozen=True)
class Requests:
    """Requests to the object store beside one PUT and one GET a picture."""

    puts_per_photo: float
    gets_per_photo: float
    lists_per_photo: float
    deletes_per_photo: float


@dataclass(frozen=True)
class Limits:
    """What one server that cannot be doubled is taken to bear."""

    database_cores: float
    database_commits_per_second: float
    database_wal_bytes_per_second: float
    database_connections: float
    vacuum_bytes_per_second: float
    restore_bytes_per_second: float
    restore_hours: float
    broker_commands_per_second: float
    expiries_per_second: float


@dataclass(frozen=True)
class Fleet:
    """How machines are cut, and how full they may be."""

    machine_cores: float
    pod_cores: float
    fullest: float
    peak: float
    patience_seconds: float
    vacuum_share: float


@dataclass(frozen=True)
class Gpu:
    """A GPU that runs the network, and nothing else."""

    photos_per_second: float


@dataclass(frozen=True)
class Autoscaling:
    """How fast a fleet follows its queue."""

    jobs_per_pod: float
    oldest_age_seconds: float
    metric_seconds: float
    tolerance: float
    fewest_pods: float
    most_pods: float
    most_new_pods: float
    down_window_seconds: float
    down_share_per_minute: float
    start_seconds_least: float
    start_seconds_most: float


@dataclass(frozen=True)
class Spot:
    """Machines that may be taken away."""

    share: float
    hours: float
    unannounced: float


@dataclass(frozen=True)
class Prices:
    """US dollars."""

    core_hour: float
    spot_core_hour: float
    gpu_hour: float
    database_core_hour: float
    database_gigabyte_month: float
    broker_gigabyte_hour: float
    object_gigabyte_month: float
    put_million: float
    get_million: float
    egress_gigabyte: float


@dataclass(frozen=True)
class UnitCosts:
    """All of them."""

    photo: Photo
    cpu: Cpu
    database: Database
    broker: Broker
    requests: Requests
    limits: Limits
    fleet: Fleet
    gpu: Gpu
    autoscaling: Autoscaling
    spot: Spot
    prices: Prices


@cache
def bundled() -> UnitCosts:
    """Read those that come with Cutwork."""
    return read(FILE)


def read(file: Path) -> UnitCosts:
    """Read a file of unit costs.

    Raises:
        OSError, ValueError: It cannot be read, or is no such file.
    """
    groups: dict[str, dict[str, float]] = {}
    for number in numbers(file):
        groups.setdefault(number.group, {})[number.name] = number.value
    try:
        return UnitCosts(
            photo=Photo(**groups["photo"]),
            cpu=Cpu(**groups["cpu"]),
            database=Database(**groups["database"]),
            broker=Broker(**groups["broker"]),
            requests=Requests(**groups["requests"]),
            limits=Limits(**groups["limits"]),
            fleet=Fleet(**groups["fleet"]),
            gpu=Gpu(**groups["gpu"]),
            autoscaling=Autoscaling(**groups["autoscaling"]),
            spot=Spot(**groups["spot"]),
            prices=Prices(**groups["prices"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{file}: {error}") from None


def numbers(file: Path = FILE) -> Iterator[Number]:
    """List all numbers of a file, each with its source."""
    text = tomllib.loads(file.read_text(encoding="utf-8"))
    try:
        sources = {name: _source(table) for name, table in text.pop("sources").items()}
        for group, entries in text.items():
            for name, entry in entries.items():
                yield _number(group, name, entry, sources)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{file}: {error!r}") from None


def _source(table: Mapping[str, Any]) -> Source:
    return Source(kind=table["kind"], date=str(table["date"]), text=table["text"])


def _number(
    group: str, name: str, entry: Mapping[str, Any], sources: Mapping[str, Source]
) -> Number:
    return Number(
        group=group,
        name=name,
        value=float(entry["value"]),
        unit=entry["unit"],
        what=entry["what"],
        source=sources[entry["source"]],
    )

"""What Redis or Valkey, and the object store, have to hold and to do."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.capacity.demand import DAY, Demand
from deploy.capacity.unit_costs import UnitCosts
from shared.settings.settings import Settings
from shared.wire.contract import RESULT_LIFETIME

_GIGABYTE = 1e3  # of megabytes
#: What an empty server takes.
_BROKER_LEAST_BYTES = 10e6
MOST_WAITING = int(Settings.model_fields["max_queued"].default)


@dataclass(frozen=True)
class BrokerNeeds:
    """One Redis or Valkey."""

    #: Where as many jobs wait as are let in.
    bytes: float
    #: A second, in the busiest hour.
    commands: float
    #: How long the queue may grow in the busiest hour while nobody works, until uploads are refused.
    full_after_seconds: float


@dataclass(frozen=True)
class ObjectNeeds:
    """Both buckets, a day; sizes in gigabytes."""

    stored: float
    bytes_in: float
    bytes_out: float
    #: PUT and LIST, which cost the same.
    puts: float
    gets: float
    deletes: float
    #: A second, in the busiest hour.
    requests: float


def broker_for(demand: Demand, costs: UnitCosts) -> BrokerNeeds:
    """Say what the broker of one installation needs."""
    return BrokerNeeds(
        bytes=_BROKER_LEAST_BYTES + MOST_WAITING * costs.broker.bytes_per_message,
        commands=demand.busiest * costs.broker.commands_per_photo,
        full_after_seconds=MOST_WAITING / demand.busiest,
    )


def objects_for(demand: Demand, costs: UnitCosts) -> ObjectNeeds:
    """Say what the object store of one installation needs."""
    photos, each = demand.photos_per_day, costs.requests
    puts = each.puts_per_photo + demand.pictures + each.lists_per_photo
    gets = each.gets_per_photo + demand.pictures * demand.downloads
    out = photos * demand.megabytes_out / _GIGABYTE
    return ObjectNeeds(
        stored=out * RESULT_LIFETIME.total_seconds() / DAY,
        bytes_in=photos * demand.megabytes_in / _GIGABYTE,
        bytes_out=out * demand.downloads,
        puts=photos * puts,
        gets=photos * gets,
        deletes=photos * each.deletes_per_photo,
        requests=demand.busiest * (puts + gets + each.deletes_per_photo),
    )

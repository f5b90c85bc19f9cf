"""Which tenant a key belonged to when it was last checked.

Before a key is looked up nobody knows whose it is, and yet tenants take turns at the look-up. So this decides about
order, and never about entry: a key that was revoked meanwhile is still refused, in its old tenant's turn.
"""

from __future__ import annotations

from collections import OrderedDict

#: All keys together that are not known: whoever tries many has one tenant's turns with all of them.
STRANGERS = "?"
_MOST = 10_000


class FamiliarKeys:
    """The keys that were used last, by hash."""

    def __init__(self) -> None:
        """Know nobody yet."""
        self._tenants: OrderedDict[int, str] = OrderedDict()

    def tenant_of(self, key: str) -> str:
        """Tell whose key it probably is."""
        return self._tenants.get(hash(key), STRANGERS)

    def note(self, key: str, tenant: str) -> None:
        """Remember whose key it is."""
        self._tenants[hash(key)] = tenant
        self._tenants.move_to_end(hash(key))
        if len(self._tenants) > _MOST:
            self._tenants.popitem(last=False)

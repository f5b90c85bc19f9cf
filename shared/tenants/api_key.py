"""What an API key is: whose it is, what it may do, and until when."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from shared.errors import CutworkError

#: Whose jobs they are as long as there are no keys; a key of this tenant has them after that, too.
KEYLESS_TENANT = "local"
#: As long as the columns.
_LONGEST_TENANT, LONGEST_NAME = 64, 64


class Scope(StrEnum):
    """What a key may be allowed to do. None includes another."""

    #: Send photos, delete jobs, and have webhooks sent again.
    SUBMIT = "submit"
    #: See jobs, results, deliveries and usage.
    READ = "read"
    #: Make, list and revoke the tenant's keys, and read what was done with them.
    ADMIN = "admin"
    #: See the whole installation: its queue, its workers, all tenants' jobs without their photos and results.
    OBSERVE = "observe"
    #: Withdraw jobs of all tenants.
    OPERATE = "operate"


#: They reach beyond a tenant, so no tenant's administrator gives them.
OF_OPERATORS = frozenset({Scope.OBSERVE, Scope.OPERATE})
#: As long as there is no key, whoever is on the machine is everybody.
KEYLESS = frozenset({Scope.SUBMIT, Scope.READ, *OF_OPERATORS})

#: What a key may do unless it is said.
USUAL = frozenset({Scope.SUBMIT, Scope.READ})


class UnusableTenant(CutworkError):
    """Raised for a name that no tenant can have."""


class UnusableKey(CutworkError):
    """Raised for a key that no tenant can have, or that another one has."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a key is made with."""

    #: What people call it; several may have the same.
    name: str = ""
    scopes: frozenset[Scope] = USUAL
    #: None: it ends when it is revoked.
    valid_for: timedelta | None = None
    #: Quotas of its own; None: the installation's.
    rate_per_minute: int | None = None
    max_queued: int | None = None
    #: Who is told of the end of its jobs, unless they say; None: nobody.
    callback_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """What may be known of a key after it was made."""

    id: str
    tenant: str
    name: str
    scopes: frozenset[Scope]
    rate_per_minute: int | None
    max_queued: int | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    #: To the minute; None: never.
    last_used_at: datetime | None
    callback_url: str | None = field(repr=False)
    #: What signs that, newest first. Told once, to whoever makes the key.
    webhook_secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who sent a request, by its key."""

    tenant: str
    #: Empty: there is no key yet, and none is needed.
    key_id: str = ""
    scopes: frozenset[Scope] = USUAL
    rate_per_minute: int | None = None
    max_queued: int | None = None
    callback_url: str | None = field(default=None, repr=False)


class QueueLimits(NamedTuple):
    """How many jobs may wait, for a key to add one more; None: that is not asked."""

    of_tenant: int | None
    of_key: int | None


def queue_limits(own: int | None, of_tenant: int) -> QueueLimits:
    """Say what holds for a key: a limit of its own holds within its tenant's; a higher one stands in its place."""
    stands_in_place = own is not None and own > of_tenant
    return QueueLimits(None if stands_in_place else of_tenant, own)


def check_tenant(tenant: str) -> str:
    """See that a name is one that a tenant can have, and give it back.

    Raises:
        UnusableTenant: It is empty, too long, or not what it looks like in a log or a list.
    """
    if not 0 < len(tenant) <= _LONGEST_TENANT:
        raise UnusableTenant(
            f"a tenant's name has 1 to {_LONGEST_TENANT} characters; this one has {len(tenant)}"
        )
    if fault := fault_of_name(tenant):
        raise UnusableTenant(f"a tenant's name has {fault}: {tenant!a}")
    return tenant


def fault_of_name(name: str) -> str:
    """Say what a name must have so that it is what it looks like in a log or a list; nothing if it has."""
    # Also false for what is no text: bytes of a command line that are not UTF-8.
    if not name.isprintable() or name != name.strip():
        return "no invisible characters, and no spaces around it"
    if not unicodedata.is_normalized("NFC", name):
        return "letters and their accents as one character (Unicode NFC)"
    return ""


def write_scopes(scopes: Iterable[Scope]) -> str:
    """Write scopes as a row has them."""
    return " ".join(scope for scope in Scope if scope in set(scopes))


def read_scopes(text: str) -> frozenset[Scope]:
    """Read scopes of a row; one that a newer release knows is none here."""
    words = set(re.split("[ ,]+", text))
    return frozenset(scope for scope in Scope if scope in words)

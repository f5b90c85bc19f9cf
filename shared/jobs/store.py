"""All SQL on jobs: each change of state is one UPDATE, guarded by the state it starts from.

The row count decides every race, on PostgreSQL and SQLite alike. Statements of a worker carry the attempt
number: a worker that lost its lease finds no row, and changes nothing.

    create      (none)                                   → queued
    claim       queued, published, due, first in turn    → processing, attempt + 1
    extend      processing, this attempt                 → lease moved on
    complete    processing, this attempt                 → succeeded
    fail        processing, this attempt                 → failed
    retry       processing, this attempt                 → queued later, or failed when attempts are spent
    release     processing, this attempt                 → queued now or later, attempt not charged
    erase       queued, processing, readable             → cancelled
    rescue      processing, lease run out                → queued now, or failed when attempts are spent
    fail_late   queued, past the deadline                → failed
    expire      finished, past its lifetime              → expired
    prune       expired, long ago                        → (none)
"""

from __future__ import annotations

from shared.jobs.depth import QueueDepth
from shared.jobs.leases import Leases
from shared.jobs.limits import ATTEMPTS_SPENT, DEADLINE_PASSED, Limits, limits_of
from shared.jobs.listing import Listing
from shared.jobs.overseeing import Overseeing
from shared.jobs.submission import Submission
from shared.jobs.sweeping import Sweeping

__all__ = ["ATTEMPTS_SPENT", "DEADLINE_PASSED", "JobStore", "Limits", "limits_of"]


class JobStore(Submission, Listing, Leases, Sweeping, QueueDepth, Overseeing):
    """The job table, for front ends, workers, the sweeper, and operators."""

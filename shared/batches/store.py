"""All SQL on batches: each change of state is one UPDATE, guarded by the state it starts from.

begin           (none)                               → receiving
add             receiving                            → receiving, some lines more
accept          receiving                            → running
discard         receiving                            → discarded
release         running                              → running, some items are jobs
cancel          running                              → cancelling
cancel_held     cancelling                           → cancelling, some items have ended
settle          running, cancelling                  → the same, or completed, cancelled with the last item
expire          completed, cancelled, past lifetime  → expired
forget_expired  expired, long ago                    → discarded
delete_some     discarded                            → discarded, some rows less; at last (none)
"""

from __future__ import annotations

from shared.batches.clearing import Clearing
from shared.batches.progress import Progress
from shared.batches.reading import Reading
from shared.batches.receipt import Receipt


class BatchStore(Receipt, Reading, Progress, Clearing):
    """The batch tables, for front ends and the sweeper."""

"""When keys were used last: noted in memory by each request, and written once a minute by a thread beside them.

No request waits for it. A process that is killed forgets the last minute's.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from shared.errors import DatabaseUnavailable
from shared.telemetry.logs import get_logger
from shared.tenants.key_store import KeyStore

log = get_logger(__name__)

#: How often uses are written: a key's last use is known to a minute or two.
_WRITE_SECONDS = 60.0


class LastUses:
    """The uses of one front-end process. Uses `threading` only, so under gevent's patches its thread is a greenlet."""

    def __init__(self, key_store: KeyStore, seconds: float = _WRITE_SECONDS) -> None:
        """Prepare it; without `start` nothing is written by itself."""
        self._key_store = key_store
        self._seconds = seconds
        self._uses: dict[str, datetime] = {}
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin to write; call it once a process, after any fork."""
        threading.Thread(target=self._keep_writing, name="last-uses", daemon=True).start()

    def stop(self) -> None:
        """End the writing."""
        self._stopping.set()

    def note(self, key_id: str) -> None:
        """Note that a key was used now; empty: it is none."""
        if key_id:
            self._uses[key_id] = datetime.now(UTC)

    def write(self) -> None:
        """Write what was noted; what cannot be written is kept for the next time."""
        uses, self._uses = self._uses, {}
        if not uses:
            return
        try:
            self._key_store.note_uses(uses)
        except DatabaseUnavailable as error:
            self._uses = {**uses, **self._uses}
            log.warning("last_uses.not_written", reason=str(error))

    def _keep_writing(self) -> None:
        while not self._stopping.wait(self._seconds):
            try:
                self.write()
            except Exception:
                # One round; the next one may do better.
                log.exception("last_uses.fault")

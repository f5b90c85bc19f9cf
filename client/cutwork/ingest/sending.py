"""Sends inputs: reads a file, and makes a job of it at the service."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cutwork.errors import CutworkError, KeyRefused, Refusal, TryLater, Unreachable, Unusable
from cutwork.ingest.ledger import Ledger
from cutwork.ingest.pace import Pace, is_full
from cutwork.ingest.photos import MAX_BYTES, Fault, fault_in
from cutwork.ingest.plan import Plan
from cutwork.ingest.tally import Tally
from cutwork.jobs import Job

if TYPE_CHECKING:
    from cutwork.client import Client

#: Called with a photo that the service has, and its job; None: its pictures are in OUT already, of another input.
Accepted = Callable[[bytes, Job | None], None]

_GONE, _SERVER_ERROR = 410, 500
#: Statuses that have another cause than the photo.
_OF_THE_OPTIONS, _OF_THE_SERVICE = frozenset({400}), frozenset({404, 405})
#: After so many failures of its own, a photo counts as failed.
_TRIES = 5


class Sender:
    """Sends inputs; threads may share it."""

    def __init__(
        self,
        client: Client,
        ledger: Ledger,
        plan: Plan,
        *,
        pace: Pace,
        tally: Tally,
        accepted: Accepted,
    ) -> None:
        """Take what it works with."""
        self._client = client
        self._ledger = ledger
        self._pace = pace
        self._tally = tally
        self._folder = plan.folder
        self._options = plan.options
        self._fields = plan.options.fields()
        self._accepted = accepted
        self._claimed: set[bytes] = set()
        self._lock = threading.Lock()

    def send(self, path: bytes) -> None:
        """Send an input, unless its bytes were sent already.

        Raises:
            Stopped: The run is stopping.
            CutworkError: No input can be sent: something is wrong with the key, the options or the service.
        """
        content = self._read(path)
        if isinstance(content, Fault):
            self._ledger.input_failed(path, *content)
            self._tally.add(failed=1)
            return
        sha256 = hashlib.sha256(content).digest()
        with self._claim(sha256) as is_mine:
            link = self._ledger.link(path, sha256, self._fields)
            if link.state == "sending" and is_mine:
                self._upload(sha256, content, link.key)
        if link.state == "failed":
            self._tally.add(failed=1)
        elif link.state == "fetched":
            self._accepted(sha256, None)

    def _read(self, path: bytes) -> bytes | Fault:
        """Read a file, but no more than may be sent."""
        try:
            with (self._folder / os.fsdecode(path)).open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except OSError as error:
            return Fault("UNREADABLE", f"The file cannot be read: {error.strerror}.")
        return fault_in(len(content), content) or content

    @contextmanager
    def _claim(self, sha256: bytes) -> Iterator[bool]:
        """Claim a photo for this thread; yields False if another thread is sending the same bytes."""
        with self._lock:
            is_mine = sha256 not in self._claimed
            self._claimed.add(sha256)
        try:
            yield is_mine
        finally:
            if is_mine:
                self._claimed.discard(sha256)

    def _upload(self, sha256: bytes, content: bytes, key: str) -> None:
        """Upload a photo, until it succeeds. If other uploads succeed meanwhile, give up after a few tries."""
        tries, answers = 0, -1
        while (error := self._try(sha256, content, key)) is not None:
            if not is_full(error):
                is_its_own = getattr(error, "status", 0) == _SERVER_ERROR
                tries += is_its_own or self._pace.answers != answers
                answers = self._pace.answers
            if tries >= _TRIES:
                return self._fail(sha256, error)
            self._pace.went_wrong(error)
        return None

    def _try(self, sha256: bytes, content: bytes, key: str) -> TryLater | Unreachable | None:
        """Upload a photo once. Return the error after which it should be tried again, if there is one."""
        try:
            with self._pace.turn():
                job = self._client.submit(content, self._options, idempotency_key=key)
                self._ledger.sent(sha256, job)
        except (TryLater, Unreachable) as error:
            return error
        except Refusal as error:
            self._pace.went_well()
            self._refused(sha256, error)
        else:
            self._pace.went_well()
            self._accepted(sha256, job)
        return None

    def _refused(self, sha256: bytes, error: Refusal) -> None:
        if isinstance(error, KeyRefused) or error.status in _OF_THE_SERVICE:
            raise error
        if error.status in _OF_THE_OPTIONS:
            raise Unusable(f"The service refuses these options: {error.message}")
        if error.status == _GONE:  # The job of this key was deleted.
            self._ledger.again(sha256, self._fields)
        else:
            self._fail(sha256, error)

    def _fail(self, sha256: bytes, error: CutworkError) -> None:
        refusal = error if isinstance(error, Refusal) else Refusal(0, "", str(error))
        failed = self._ledger.photo_failed(
            sha256, refusal.code, refusal.message, log_id=refusal.log_id
        )
        self._tally.add(failed=failed)

"""A run: threads that send, one that polls, and some that fetch; and how all of them end."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from cutwork.errors import CutworkError, TryLater, Unreachable
from cutwork.ingest.delivery import Delivery, Lost
from cutwork.ingest.ledger import Ledger
from cutwork.ingest.pace import Pace, Stopped
from cutwork.ingest.plan import Plan
from cutwork.ingest.sending import Sender
from cutwork.ingest.tally import Tally
from cutwork.ingest.waiting import Waiting, Watch
from cutwork.jobs import Job, Status
from cutwork.patience import Patience

if TYPE_CHECKING:
    from cutwork.client import Client

#: At most so many photos are sent and not fetched yet: results that wait too long at the service expire.
_AHEAD = 1000
_FETCHERS = 4
#: After so many failed fetches, while other pictures can be fetched, a photo counts as failed.
_TRIES = 5


class Run:
    """One run, on one ledger."""

    def __init__(
        self,
        client: Client,
        ledger: Ledger,
        plan: Plan,
        tally: Tally,
        told: Callable[[str, float], None],
    ) -> None:
        """Put its parts together; `start` begins."""
        self._ledger = ledger
        self._plan = plan
        self._tally = tally
        self._fields = plan.options.fields()
        self._pace = Pace(plan.jobs, plan.give_up_after, told)
        self._stopping = threading.Event()
        self._delivery = Delivery(
            client, ledger, plan.out, plain=plan.plain, is_stopped=self._stopping.is_set
        )
        self._sender = Sender(
            client, ledger, plan, pace=self._pace, tally=tally, accepted=self._accept
        )
        self._watch = Watch(client, self._end, plan.give_up_after)
        self._to_send: queue.Queue[bytes | None] = queue.Queue(2 * plan.jobs)
        self._to_fetch: queue.Queue[tuple[bytes, Job | None] | None] = queue.Queue()
        self._open = _Count()
        self._failing: dict[bytes, tuple[int, int]] = {}
        self._fetched = 0
        self._patience = Patience(plan.give_up_after)
        self._over = threading.Event()
        self._error: BaseException | None = None

    def start(self) -> None:
        """Begin."""
        self._spawn(self._go)

    def wait(self, seconds: float) -> bool:
        """Wait until it is over, or for so many seconds, and say whether it is over.

        Raises:
            CutworkError: The run ended with this error.
            OSError: The run ended with this error.
        """
        over = self._over.wait(seconds)
        if self._error is not None:
            raise self._error
        return over

    def stop(self) -> None:
        """Send no more, and fetch what is finished."""
        self._stopping.set()
        self._pace.stop()
        self._open.wake()

    def _go(self) -> None:
        watching = self._spawn(self._watch.run)
        sending = [self._spawn(self._keep_sending) for _ in range(self._plan.jobs)]
        fetching = [self._spawn(self._keep_fetching) for _ in range(_FETCHERS)]
        self._take_up()
        self._feed()
        for _ in sending:
            self._to_send.put(None)
        for thread in sending:
            thread.join()
        self._watch.close()
        watching.join()
        for _ in fetching:
            self._to_fetch.put(None)
        for thread in fetching:
            thread.join()
        self._over.set()

    def _take_up(self) -> None:
        """Go on where the last run was stopped."""
        self._ledger.recover()
        sent = self._ledger.ask(
            "SELECT sha256, task_id FROM photos WHERE state = 'sent' ORDER BY sent_at"
        )
        for sha256, task_id in sent:
            self._open.add()
            self._watch.add(Waiting(sha256, task_id))
        to_copy = self._ledger.pages(
            "SELECT DISTINCT photo FROM inputs WHERE photo > ? AND state = 'linked' "
            "AND photo IN (SELECT sha256 FROM photos WHERE state = 'fetched') ORDER BY photo"
        )
        for (sha256,) in to_copy:
            self._accept(sha256, None)

    def _feed(self) -> None:
        """Hand out inputs until there is nothing to send, and nothing that may have to be sent again."""
        new = "SELECT path FROM inputs WHERE path > ? AND state = 'new' AND walk = ? ORDER BY path"
        while not self._stopping.is_set():
            was_open = self._open.value
            fed = 0
            for (path,) in self._ledger.pages(new, self._plan.walk):
                self._open.wait_below(_AHEAD, self._stopping.is_set)
                if self._stopping.is_set():
                    break
                self._to_send.put(path)
                fed += 1
            self._to_send.join()
            if not fed and not was_open:
                return
            if not fed:
                self._open.wait_for_change(was_open)

    def _keep_sending(self) -> None:
        while (path := self._to_send.get()) is not None:
            try:
                if not self._stopping.is_set():
                    self._sender.send(path)
            except Stopped:
                pass
            finally:
                self._to_send.task_done()

    def _accept(self, sha256: bytes, job: Job | None) -> None:
        """Watch or fetch a photo that the service has; without a job, copy its pictures."""
        self._open.add()
        if job is None:
            self._to_fetch.put((sha256, None))
        elif job.status.is_live:
            self._watch.add(Waiting(sha256, job.task_id))
        else:
            self._end(sha256, job)

    def _end(self, sha256: bytes, job: Job) -> None:
        """Handle a job that has ended."""
        if job.status is Status.SUCCEEDED:
            self._to_fetch.put((sha256, job))
            return
        if job.status is Status.FAILED and job.failure:
            failed = self._ledger.photo_failed(sha256, job.failure.code, job.failure.message)
            self._tally.add(failed=failed)
        else:  # It expired, or was deleted: its pictures are lost.
            self._ledger.again(sha256, self._fields)
        self._open.take()

    def _keep_fetching(self) -> None:
        while (item := self._to_fetch.get()) is not None:
            sha256, job = item
            try:
                if job is None:
                    self._tally.add(done=self._delivery.copy(sha256))
                else:
                    self._tally.add(done=self._delivery.fetch(sha256, job))
                    self._fetched += 1
                    self._patience = Patience(self._plan.give_up_after)
            except Lost:
                self._ledger.again(sha256, self._fields)
            except (TryLater, Unreachable) as error:
                if job is not None and self._may_try_again(sha256, error):
                    self._watch.add(Waiting(sha256, job.task_id))  # The answer has new URLs.
                    continue
            self._open.take()

    def _may_try_again(self, sha256: bytes, error: CutworkError) -> bool:
        """Wait after a failed fetch. Return False if only this photo fails, or the run is stopping."""
        tries, fetched = self._failing.get(sha256, (0, -1))
        self._failing[sha256] = (tries + (fetched != self._fetched), self._fetched)
        if tries >= _TRIES:
            del self._failing[sha256]
            self._tally.add(failed=self._ledger.photo_failed(sha256, "NOT_FETCHED", str(error)))
            return False
        self._stopping.wait(self._patience.pause_after(error))
        return not self._stopping.is_set()

    def _spawn(self, work: Callable[[], None]) -> threading.Thread:
        def guarded() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 (it is raised where the run is waited for)
                self._error = self._error or error
                self.stop()
                self._over.set()

        thread = threading.Thread(target=guarded, daemon=True)
        thread.start()
        return thread


class _Count:
    """How many photos are sent, and neither fetched nor failed."""

    def __init__(self) -> None:
        self.value = 0
        self._changed = threading.Condition()

    def add(self) -> None:
        with self._changed:
            self.value += 1

    def take(self) -> None:
        with self._changed:
            self.value -= 1
            self._changed.notify_all()

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait_below(self, most: int, is_over: Callable[[], bool]) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self.value < most or is_over())

    def wait_for_change(self, since: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self.value != since, 1)

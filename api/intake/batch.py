"""From the body of a batch to its stored items: read, checked and stored in portions; if a line is wrong, none is kept.

Lines are stored as they come, under a batch that nobody sees; it begins with the last one. Whatever ends this before, a
killed process too, leaves rows that the sweeper deletes.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from flask import Request

from api.intake.batch_refusal import BatchRefused, Problem
from api.intake.fields import Rules, read_fields
from api.intake.form import refuse_two_photos
from api.intake.idempotency import fingerprint_of
from api.intake.lines import Lines
from api.intake.options import IMAGE, IMAGE_URL, UPLOAD, invalid
from api.intake.records import READERS, Record
from shared.batches.batch import MAX_ITEMS, Batch, NewBatch, NewItem
from shared.batches.store import BatchStore
from shared.errors import CommitUncertain, DatabaseUnavailable, ErrorCode, Refused
from shared.job import NewJob, Queue

#: Items that are stored together.
_PORTION = 500
#: Items that are checked in one go: some milliseconds.
_A_TURN = 50
_USED = "This `Idempotency-Key` was used for another batch. Please use a new one, or send the same bytes as before."
_NO_PHOTO = f"Name the photo: `{IMAGE_URL}`, or `{UPLOAD}`."


@dataclass
class Intake:
    """One batch that comes in."""

    store: BatchStore
    new: NewBatch
    rules: Rules
    lines: Lines
    idempotency_key: str | None
    #: Who is told of the end of an item that names nobody; None: nobody.
    told: str | None = None
    _problems: list[Problem] = field(default_factory=list)
    _problem_count: int = 0
    _uploads: dict[uuid.UUID, int] = field(default_factory=dict)

    def receive(self, received: Request) -> Batch:
        """Read the body to its end, and let the batch begin; or find the one that was sent under the same key.

        Raises:
            Refused: The body cannot be read, or the key was used for another one.
            BatchRefused: Some of its lines cannot be taken.
            DatabaseUnavailable: It cannot be stored.
        """
        read = READERS[received.mimetype]
        if (earlier := self._earlier()) is not None:
            self.lines.read_to_the_end()
            return self._replay(earlier)
        self.store.begin(self.new)
        is_settled = False
        try:
            for portion in self._portions(read(self.lines, self.rules.names)):
                self.store.add(self.new.id, portion)
            self._refuse_problems()
            batch = self.store.accept(self.new.id, self.lines.fingerprint, self.idempotency_key)
            is_settled = batch is not None
        except CommitUncertain:
            # It may have begun; if it has not, nothing more comes in, and it is given up by itself.
            is_settled = True
            raise
        finally:
            if not is_settled:
                with suppress(DatabaseUnavailable):
                    self.store.discard(self.new.id)
        return batch or self._replay(self._winner())

    def _portions(self, records: Iterator[Record]) -> Iterator[list[NewItem]]:
        """Check items, and give those that are right together; from the first wrong one on they are only checked."""
        portion: list[NewItem] = []
        count = 0
        for record in records:
            count += 1
            if count > MAX_ITEMS:
                raise Refused(
                    ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE,
                    f"A batch may have {MAX_ITEMS} items. Send several batches.",
                )
            if count % _A_TURN == 0:
                # Others that this process serves get a turn.
                time.sleep(0)
            item = self._check(record)
            if item is not None and not self._problem_count:
                portion.append(item)
            if len(portion) == _PORTION:
                yield portion
                portion = []
        if not count:
            raise Refused(ErrorCode.MISSING_PARAMETERS, "The batch has no items: send a line each.")
        if portion and not self._problem_count:
            yield portion

    def _check(self, record: Record) -> NewItem | None:
        try:
            if isinstance(record.options, Refused):
                raise record.options
            return self._item(record)
        except Refused as error:
            self._problem_count += 1
            if self._problem_count <= BatchRefused.MOST:
                self._problems.append(Problem(record.line, error.code, error.message))
            return None

    def _item(self, record: Record) -> NewItem:
        assert not isinstance(record.options, Refused)
        fields = read_fields(record.options, self.rules)
        has_bytes = any(option.name == IMAGE for option in record.options)
        refuse_two_photos(fields, has_bytes=has_bytes)
        if not fields.is_elsewhere:
            raise Refused(ErrorCode.MISSING_PARAMETERS, _NO_PHOTO)
        if fields.upload is not None:
            first = self._uploads.setdefault(fields.upload, record.line)
            if first != record.line:
                raise invalid(f"Line {first} names this `{UPLOAD}` already: one upload is one job.")
        photo = (fields.image_url or str(fields.upload)).encode()
        job = NewJob(
            id=fields.upload or uuid.uuid4(),
            log_id=self.new.log_id,
            tenant=self.new.tenant,
            queue=Queue.BULK,
            options=fields.options.words,
            tags=fields.tags,
            input_bytes=0,
            fingerprint=fingerprint_of(
                photo, fields.options_as_sent, fields.tags, fields.callback_url
            ),
            callback_url=fields.callback_url or self.told,
            image_url=fields.image_url,
        )
        return NewItem(record.line, job)

    def _refuse_problems(self) -> None:
        if self._problem_count:
            raise BatchRefused(self._problems, self._problem_count)

    def _earlier(self) -> Batch | None:
        key = self.idempotency_key
        return None if key is None else self.store.find_by_idempotency_key(key, self.new.tenant)

    def _winner(self) -> Batch:
        """Find the batch that took the key a moment ago."""
        winner = self._earlier()
        if winner is None:
            raise DatabaseUnavailable("the batch of this idempotency key has just expired")
        return winner

    def _replay(self, earlier: Batch) -> Batch:
        same = (self.lines.fingerprint, self.new.reference, self.new.callback_url)
        if (earlier.fingerprint, earlier.reference, earlier.callback_url) != same:
            raise Refused(ErrorCode.ERROR_CONTENT_NON_COMPLIANCE, _USED)
        return earlier

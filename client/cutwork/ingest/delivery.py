"""Writes pictures into OUT: each is fetched once, and is there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from cutwork.files import Draft, draft
from cutwork.ingest.ledger import FOLDER, Ledger, Output
from cutwork.jobs import Job
from cutwork.names import name_of

if TYPE_CHECKING:
    from cutwork.client import Client

_CHUNK = 1024 * 1024


class Lost(Exception):
    """The pictures are not there any more: the photo has to be sent anew."""


class Delivery:
    """Writes the pictures of one run."""

    def __init__(
        self,
        client: Client,
        ledger: Ledger,
        out: Path,
        *,
        plain: str,
        is_stopped: Callable[[], bool],
    ) -> None:
        """Take what it works with, and delete what an earlier run left half written.

        Args:
            client: Fetches them.
            ledger: Knows which inputs they are for.
            out: The folder.
            plain: The form that stands in no name, if there is one.
            is_stopped: Whether the run is stopping: then no more pictures are copied.
        """
        self._client = client
        self._ledger = ledger
        self._out = out
        self._plain = plain
        self._is_stopped = is_stopped
        self._partial = out / FOLDER / "partial"
        self._partial.mkdir(exist_ok=True)
        self._copying = threading.Lock()
        for torn in self._partial.iterdir():
            torn.unlink()

    def fetch(self, sha256: bytes, job: Job) -> int:
        """Fetch the pictures of a photo, for all its inputs, and say how many these are."""
        linked = self.waiting_for(sha256)
        if not linked:
            return 0
        path, stem = linked[0]
        outputs = [self._fetch(job, index, stem) for index in range(len(job.pictures))]
        self._ledger.fetched(sha256, job, path, outputs)
        return 1 + self.copy(sha256)

    def copy(self, sha256: bytes) -> int:
        """Give the pictures of a photo to its other inputs, and say how many these are.

        Raises:
            Lost: The pictures are not there any more, or were changed.
        """
        count = 0
        # One thread at a time: two would copy to the same inputs.
        with self._copying:
            while not self._is_stopped() and (linked := self.waiting_for(sha256)):
                sources = self._sources(sha256)
                for path, stem in linked:
                    copies = [self._copy(it, source, stem) for source, it in sources]
                    self._ledger.done(path, copies)
                    count += 1
        return count

    def waiting_for(self, sha256: bytes) -> list[tuple[bytes, bytes]]:
        """List inputs that have the bytes of this photo and no pictures yet: paths and stems, up to twenty."""
        found = self._ledger.ask(
            "SELECT path, stem FROM inputs WHERE photo = ? AND state = 'linked' ORDER BY path LIMIT 20",
            sha256,
        )
        return [(path, stem) for path, stem in found]

    def _sources(self, sha256: bytes) -> list[tuple[bytes, Output]]:
        """List the pictures of one input that has them, with its stem."""
        found = self._ledger.ask(
            "SELECT i.stem, o.path, o.form, o.category, o.size, o.sha256 FROM outputs o "
            "JOIN inputs i ON i.path = o.input "
            "WHERE i.path = (SELECT path FROM inputs WHERE photo = ? AND state = 'done' LIMIT 1)",
            sha256,
        )
        if not found:
            raise Lost
        return [(stem, Output(*rest)) for stem, *rest in found]

    def _fetch(self, job: Job, index: int, stem: bytes) -> Output:
        picture = job.pictures[index]
        with draft(self._partial) as begun:
            hashing = _Hashing(begun.file)
            kind = self._client.fetch(picture, hashing)
            name = os.fsencode(name_of(os.fsdecode(stem), picture, kind, self._plain))
            self._publish(begun, name)
        return Output(name, picture.form, picture.category, hashing.size, hashing.sha256.digest())

    def _copy(self, source: Output, stem: bytes, target: bytes) -> Output:
        """Copy a picture of one input for another input, whose stem takes the place of the first one's."""
        name = target + source.path.removeprefix(stem)
        with draft(self._partial) as begun:
            hashing = _Hashing(begun.file)
            for chunk in _chunks_of(self._out / os.fsdecode(source.path)):
                hashing.write(chunk)
            if hashing.sha256.digest() != source.sha256:
                raise Lost
            self._publish(begun, name)
        return source._replace(path=name)

    def _publish(self, begun: Draft, name: bytes) -> None:
        path = self._out / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        begun.publish(path)


class _Hashing:
    """A file that knows the hash of what was written into it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes) -> int:
        self.sha256.update(chunk)
        self.size += len(chunk)
        return self._file.write(chunk)


def _chunks_of(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except FileNotFoundError:
        raise Lost from None

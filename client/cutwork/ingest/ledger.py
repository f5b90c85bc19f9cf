"""The ledger: what is done, and what was sent under which key. The ledger decides this, and not the files in OUT.

It is an SQLite file (WAL). Each step is written down before it is done: the key of an upload before the upload. So a
run that was killed at any moment can go on from the ledger, and sends nothing twice.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from cutwork.errors import Unusable
from cutwork.jobs import Job
from cutwork.names import readable

FOLDER = ".cutwork"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inputs (
    path BLOB PRIMARY KEY,   -- below the folder, as on the disk
    stem BLOB NOT NULL,      -- what its pictures' names begin with, below OUT
    size INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    walk INTEGER NOT NULL,   -- the last walk that saw it
    state TEXT NOT NULL,     -- new, linked (to a photo), done, failed, skipped
    photo BLOB,
    code TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS inputs_by_state ON inputs (state, path);
CREATE INDEX IF NOT EXISTS inputs_by_photo ON inputs (photo) WHERE photo IS NOT NULL;
CREATE TABLE IF NOT EXISTS photos (
    sha256 BLOB PRIMARY KEY,
    state TEXT NOT NULL,     -- sending (its key is written), sent (the service has it), fetched, failed
    round INTEGER NOT NULL DEFAULT 0,
    key TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    task_id TEXT NOT NULL DEFAULT '',
    log_id TEXT NOT NULL DEFAULT '',
    sent_at REAL,
    ended_at REAL,
    code TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    classes TEXT NOT NULL DEFAULT '[]',
    report TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS photos_by_state ON photos (state, sent_at);
CREATE TABLE IF NOT EXISTS outputs (
    path BLOB PRIMARY KEY,   -- below OUT
    input BLOB NOT NULL,
    form TEXT NOT NULL,
    category TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS outputs_by_input ON outputs (input);
"""


class Output(NamedTuple):
    """A picture that lies in OUT."""

    path: bytes
    form: str
    category: str
    size: int
    sha256: bytes


class Link(NamedTuple):
    """What is known of the photo that has the bytes of an input."""

    #: One of the words in the table of photos.
    state: str
    key: str


class Ledger:
    """The ledger of one folder. Threads may share it."""

    def __init__(self, path: Path) -> None:
        """Open it; create it if it is not there."""
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # After a crash of the process no commit is lost; after a crash of the machine the last ones may be. Even
        # then no photo becomes two jobs: its key is made of its bytes, so it is the same again.
        self._connection.executescript(
            f"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; {_SCHEMA}"
        )

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Change it in one transaction."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def ask(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Ask it for a few rows."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def pages(self, query: str, *values: object, size: int = 200) -> Iterator[sqlite3.Row]:
        """Ask it for many rows, a page at a time.

        `query` is in the order of its first column, which is unique, and selects what is greater than its first `?`.
        """
        after: object = b""
        while rows := self.ask(f"{query} LIMIT {size}", after, *values):
            yield from rows
            after = rows[-1][0]

    def close(self) -> None:
        """Close it, after a change that is under way."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def fact(self, name: str, value: str) -> str:
        """Return what is written under a name; if there is nothing, write this value."""
        with self.change() as rows:
            rows.execute("INSERT OR IGNORE INTO facts VALUES (?, ?)", (name, value))
        return str(self.ask("SELECT value FROM facts WHERE name = ?", name)[0][0])

    def set_fact(self, name: str, value: str) -> None:
        """Write something under a name."""
        with self.change() as rows:
            rows.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def link(self, path: bytes, sha256: bytes, fields: Mapping[str, str]) -> Link:
        """Write down which photo an input is, and the key of a photo that was not sent before."""
        with self.change() as rows:
            rows.execute(
                "INSERT OR IGNORE INTO photos (sha256, state, key) VALUES (?, 'sending', ?)",
                (sha256, key_of(sha256, fields, 0)),
            )
            found = rows.execute(
                "SELECT state, key, code, message FROM photos WHERE sha256 = ?", (sha256,)
            ).fetchone()
            state = "failed" if found[0] == "failed" else "linked"
            rows.execute(
                "UPDATE inputs SET state = ?, photo = ?, code = ?, message = ? WHERE path = ?",
                (state, sha256, found[2], found[3], path),
            )
        return Link(found[0], found[1])

    def sent(self, sha256: bytes, job: Job) -> None:
        """Write down that the service has a photo."""
        with self.change() as rows:
            rows.execute(
                "UPDATE photos SET state = 'sent', task_id = ?, log_id = ?, sent_at = ?, tries = tries + 1 "
                "WHERE sha256 = ?",
                (job.task_id, job.log_id, time.time(), sha256),
            )

    def again(self, sha256: bytes, fields: Mapping[str, str]) -> None:
        """Make a photo be sent once more, under a new key: its first results are lost."""
        with self.change() as rows:
            _next_round(rows, sha256, fields)

    def fetched(self, sha256: bytes, job: Job, path: bytes, outputs: Iterable[Output]) -> None:
        """Write down that the pictures of a photo are in OUT, for one of its inputs."""
        report = json.dumps(job.report.measured) if job.report else None
        with self.change() as rows:
            _done(rows, path, outputs)
            rows.execute(
                "UPDATE photos SET state = 'fetched', ended_at = ?, classes = ?, report = ? WHERE sha256 = ?",
                (time.time(), json.dumps(job.classes), report, sha256),
            )

    def done(self, path: bytes, outputs: Iterable[Output]) -> None:
        """Write down that the pictures of one more input of a photo are in OUT."""
        with self.change() as rows:
            _done(rows, path, outputs)

    def photo_failed(self, sha256: bytes, code: str, message: str, log_id: str = "") -> int:
        """Write down that a photo failed, and say how many inputs have its bytes."""
        with self.change() as rows:
            rows.execute(
                "UPDATE photos SET state = 'failed', code = ?, message = ?, ended_at = ?, "
                "log_id = coalesce(nullif(?, ''), log_id) WHERE sha256 = ?",
                (code, message, time.time(), log_id, sha256),
            )
            return rows.execute(
                "UPDATE inputs SET state = 'failed', code = ?, message = ? WHERE photo = ? AND state = 'linked'",
                (code, message, sha256),
            ).rowcount

    def input_failed(self, path: bytes, code: str, message: str) -> None:
        """Write down that an input cannot be sent."""
        with self.change() as rows:
            rows.execute(
                "UPDATE inputs SET state = 'failed', code = ?, message = ? WHERE path = ?",
                (code, message, path),
            )

    def retry_failed(self, fields: Mapping[str, str]) -> None:
        """Make everything that failed be tried once more."""
        for (sha256,) in self.pages(
            "SELECT sha256 FROM photos WHERE sha256 > ? AND state = 'failed' ORDER BY sha256"
        ):
            self.again(sha256, fields)
        with self.change() as rows:
            rows.execute("UPDATE inputs SET state = 'new' WHERE state = 'failed'")

    def recover(self) -> None:
        """Make photos be sent again that were being sent when the process died, under the same keys."""
        with self.change() as rows:
            rows.execute(
                "UPDATE inputs SET state = 'new' WHERE state = 'linked' "
                "AND photo IN (SELECT sha256 FROM photos WHERE state = 'sending')"
            )


@contextmanager
def opened(out: Path) -> Iterator[Ledger]:
    """Open the ledger of OUT, for one process at a time.

    Raises:
        Unusable: Another process works there.
    """
    folder = out / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    # A lock of SQLite works on every system, and ends when the process dies.
    lock = sqlite3.connect(folder / "lock", isolation_level=None, timeout=0)
    with closing(lock):
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise Unusable(f"Another cutwork works on {readable(out)} just now.") from None
        with Ledger(folder / "ledger.sqlite3") as ledger:
            yield ledger


def key_of(sha256: bytes, fields: Mapping[str, str], turn: int) -> str:
    """Make the Idempotency-Key of a photo: the same for the same bytes, options, and round."""
    words = json.dumps([sha256.hex(), sorted(fields.items()), turn])
    return hashlib.sha256(words.encode()).hexdigest()


def _done(rows: sqlite3.Connection, path: bytes, outputs: Iterable[Output]) -> None:
    rows.execute("DELETE FROM outputs WHERE input = ?", (path,))
    rows.executemany(
        "INSERT OR REPLACE INTO outputs VALUES (?, ?, ?, ?, ?, ?)",
        [(it.path, path, *it[1:]) for it in outputs],
    )
    rows.execute("UPDATE inputs SET state = 'done' WHERE path = ?", (path,))


def _next_round(rows: sqlite3.Connection, sha256: bytes, fields: Mapping[str, str]) -> None:
    (turn,) = rows.execute("SELECT round FROM photos WHERE sha256 = ?", (sha256,)).fetchone()
    rows.execute(
        "UPDATE photos SET state = 'sending', round = ?, key = ?, task_id = '', code = '', message = '' "
        "WHERE sha256 = ?",
        (turn + 1, key_of(sha256, fields, turn + 1), sha256),
    )
    rows.execute("UPDATE inputs SET state = 'new' WHERE photo = ? AND state = 'linked'", (sha256,))

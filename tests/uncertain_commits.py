"""A database that does not say whether it has committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from sqlalchemy import Connection

from shared.errors import CommitUncertain
from shared.sql.database import Database


@contextmanager
def lost_answers(*, is_committed: bool) -> Iterator[None]:
    """Lose the answer to each COMMIT, or the COMMIT itself on its way there."""
    writing = Database.writing

    @contextmanager
    def uncertain(database: Database) -> Iterator[Connection]:
        with writing(database) as connection:
            yield connection
            if not is_committed:
                raise CommitUncertain("the connection to the database broke")
        raise CommitUncertain("the connection to the database broke")

    with mock.patch.object(Database, "writing", uncertain):
        yield

"""How a database means to execute each statement: by which indexes, and how many rows it looks at for that."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import event, text

from deploy.local.servers.postgres import Postgres
from shared.sql.database import Database
from shared.sql.schema import migrate

#: Rows that a statement may look at: of all that it may change or list, and of those that are worked on.
BOUND = 60
#: What PostgreSQL's statistics may say of tables that are full.
STATISTICS = ("none", "of empty tables", "fresh")


class Plan(NamedTuple):
    """One node of what PostgreSQL means to do."""

    statement: str
    node: dict[str, Any]

    @property
    def rows(self) -> int:
        """How many rows it looked at."""
        looked_at = (count for name, count in self.node.items() if name.startswith("Rows Removed"))
        removed = float(sum(looked_at))
        loops = int(self.node.get("Actual Loops", 1))
        return round((float(self.node.get("Actual Rows", 0)) + removed) * loops)


class Explainer:
    """Explains each statement on a table just before it is executed."""

    def __init__(self, database: Database, table: str) -> None:
        self.plans: list[Plan] = []
        self._table = table
        event.listen(database.engine, "before_cursor_execute", self._explain)

    def _explain(
        self, _: object, cursor: Any, statement: str, parameters: Any, *__: object
    ) -> None:
        if self._table not in statement:
            return
        any_parameters = _numbered(statement)
        own = cursor.connection.cursor()
        is_alone = cursor.connection.info.transaction_status is TransactionStatus.IDLE
        own.execute("BEGIN" if is_alone else "SAVEPOINT explained")
        own.execute(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {any_parameters}")
        self._keep(statement, own.fetchone()[0][0]["Plan"])
        own.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
        self._keep(statement, own.fetchone()[0][0]["Plan"])
        own.execute("ROLLBACK" if is_alone else "ROLLBACK TO SAVEPOINT explained")
        own.close()

    def _keep(self, statement: str, node: dict[str, Any]) -> None:
        self.plans.append(Plan(statement, node))
        for child in node.get("Plans", []):
            self._keep(statement, child)


def _numbered(statement: str) -> str:
    """Write psycopg's named parameters as PostgreSQL's."""
    numbers: dict[str, int] = {}
    return re.sub(
        r"%\((\w+)\)s",
        lambda found: f"${numbers.setdefault(found[1], len(numbers) + 1)}",
        statement,
    )


def need_plans_for_any_parameters(database: Database) -> None:
    """Skip the test on a server that does not explain them."""
    with database.reading() as connection:
        version = connection.dialect.server_version_info or ()
    if version < (16,):
        database.close()
        pytest.skip("PostgreSQL 16 is the first that explains a plan for any parameters")


def indexes_of(*explainers: Explainer) -> set[str]:
    """Tell by which indexes rows were found; each plan looks at no more of them than it needs."""
    used = set()
    for plan in (plan for explainer in explainers for plan in explainer.plans):
        assert not plan.node.get("Disabled"), plan
        assert plan.rows <= BOUND, plan
        used |= {plan.node["Index Name"]} if "Index Name" in plan.node else set()
    return used


@contextmanager
def crowded(
    postgres: Postgres, statistics: str, tables: Sequence[str], crowd: Sequence[str]
) -> Iterator[Database]:
    """Make a database with many rows, and with statistics that may not know of them.

    Args:
        postgres: The server.
        statistics: One of `STATISTICS`.
        tables: Those that are filled.
        crowd: The statements that fill them.
    """
    name = f"plans_{uuid.uuid4().hex}"
    database = Database(postgres.create_database(name))
    migrate(database)
    need_plans_for_any_parameters(database)
    analyze = text(f"ANALYZE {', '.join(tables)}")
    with database.writing() as connection:
        for table in tables:
            connection.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = off)"))
        if statistics == "of empty tables":
            connection.execute(analyze)
        for statement in crowd:
            connection.execute(text(statement))
        if statistics == "fresh":
            connection.execute(analyze)
    yield database
    database.close()
    postgres.drop_database(name)


def steps_on_sqlite(database: Database, word: str) -> list[str]:
    """List the steps of each statement that holds a word, from now on."""
    steps: list[str] = []

    def explain(_: object, cursor: Any, statement: str, parameters: Any, *__: object) -> None:
        if word in statement:
            plan = cursor.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps.extend(step for *_, step in plan)

    event.listen(database.engine, "before_cursor_execute", explain)
    return steps


def assert_by_index(steps: Sequence[str], word: str) -> None:
    """See that every step on tables of this name goes by an index, and that none sorts."""
    assert [step for step in steps if word in step and " USING " not in step] == []
    assert [step for step in steps if "TEMP B-TREE" in step] == []

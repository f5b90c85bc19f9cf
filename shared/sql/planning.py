"""How a statement is held to its index, whatever the planner believes of the rows.

Statistics are wrong when it matters: after an import, an outage, a flood. So nothing is left to them.

- A state that a partial index is made of stands in the statement as a literal (`in_state`): to a plan that is made for
  any parameters, `status = $1` fits no partial index.
- What looks for the first rows says by what order, and sorting is off (`shared.sql.engine`): one index has that order.
- What looks for a row by its id says everything else in a form that no index fits (`hidden`): a tenant's rows may be
  millions.
- What changes several rows locks and lists them first, and changes them by their ids.

`tests/conformance/test_plans.py` holds every statement to this.
"""

from __future__ import annotations

from sqlalchemy import BindParameter, ColumnElement, bindparam, literal_column

from shared.job import JobStatus
from shared.sql.tables import jobs


def in_state(*states: JobStatus) -> ColumnElement[bool]:
    """Match jobs in one of these states; fits a partial index of just these."""
    status: ColumnElement[str] = jobs.c.status
    if len(states) == 1:
        return status == _literal(states[0])
    # In the order of the index, which SQLite insists on.
    ordered = [state for state in JobStatus if state in states]
    return status.in_(bindparam(None, ordered, expanding=True, literal_execute=True))


def not_in_state(state: JobStatus) -> ColumnElement[bool]:
    """Match jobs that are not in a state; fits a partial index of just these."""
    status: ColumnElement[str] = jobs.c.status
    return status != _literal(state)


def hidden(column: ColumnElement[str]) -> ColumnElement[str]:
    """Stand for a text column where no index shall be used for it."""
    return column.op("||")(literal_column("''"))


def _literal(state: JobStatus) -> BindParameter[str]:
    return bindparam(None, state, type_=jobs.c.status.type, literal_execute=True)

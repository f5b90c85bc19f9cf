"""Many jobs at once, all of one tenant: what makes a statement slow that looks at more rows than it must."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

from shared.job import JobStatus
from shared.wire.contract import RESULT_LIFETIME, ReturnForm

TENANT = "shop"
#: The key that all of them were sent with.
KEY_ID = "0123456789ab"
#: What it calls all of them.
REFERENCE = "import"

#: What is not the same in each state, as SQL; times are minutes from now.
_STATES: Mapping[JobStatus, Mapping[str, str]] = {
    JobStatus.QUEUED: {"published_at": "now()", "not_before": "created"},
    JobStatus.PROCESSING: {
        "started_at": "now()",
        "lease_expires_at": "now() + interval '30 seconds'",
        "not_before": "created",
    },
    JobStatus.SUCCEEDED: {"shown": "'{}'::json"},
    JobStatus.FAILED: {"error_code": "'PROCESSING_FAILURE'"},
    JobStatus.CANCELLED: {"error_code": "'ERROR_TASK_REVOKED'"},
    JobStatus.EXPIRED: {},
}
_FINISHED = {"started_at": "created", "finished_at": "created", "not_before": "expires"}


def insert_crowd(connection: Connection, states: Mapping[JobStatus, int]) -> None:
    """Store so many jobs in each state, which they have been in for two to eight hours; on PostgreSQL.

    No row of them is due for anything, but for the waiting ones, which may be claimed.
    """
    for state, count in states.items():
        is_live = state in {JobStatus.QUEUED, JobStatus.PROCESSING}
        columns = {
            "id": "gen_random_uuid()",
            "log_id": "md5(n::text)",
            "tenant": f"'{TENANT}'",
            "key_id": f"'{KEY_ID}'",
            "status": f"'{state}'",
            "queue": "'interactive'",
            "cloth_class": "'[]'::json",
            "return_form": f"'{ReturnForm.CUTOUT}'",
            "out_mode": "0",
            "reference": f"'{REFERENCE}'",
            "input_bytes": "1000",
            "fingerprint": "repeat('0', 64)",
            "idempotency_key": "NULL" if state is JobStatus.EXPIRED else f"'{state}' || n",
            "attempt": "1",
            "releases": "0",
            "turn": "0",
            "start_tag": "n",
            "created_at": "created",
            "error_message": "''",
            **({} if is_live else {**_FINISHED, "expires_at": "expires"}),
            **_STATES[state],
        }
        connection.execute(
            text(
                f"INSERT INTO jobs ({', '.join(columns)}) SELECT {', '.join(columns.values())} "
                "FROM (SELECT n, age, now() - age AS created, now() - age + :lifetime AS expires FROM "
                "(SELECT n, interval '2 hours' + interval '6 hours' * n / :count AS age "
                "FROM generate_series(1, :count) AS n) AS aged) AS job"
            ),
            {"count": count, "lifetime": RESULT_LIFETIME},
        )

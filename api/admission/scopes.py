"""What a key must be allowed to do, route by route: one table, and the one place that looks into it.

`tests/api` holds the table to the routes that there are. One that is missing is nobody's: its answer is a 500.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.errors import ErrorCode, Refused
from shared.tenants.api_key import Caller, Scope

#: Endpoint → the scope that it needs.
NEEDED: Mapping[str, Scope] = {
    "cutout.cut_out": Scope.SUBMIT,
    "jobs.create_job": Scope.SUBMIT,
    "jobs.erase_job": Scope.SUBMIT,
    "batches.create_batch": Scope.SUBMIT,
    "batches.cancel_batch": Scope.SUBMIT,
    "uploads.create_upload": Scope.SUBMIT,
    "deliveries.redeliver": Scope.SUBMIT,
    "deliveries.redeliver_batch": Scope.SUBMIT,
    "query.query_result": Scope.READ,
    "jobs.list_jobs": Scope.READ,
    "jobs.show_job": Scope.READ,
    "results.download_result": Scope.READ,
    "archive.download_results": Scope.READ,
    "batches.list_batches": Scope.READ,
    "batches.show_batch": Scope.READ,
    "batches.list_batch_jobs": Scope.READ,
    "batches.read_output": Scope.READ,
    "batches.read_errors": Scope.READ,
    "batches.read_results": Scope.READ,
    "deliveries.list_deliveries": Scope.READ,
    "deliveries.list_batch_deliveries": Scope.READ,
    "usage.show_usage": Scope.READ,
    "keys.list_keys": Scope.ADMIN,
    "keys.create_key": Scope.ADMIN,
    "keys.show_key": Scope.ADMIN,
    "keys.rotate_key": Scope.ADMIN,
    "keys.revoke_key": Scope.ADMIN,
    "audit.list_audit": Scope.ADMIN,
    "ops.show_overview": Scope.OBSERVE,
    "ops.show_series": Scope.OBSERVE,
    "ops.find_anything": Scope.OBSERVE,
    "ops.list_all_jobs": Scope.OBSERVE,
    "ops.show_life": Scope.OBSERVE,
    "ops.erase_matching": Scope.OPERATE,
}


def adds_work(endpoint: str) -> bool:
    """Tell whether a route may make something wait that workers or senders do."""
    return NEEDED[endpoint] is Scope.SUBMIT


def check_scope(endpoint: str, caller: Caller) -> None:
    """Let a request pass whose key may do what the route does.

    Raises:
        Refused: ERROR_PERMISSION_DENIED.
    """
    needed = NEEDED[endpoint]
    if needed not in caller.scopes:
        raise Refused(
            ErrorCode.ERROR_PERMISSION_DENIED,
            f"This API key lacks the scope `{needed}`. Please use one that has it.",
        )

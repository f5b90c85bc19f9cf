"""A file for each row of the threat table in SECURITY.md: its name, and the attempts that show that it holds."""

from __future__ import annotations

from collections.abc import Mapping

from tests.attack.attempt import Attempt
from tests.attack.threats import (
    broker_taken,
    busy_connections,
    callbacks,
    dependencies,
    greedy_tenant,
    hostile_requests,
    image_urls,
    injection,
    keys,
    leaks,
    metrics_ports,
    mistakes,
    model_file,
    neighbours,
    operations,
    other_users,
    result_urls,
    scopes,
    uploads,
    web_pages,
)

#: In the order in which they are made: what a web page may do is asked while there is no key yet, and tenants who
#: want everything come last, since others would wait behind what they leave.
THREATS: Mapping[str, tuple[Attempt, ...]] = {
    threat.THREAT: threat.ATTEMPTS
    for threat in (
        web_pages,
        keys,
        scopes,
        operations,
        neighbours,
        uploads,
        hostile_requests,
        result_urls,
        image_urls,
        callbacks,
        injection,
        other_users,
        broker_taken,
        mistakes,
        model_file,
        dependencies,
        leaks,
        metrics_ports,
        busy_connections,
        greedy_tenant,
    )
}

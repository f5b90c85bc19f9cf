"""All that can be reached, and what is tried there: a route or a port that is missing here has not been thought of.

On every route of the OpenAPI document it is tried to get in without a key, without its scope, and with another tenant's
id. What stands here is tried beside that. `tests/house` holds both tables to the routes and the ports that there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.attack.attempt import Attempt
from tests.attack.threats import (
    broker_taken,
    busy_connections,
    callbacks,
    greedy_tenant,
    hostile_requests,
    image_urls,
    injection,
    keys,
    metrics_ports,
    neighbours,
    operations,
    other_users,
    result_urls,
    scopes,
    uploads,
    web_pages,
)

_PHOTOS = (
    uploads.bombs_are_refused_and_cost_little,
    hostile_requests.large_heads_bodies_and_forms_are_refused_in_seconds,
    greedy_tenant.uploads_over_the_rate_are_refused,
    web_pages.a_page_of_another_site_makes_no_job_and_reads_none,
)
_QUESTIONS = (
    injection.words_of_any_kind_are_words,
    neighbours.anothers_job_is_answered_like_an_unknown_one,
    neighbours.forged_cursors_and_lists_show_own_jobs_only,
)
_OTHERS_IDS = (neighbours.no_route_tells_anothers_id_from_an_unknown_one,)
_BATCHES = (
    image_urls.no_line_of_a_batch_that_says_so_is_taken,
    callbacks.no_key_or_batch_that_says_so_is_made,
    hostile_requests.large_batches_and_deep_json_are_refused_in_seconds,
)
_KEYS = (scopes.an_administrator_reaches_no_other_tenant,)
_SEEN_BY_OPERATORS = (
    operations.no_key_of_a_tenants_sees_or_withdraws_anything,
    operations.no_answer_of_it_holds_a_photo_a_result_or_a_secret,
    web_pages.a_page_of_another_site_sees_and_withdraws_nothing_of_all_tenants,
)
_OPEN = (
    keys.no_path_or_verb_opens_without_a_key,
    web_pages.no_page_but_a_named_one_is_granted_a_preflight,
)

#: By the names of their endpoints.
ROUTES: Mapping[str, Sequence[Attempt]] = {
    "cutout.cut_out": _PHOTOS,
    "jobs.create_job": (*_PHOTOS, image_urls.no_url_that_says_so_makes_a_job),
    "query.query_result": (*_QUESTIONS, greedy_tenant.long_polls_leave_waiting_slots_to_others),
    **dict.fromkeys(("jobs.list_jobs", "jobs.show_job"), _QUESTIONS),
    "jobs.erase_job": (result_urls.it_ends_when_its_job_is_erased, *_OTHERS_IDS),
    **dict.fromkeys(("results.download_result", "archive.download_results"), _OTHERS_IDS),
    "batches.create_batch": _BATCHES,
    **dict.fromkeys(
        (
            *("batches.list_batches", "batches.show_batch", "batches.list_batch_jobs"),
            *("batches.read_output", "batches.read_errors", "batches.read_results"),
            "batches.cancel_batch",
        ),
        _OTHERS_IDS,
    ),
    "uploads.create_upload": (
        neighbours.anothers_upload_makes_no_job,
        neighbours.a_form_for_one_photo_takes_nothing_else,
    ),
    **dict.fromkeys(
        (
            *("deliveries.list_deliveries", "deliveries.list_batch_deliveries"),
            *("deliveries.redeliver", "deliveries.redeliver_batch"),
        ),
        (callbacks.the_secret_in_a_callback_is_written_nowhere, *_OTHERS_IDS),
    ),
    "usage.show_usage": _OTHERS_IDS,
    "keys.create_key": (*_KEYS, callbacks.no_key_or_batch_that_says_so_is_made),
    **dict.fromkeys(
        ("keys.list_keys", "keys.show_key", "keys.rotate_key", "keys.revoke_key"), _KEYS
    ),
    "audit.list_audit": (
        *_KEYS,
        operations.each_withdrawal_stands_in_its_tenants_audit_log_alone,
    ),
    **dict.fromkeys(
        (
            *("ops.show_overview", "ops.show_series", "ops.find_anything"),
            *("ops.list_all_jobs", "ops.show_life"),
        ),
        _SEEN_BY_OPERATORS,
    ),
    "ops.erase_matching": (
        *_SEEN_BY_OPERATORS,
        operations.who_may_look_withdraws_nothing_and_the_reverse,
        operations.a_withdrawal_means_what_was_chosen_and_nothing_else,
    ),
    "health.is_alive": (busy_connections.pipelined_requests_cost_others_little, *_OPEN),
    "health.is_ready": (broker_taken.no_value_in_redis_breaks_a_front_end, *_OPEN),
    "openapi.describe": (busy_connections.slow_readers_cost_others_little, *_OPEN),
    "page.show_operations": (operations.its_page_holds_nothing_by_itself, *_OPEN),
    **dict.fromkeys(("page.show_page", "page.send_file"), _OPEN),
    **dict.fromkeys(
        (
            *("documents.show_index", "documents.send_index", "documents.lead_to_index"),
            *("documents.show", "documents.list_for_models"),
        ),
        _OPEN,
    ),
}

_SERVERS = (other_users.no_port_serves_whoever_has_no_credentials,)
_STORE = (
    other_users.its_object_store_gives_nobody_anything_without_a_signature,
    result_urls.it_opens_one_picture_for_reading_and_nothing_else,
)
_SERVICE = (
    keys.no_path_or_verb_opens_without_a_key,
    hostile_requests.no_request_hides_behind_another,
)
_METRICS = metrics_ports.ATTEMPTS

#: By what `make run`, the stack of Compose (by its variables), nginx and the chart call them. A text says who tries it
#: in the place of an attempt, or why nobody does.
PORTS: Mapping[str, Sequence[Attempt] | str] = {
    **dict.fromkeys(("front end", "FRONT_END_PORT", "PUBLIC_LISTEN", "http"), _SERVICE),
    **dict.fromkeys(("seaweedfs", "STORE_PORT", "RESULTS_LISTEN"), (*_SERVERS, *_STORE)),
    "valkey": (*_SERVERS, broker_taken.no_command_reaches_the_server_itself),
    "postgres": _SERVERS,
    "results": "tests/deploy/test_relay.py: `make attack` opens nothing to other machines",
    **dict.fromkeys(
        ("metrics of the front end", "metrics of the worker", "metrics of the sweeper", "metrics"),
        _METRICS,
    ),
    "GRAFANA_LISTEN": "Grafana's own login; on the loopback unless told otherwise",
}

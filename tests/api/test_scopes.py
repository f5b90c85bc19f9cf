"""Scopes: a key does what it was made for, on every route, and nothing else."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask
from werkzeug.routing import Rule

from api.admission.auth import OPEN
from api.admission.scopes import NEEDED
from shared.errors import ErrorCode
from shared.tenants.api_key import USUAL, Scope, Terms
from tests.api.conftest import FrontEnd
from tests.api.document_check import find_operation
from tests.api.envelope_check import assert_error


def key_with(front_end: FrontEnd, *scopes: Scope) -> dict[str, str]:
    terms = Terms(scopes=frozenset(scopes))
    return {"ailabapi-api-key": front_end.services.key_store.create("shop", terms)[1]}


def closed_routes(app: Flask) -> list[Rule]:
    """List the routes that need a key, those of tomorrow too."""
    return [
        rule for rule in app.url_map.iter_rules() if rule.endpoint.partition(".")[0] not in OPEN
    ]


def path_of(rule: Rule) -> str:
    path = rule.rule
    for argument in rule.arguments:
        path = path.replace(f"<{argument}>", str(uuid.uuid4()))
    return path


def test_the_table_of_scopes_names_each_route_that_needs_a_key_and_no_other(
    front_end: FrontEnd,
) -> None:
    assert {rule.endpoint for rule in closed_routes(front_end.app())} == NEEDED.keys()


@pytest.mark.parametrize("missing", Scope)
def test_a_key_without_the_scope_of_a_route_is_a_403_that_names_it(
    front_end: FrontEnd, missing: Scope
) -> None:
    app = front_end.app()
    headers = key_with(front_end, *(set(Scope) - {missing}))

    for rule in closed_routes(app):
        for method in rule.methods or ():
            answer = app.test_client().open(path_of(rule), method=method, headers=headers)

            if NEEDED[rule.endpoint] is not missing:
                assert answer.status_code != 403, f"{method} {rule.rule}"
            elif method == "HEAD":
                assert answer.status_code == 403
            else:
                body = assert_error(answer, 403, ErrorCode.ERROR_PERMISSION_DENIED)
                assert f"scope `{missing}`" in body["error_msg"]
                assert "WWW-Authenticate" not in answer.headers


def test_a_refused_upload_is_neither_read_nor_stored_nor_counted(front_end: FrontEnd) -> None:
    front_end.headers = key_with(front_end, Scope.READ)

    for _ in range(3):
        assert_error(front_end.post(), 403, ErrorCode.ERROR_PERMISSION_DENIED)

    assert not front_end.object_store.inputs
    assert front_end.count_rows() == 0


def test_a_key_that_only_sends_and_one_that_only_reads_share_the_jobs_of_their_tenant(
    front_end: FrontEnd,
) -> None:
    front_end.headers = key_with(front_end, Scope.SUBMIT)
    job_id = front_end.submit()
    assert_error(front_end.query(job_id), 403, ErrorCode.ERROR_PERMISSION_DENIED)

    front_end.headers = key_with(front_end, Scope.READ)

    assert front_end.query(job_id).status_code == 200


def test_a_key_made_without_a_word_on_scopes_sends_and_reads_and_does_not_administer(
    front_end: FrontEnd,
) -> None:
    [key] = front_end.services.key_store.list_all()

    assert key.scopes == USUAL == {Scope.SUBMIT, Scope.READ}


def test_the_document_says_which_scope_each_route_needs(front_end: FrontEnd) -> None:
    for rule in closed_routes(front_end.app()):
        for method in rule.methods or ():
            operation = find_operation(method, path_of(rule))

            assert operation is not None
            needed = NEEDED[rule.endpoint]
            assert operation["security"] == [{"key": [needed]}, {"bearer": [needed]}]

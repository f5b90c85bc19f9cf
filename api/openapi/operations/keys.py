"""Keys, for their tenant's administrators."""

from __future__ import annotations

from api.openapi import codes, inputs
from api.openapi.answers import answer
from api.openapi.errors import create_error_responses
from api.openapi.key_terms import KEY_TERMS, ROTATION, body_of
from api.openapi.operations.kinds import Operation, Paths
from api.routes.keys import PATH
from shared.errors import ErrorCode

#: Of one that names a key.
_ONE_KEY = (ErrorCode.ERROR_RESOURCE_NOT_FOUND, *codes.KEYED)


def create_paths() -> Paths:
    """Describe the routes by path and method."""
    one = f"{PATH}/{{key_id}}"
    return {
        PATH: {"get": _list_keys(), "post": _create_key()},
        one: {"get": _show_key(), "delete": _revoke_key()},
        f"{one}/rotate": {"post": _rotate_key()},
    }


def _list_keys() -> Operation:
    refusals = (ErrorCode.ERROR_INVALID_PARAMETER, *codes.KEYED)
    return {
        "operationId": "list_keys",
        "summary": "List your account's keys, newest first, those that have ended too",
        "parameters": inputs.LIST,
        "responses": {
            "200": answer("A page, whose `next_cursor` is empty on the last one.", ["KeyList"]),
            **create_error_responses(refusals, may_be_slow=False),
        },
    }


def _create_key() -> Operation:
    return {
        "operationId": "create_key",
        "summary": "Make a key for your account",
        "description": "Its quotas are at most your account's. Counts in the rate of uploads.",
        "requestBody": body_of(KEY_TERMS),
        "responses": {
            "201": answer("The key, and once its text.", ["CreatedKey"]),
            **create_error_responses(codes.WITH_BODY, may_be_slow=True),
        },
    }


def _show_key() -> Operation:
    return {
        "operationId": "show_key",
        "summary": "Look at a key",
        "parameters": [inputs.KEY_ID],
        "responses": {
            "200": answer("The key, without its text.", ["ShownKey"]),
            **create_error_responses(_ONE_KEY, may_be_slow=False),
        },
    }


def _rotate_key() -> Operation:
    refusals = (ErrorCode.ERROR_RESOURCE_NOT_FOUND, *codes.WITH_BODY)
    return {
        "operationId": "rotate_key",
        "summary": "Make another key like this one, which ends a little later",
        "description": "Counts in the rate of uploads.",
        "parameters": [inputs.KEY_ID],
        "requestBody": body_of(ROTATION),
        "responses": {
            "201": answer("The new key, and once its text.", ["CreatedKey"]),
            **create_error_responses(refusals, may_be_slow=True),
        },
    }


def _revoke_key() -> Operation:
    return {
        "operationId": "revoke_key",
        "summary": "End a key now",
        "parameters": [inputs.KEY_ID],
        "responses": {
            "204": {"description": "It has ended: from the next request on it is 401."},
            **create_error_responses(_ONE_KEY, may_be_slow=False),
        },
    }

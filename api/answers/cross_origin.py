"""CORS: pages of the origins that the operator has named may use the API from a browser, pages of others may not.

An answer names the very origin that asked, never `*`, and allows no credentials: there are no cookies, a key travels
in a header. Where no origin is named, no answer is changed by what is here.
"""

from __future__ import annotations

from collections.abc import Collection

from flask import Flask, Response, request

from api.admission import rate_limit_fields
from api.admission.auth import KEY_HEADER
from api.answers import prefer_header, should_retry
from api.answers.envelope import without_body
from api.intake import idempotency
from api.request_names import REQUEST_ID, TRACEPARENT

_ALLOW_ORIGIN = "Access-Control-Allow-Origin"
#: Of a preflight: what a page may send besides what any page may.
_GRANTED = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, DELETE",
    "Access-Control-Allow-Headers": ", ".join(
        (
            KEY_HEADER,
            "Authorization",
            "Content-Type",
            "If-None-Match",
            idempotency.HEADER,
            prefer_header.HEADER,
            REQUEST_ID,
            TRACEPARENT,
        )
    ),
    # Browsers remember it for two hours at most.
    "Access-Control-Max-Age": "7200",
}
#: What a page may read besides what any page may.
_EXPOSED = ", ".join(
    (
        "Allow",
        "Content-Disposition",
        "ETag",
        "Link",
        "Location",
        prefer_header.APPLIED,
        rate_limit_fields.FIELD,
        rate_limit_fields.POLICY_FIELD,
        "Retry-After",
        REQUEST_ID,
        should_retry.HEADER,
    )
)


def share(app: Flask, origins: Collection[str]) -> None:
    """Let pages of these origins use every route. Call it before `auth.protect`: a preflight has no key."""
    if not origins:
        return

    @app.before_request
    def _answer_preflight() -> Response | None:
        if not _is_preflight() or request.headers["Origin"] not in origins:
            return None
        response = without_body(204)
        response.headers.update(_GRANTED)
        return response

    @app.after_request
    def _allow(response: Response) -> Response:
        response.vary.add("Origin")
        origin = request.headers.get("Origin")
        if origin in origins:
            response.headers[_ALLOW_ORIGIN] = origin
            if not _is_preflight():
                response.headers["Access-Control-Expose-Headers"] = _EXPOSED
        return response


def _is_preflight() -> bool:
    asks = "Origin" in request.headers and "Access-Control-Request-Method" in request.headers
    return request.method == "OPTIONS" and asks

"""Small JSON objects as bodies: read whole, within bounds, or refused by name."""

from __future__ import annotations

import json
from typing import Any

from flask import Request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wsgi import LimitedStream, get_input_stream

from api.intake.packing import refuse_packed
from api.intake.upload_deadline import upload_deadline
from shared.errors import ErrorCode, Refused

_MOST_BYTES = 64 * 1024
_JSON = "application/json"


def read_json_object(received: Request) -> dict[str, Any]:
    """Read a body that is a JSON object; none at all is an empty one.

    Raises:
        Refused: ERROR_PARAMETERS.
        RequestEntityTooLarge: It is longer than any that makes sense.
        RequestTimeout: It did not arrive in time.
    """
    data = _read(received)
    if not data:
        return {}
    if received.mimetype != _JSON:
        raise _unreadable(f"Send the body as `{_JSON}`.")
    refuse_packed(received)
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise _unreadable("The body is no readable JSON.") from None
    if not isinstance(body, dict):
        raise _unreadable("The body must be a JSON object.")
    return body


def _read(received: Request) -> bytes:
    if (received.content_length or 0) > _MOST_BYTES:
        raise RequestEntityTooLarge
    try:
        with upload_deadline():
            stream = LimitedStream(get_input_stream(received.environ), _MOST_BYTES, is_max=True)
            return stream.read()
    except ParseException:
        raise _unreadable("The body is cut off, or its chunks cannot be read.") from None


def _unreadable(message: str) -> Refused:
    return Refused(ErrorCode.ERROR_PARAMETERS, message)

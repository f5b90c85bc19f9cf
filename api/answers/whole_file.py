"""A file of the package as an answer, which a browser keeps and asks about each time."""

from __future__ import annotations

from flask import Response, request


def whole_file(content: bytes, content_type: str) -> Response:
    """Send a file, unless the browser has it already."""
    response = Response(content, content_type=content_type)
    # Asked about each time, so that nobody has half of one release and half of another.
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response

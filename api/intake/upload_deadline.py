"""How long a client may take to send a body.

gunicorn's gevent worker has no such limit: without one, a client that stalls holds its connection for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gevent import Timeout, monkey  # type: ignore[import-untyped]
from werkzeug.exceptions import RequestTimeout

#: A request has to arrive in this time: 5 MB at 45 KB/s.
UPLOAD_SECONDS = 120.0


@contextmanager
def upload_deadline(seconds: float = UPLOAD_SECONDS) -> Iterator[None]:
    """Give up on what takes longer inside; does nothing where requests are not greenlets.

    Raises:
        RequestTimeout: The time was up.
    """
    if not monkey.is_module_patched("socket"):
        yield
        return
    with Timeout(seconds, RequestTimeout()):
        yield

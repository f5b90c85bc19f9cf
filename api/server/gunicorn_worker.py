"""gunicorn's gevent worker, kept from letting one client slow others down, and from echoing what it cannot read.

Its own worker reads what a client sends for as long as that sends, and no other client meanwhile: see `connection`.

Its own answers to what it cannot read are pages of HTML with the unreadable part in them, and its log line has that
too: a header line without its colon, which may be a key. Nothing of the application is imported here, because gunicorn
imports this before gevent has patched anything.
"""

from __future__ import annotations

import socket
import ssl
from functools import partial
from typing import Any

from gunicorn import util
from gunicorn.http import errors, wsgi
from gunicorn.http.parser import RequestParser
from gunicorn.workers.ggevent import GeventWorker

from api.server.connection import Connection, FairReader, Head, discard, make_wait
from api.server.unreadable import answer_unreadable

# The `Server` header of all answers: it names no product and no version to an attacker.
wsgi.SERVER = "cutwork"
RequestParser.mesg_class = Head

_BAD_REQUEST, _INTERNAL_SERVER_ERROR = 400, 500
_STATUS = {
    errors.LimitRequestLine: 414,
    errors.ExpectationFailed: 417,
    errors.LimitRequestHeaders: 431,
}
#: What is wrong on this side although a request was being read, or answered.
_OURS = (
    errors.ConfigurationProblem,
    errors.InvalidResponseHeader,
    errors.InvalidResponseHeaderName,
)


class GunicornWorker(GeventWorker):  # type: ignore[misc]
    """`worker_class` of `deploy/gunicorn.conf.py`."""

    def handle(self, listener: Any, client: Any, address: Any) -> None:
        """Serve a connection until its end."""
        super().handle(listener, Connection(client), address)

    def handle_request(self, listener_name: Any, request: Any, client: Any, address: Any) -> None:
        """Answer a request.

        Raises:
            StopIteration: The connection has to end: gunicorn's own word for it.
        """
        request.hold_back()
        request.body.reader = FairReader(request.body.reader, partial(request.ask_for_body, client))
        try:
            super().handle_request(listener_name, request, client, address)
        except StopIteration:
            # The client sees the end of the answer, and can still be sending.
            client.shutdown(socket.SHUT_WR)
            request.give_body_up()
            discard(request.body)
            raise
        if not discard(request.body):
            raise StopIteration
        make_wait(request.unreader)

    def handle_error(
        self, _request: object, client: Any, _address: object, error: BaseException
    ) -> None:
        """Answer with an envelope, and log what kind of error it was."""
        if isinstance(error, (errors.ParseException, ssl.SSLError)) and not isinstance(
            error, _OURS
        ):
            self.log.warning("Unreadable request: %s", type(error).__name__)
            status = _STATUS.get(type(error), _BAD_REQUEST)
        else:
            self.log.error("Failed to handle a request", exc_info=error)
            status = _INTERNAL_SERVER_ERROR
        try:
            util.write_nonblock(client, answer_unreadable(self.wsgi, status))
        except OSError:
            self.log.debug("The client is gone")

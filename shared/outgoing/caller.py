"""From a URL to an answer: each address, and each redirect, is checked before anybody hears of us.

Nothing of the surroundings is used: no proxy of the environment, no `.netrc`, no cookies.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin

from shared.outgoing.addresses import Address
from shared.outgoing.call import Answer, Call, Deadline, Limits
from shared.outgoing.connection import Exchange
from shared.outgoing.destination import Destination
from shared.outgoing.failure import CallFailed, Reason, refused
from shared.outgoing.policy import Policy
from shared.outgoing.resolution import Resolve, resolve

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NO_HEADERS: Mapping[str, str] = {}
#: Addresses of one host that are tried.
_MAX_TRIES = 4


@dataclass(frozen=True)
class Caller:
    """Calls what clients name."""

    policy: Policy
    resolve: Resolve = resolve
    #: Whose certificates are believed: the system's authorities.
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def get(self, url: str, limits: Limits, headers: Mapping[str, str] = _NO_HEADERS) -> Answer:
        """Read what a URL leads to.

        Raises:
            CallFailed: There is no answer. A status of an error is one.
        """
        call = Call(limits=limits, deadline=Deadline(limits.seconds), headers=headers)
        here = self.policy.read_url(url)
        for _ in range(limits.redirects + 1):
            answer = self._send(call, here)
            if answer.status not in _REDIRECTS or not limits.redirects:
                return answer
            there = self._next(here, answer)
            if there.authority != here.authority:
                call = replace(call, headers=_NO_HEADERS)
            here = there
        raise CallFailed(Reason.UNUSABLE, "The URL redirects too often.")

    def post(
        self, url: str, body: bytes, limits: Limits, headers: Mapping[str, str] = _NO_HEADERS
    ) -> Answer:
        """Send a body. No redirect is followed: what was meant for one host is nothing for another.

        Raises:
            CallFailed: There is no answer. A status of a redirect or an error is one.
        """
        deadline = Deadline(limits.seconds)
        call = Call(limits=limits, deadline=deadline, method="POST", headers=headers, body=body)
        return self._send(call, self.policy.read_url(url))

    def _send(self, call: Call, destination: Destination) -> Answer:
        addresses = self._addresses_of(destination, call.deadline)
        return Exchange(call, destination, self.tls).with_first_of(addresses[:_MAX_TRIES])

    def _addresses_of(self, destination: Destination, deadline: Deadline) -> Sequence[Address]:
        """Find and check all addresses, once: nobody asks for the name again."""
        if destination.address is not None:
            return [destination.address]
        addresses = self.resolve(destination.host, deadline.left())
        if not addresses:
            raise CallFailed(Reason.UNREACHABLE, "The URL's host is not found.")
        self.policy.check(addresses)
        return addresses

    def _next(self, here: Destination, answer: Answer) -> Destination:
        try:
            there = self.policy.read_url(urljoin(here.url, answer.headers.get("location", "")))
        except ValueError:
            raise refused("The URL redirects to what is no URL.") from None
        if here.is_secure and not there.is_secure:
            raise refused("The URL redirects from `https` to `http`.")
        return there

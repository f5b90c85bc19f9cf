"""Who runs a command, for the audit log."""

from __future__ import annotations

import getpass
import socket

from shared.tenants.audit import Actor

_LONGEST = 128


def operator() -> Actor:
    """Name the user and the machine; in a container, which may have neither, as well as can be."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "?"
    return Actor(address=f"{user}@{socket.gethostname()}"[:_LONGEST])

"""`python -m tests.fault.deaf_worker <gate> <plugs>`: the gated worker, deaf as long as the file `plugs` is there."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest import mock

from kombu.transport.redis import MultiChannelPoller

from tests.end_to_end.gated_worker import main

if __name__ == "__main__":
    plugs = Path(sys.argv[2])
    listen = MultiChannelPoller.on_poll_start

    def listen_unless_plugged(poller: MultiChannelPoller) -> None:
        """Ask for no message, as where every slot is thought to be taken; what was asked for is still read."""
        if not plugs.exists():
            listen(poller)  # type: ignore[no-untyped-call]

    with mock.patch.object(MultiChannelPoller, "on_poll_start", listen_unless_plugged):
        main()

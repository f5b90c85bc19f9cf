"""`python -m tests.fault.promises.silent_front_end <port>`: a front end that never publishes what it stored."""

from __future__ import annotations

import sys
import time
from unittest import mock

from flask import Flask
from werkzeug.serving import run_simple

from api.wsgi import create_app
from deploy.local.servers.ports import LOOPBACK
from shared.job import Queue
from shared.messaging.broker import Broker


def _stand_still(_: Broker, queue: Queue) -> None:
    time.sleep(3600)


def main() -> None:
    with mock.patch.object(Broker, "publish", _stand_still):
        app: Flask = create_app()
        run_simple(LOOPBACK, int(sys.argv[1]), app, threaded=True)


if __name__ == "__main__":
    main()

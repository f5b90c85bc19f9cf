"""The deadline of an upload."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from api.upload_deadline import upload_deadline

SLOW = """
from gevent import monkey
monkey.patch_all()
import time
from werkzeug.exceptions import RequestTimeout
from api import upload_deadline

upload_deadline.UPLOAD_SECONDS = 0.05
with upload_deadline.upload_deadline():
    pass
try:
    with upload_deadline.upload_deadline():
        time.sleep(30)
except RequestTimeout:
    time.sleep(0.1)
    print("given up")
"""


def test_a_greenlet_that_takes_too_long_is_given_up_on() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SLOW],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )

    assert done.stdout == "given up\n", done.stderr


def test_without_greenlets_there_is_no_deadline() -> None:
    with upload_deadline():
        pass

"""The deadline of an upload."""

from __future__ import annotations

from api.intake.upload_deadline import upload_deadline
from tests.api.greenlets import assert_says

SLOW = """
from gevent import monkey
monkey.patch_all()
import time
from werkzeug.exceptions import RequestTimeout
from api.intake.upload_deadline import upload_deadline

with upload_deadline(0.05):
    pass
try:
    with upload_deadline(0.05):
        time.sleep(30)
except RequestTimeout:
    time.sleep(0.1)
    print("given up")
"""


def test_a_greenlet_that_takes_too_long_is_given_up_on() -> None:
    assert_says(SLOW, "given up\n")


def test_without_greenlets_there_is_no_deadline() -> None:
    with upload_deadline():
        pass

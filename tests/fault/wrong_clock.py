"""`python -m tests.fault.wrong_clock <seconds> <module> …`: a program on a machine whose clock is so far off."""

from __future__ import annotations

import datetime
import runpy
import sys
import time

_right_time, _right_time_ns = time.time, time.time_ns
_Right = datetime.datetime


class _LikeDatetime(type):
    """Takes the datetimes that C code makes for instances too."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _Right)


def set_clock_off(seconds: float) -> None:
    """Let everything in this process that asks for the time of day be told another."""
    offset = datetime.timedelta(seconds=seconds)

    class Wrong(_Right, metaclass=_LikeDatetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> _Right:  # type: ignore[override]
            return _Right.now(tz) + offset

        @classmethod
        def utcnow(cls) -> _Right:  # type: ignore[override]
            return cls.now(datetime.UTC).replace(tzinfo=None)

    # Libraries look classes up by their names.
    Wrong.__module__, Wrong.__name__, Wrong.__qualname__ = "datetime", "datetime", "datetime"
    datetime.datetime = Wrong  # type: ignore[misc]
    time.time = lambda: _right_time() + seconds
    time.time_ns = lambda: _right_time_ns() + round(seconds * 1e9)


def main() -> None:
    set_clock_off(float(sys.argv[1]))
    module = sys.argv[2]
    sys.argv = sys.argv[2:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

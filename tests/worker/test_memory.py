"""In a process of its own: how memory is kept is said once, before threads start."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import ctypes, sys, threading
from worker.memory import share_arenas

share_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
everybody = threading.Barrier(9)


def take() -> None:
    libc.malloc(1000)
    everybody.wait()


threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads:
    thread.start()
everybody.wait()
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="it is not glibc")
def test_eight_threads_share_two_arenas(tmp_path: Path) -> None:
    report = tmp_path / "malloc.xml"

    subprocess.run([sys.executable, "-c", PROGRAM, str(report)], check=True)

    assert report.read_text().count("<heap nr=") <= 2

"""How a command ends, for the script that ran it."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """By what to do next."""

    DONE = 0
    SOME_FAILED = 1
    USAGE = 2
    MACHINE = 3
    KEY_REFUSED = 4
    SERVICE_GONE = 5
    STOPPED = 130


#: What each means; docs/reference/cutwork.md has the same words.
MEANINGS = {
    ExitCode.DONE: "all is done, or there was nothing to do",
    ExitCode.SOME_FAILED: "some photos failed, or some files are not as they were written; it says which, and why",
    ExitCode.USAGE: "the command cannot be carried out as it was given; nothing was sent",
    ExitCode.MACHINE: "a file or folder of this machine cannot be read or written: the disk is full, say",
    ExitCode.KEY_REFUSED: "no key is known for the service, or it refuses the key",
    ExitCode.SERVICE_GONE: "the service did not answer for as long as `--give-up-after` says; run the command again",
    ExitCode.STOPPED: "stopped by Ctrl-C; run the command again, and it goes on",
}

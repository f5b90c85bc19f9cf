"""Becomes the program it is given, tied to the life of the process that started it.

`python leash.py PARENT USER COMMAND…` (USER may be empty) is how `Process` starts everything.

The kernel is asked to kill this process when its parent dies (PR_SET_PDEATHSIG), so that nothing
outlives a supervisor that was killed with -9. It is asked here, after the fork and after the change of
user (which clears it), and not in a `preexec_fn`: that runs Python between fork and exec, which can
deadlock when the parent has threads. Other systems than Linux have no such call and get no leash.

What the command writes is closed to other users of the machine, whatever umask the shell has.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import sys

_PR_SET_PDEATHSIG = 1
_OWNER_ONLY = 0o077


def main() -> None:
    """Change the user, put the leash on, and become the command."""
    parent, user, *command = sys.argv[1:]
    if user:
        _become(user)
    os.umask(_OWNER_ONLY)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(parent):
            sys.exit("the parent died before the leash was on")
    try:
        os.execvp(command[0], command)  # noqa: S606 - a shell is just what is not wanted
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


def _become(user: str) -> None:
    account = pwd.getpwnam(user)
    os.initgroups(user, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


if __name__ == "__main__":
    main()

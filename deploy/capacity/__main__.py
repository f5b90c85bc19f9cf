"""`python -m deploy.capacity`: the same as `cutwork-admin capacity`."""

from __future__ import annotations

from deploy.capacity.command import capacity

if __name__ == "__main__":
    capacity(prog_name="python -m deploy.capacity")

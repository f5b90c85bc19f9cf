"""`python -m deploy.local`: the whole service in the foreground, until Ctrl-C."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from deploy.local.address import Address
from deploy.local.data_directory import DataDirectory
from deploy.local.supervisor import Supervisor
from shared.errors import CutworkError


def main() -> None:
    """Run it, or say in one line why not."""
    home = DataDirectory(Path(os.environ.get("DATA_DIR") or ".cutwork"))
    try:
        address = Address.from_environment(os.environ)
        address.check_free()
        home.lock()
        Supervisor(home, address).run()
    except (CutworkError, OSError) as error:
        sys.exit(f"cutwork: {error}")


if __name__ == "__main__":
    main()

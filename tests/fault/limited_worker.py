"""`python -m tests.fault.limited_worker <megabytes>`: the real worker, that is given no more memory than this.

Code of libraries is not counted, as it is shared; everything that the process writes to is.
"""

from __future__ import annotations

import resource
import sys

from worker.__main__ import main

_MEGABYTE = 1 << 20


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[1]) * _MEGABYTE,) * 2)
    main()

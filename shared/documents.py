"""Where the documentation lies, and what it says of one error.

It is Markdown, readable in a checkout as it is. A wheel carries the same files beside this module.
"""

from __future__ import annotations

import re
from pathlib import Path

from shared.errors import ErrorCode

_IN_A_WHEEL = Path(__file__).with_name("documentation")
#: What its links are relative to.
ROOT = _IN_A_WHEEL if _IN_A_WHEEL.is_dir() else Path(__file__).parents[1]
#: Pages that lie where forges look for them.
AT_ROOT = ("README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md")

FOLDER = ROOT / "docs"
ERRORS = FOLDER / "reference" / "errors.md"


def address_of_error(code: ErrorCode) -> str:
    """Name the place at which a front end explains an error."""
    return f"/docs/reference/errors#{code.lower()}"


def explain(code: ErrorCode) -> str:
    """Read what the documentation says of an error: what it means, and what to do."""
    _, _, rest = ERRORS.read_text(encoding="utf-8").partition(f"\n## {code}\n")
    return re.split(r"\n##? ", rest)[0].strip()

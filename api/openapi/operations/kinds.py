"""What operations are told in."""

from __future__ import annotations

from typing import Any

Operation = dict[str, Any]
#: A path → a method → its operation.
Paths = dict[str, dict[str, Operation]]

"""What numbers in settings may be."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

#: A duration in seconds.
Seconds = Annotated[float, Field(gt=0)]
#: At least one.
Count = Annotated[int, Field(ge=1)]

"""How all processes write."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class LogSettings(BaseModel):
    """All processes."""

    log_format: Literal["json", "console"] = Field(
        "json", description="One JSON object a line, or lines for people."
    )

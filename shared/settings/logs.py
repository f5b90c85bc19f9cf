"""How all processes tell what they do, and that they live."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class LogSettings(BaseModel):
    """All processes."""

    log_format: Literal["json", "console"] = Field(
        "json", description="One JSON object a line, or lines for people."
    )
    traces_url: str = Field(
        "",
        description="Where front ends and workers send traces, by OTLP over HTTP: `http://collector:4318/v1/traces`. "
        "Needs the packages of `deploy/locks/telemetry.txt`. Empty: nowhere.",
    )
    liveness_file: str = Field(
        "",
        description="File that a worker or a sweeper touches while it is well: a probe looks whether it is less than a "
        "minute old. Empty: none.",
    )

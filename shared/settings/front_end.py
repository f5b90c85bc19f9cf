"""What the front end grants."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, model_validator

from shared.settings.bounds import Count, Seconds
from shared.settings.origins import read_origins
from shared.wire.presets import BUNDLED


class FrontEndSettings(BaseModel):
    """The front end."""

    keyless: bool = Field(
        False,
        description="Take any API key, from programs of this machine only, as long as no key has been created.",
    )
    public_path: str = Field(
        "",
        pattern=r"^(/[A-Za-z0-9._~-]+)*$",
        description="Path under which a proxy serves this service: what clients ask for at `/cutwork/v1/jobs` comes "
        "here as `/v1/jobs`. `Location` and the OpenAPI document name it.",
    )
    cors_origins: str = Field(
        "",
        description="Origins of web pages that may use this service from a browser, with commas: "
        "`https://shop.example`. `cutwork-admin setup` lets them use the buckets, too. Empty: none.",
    )
    inline_wait: Seconds = Field(
        20, description="Seconds a POST without `task_type` waits for its job."
    )
    sync_wait: Seconds = Field(60, description="Seconds a POST with `task_type=sync` waits.")
    waiting_slots: int = Field(
        100,
        ge=0,
        description="Requests that may wait for a job at once, per front-end process; shared fairly by tenant.",
    )
    direct_uploads: bool = Field(
        False,
        description="Whether `/v1/uploads` signs forms by which clients upload to the object store itself, at "
        "`s3_public_endpoint`.",
    )
    presets: Path = Field(
        BUNDLED,
        description="TOML file of the presets that `/v1/jobs` knows; one comes with Cutwork.",
    )
    rate_per_minute: int = Field(
        6000, ge=0, description="Uploads a minute that one tenant may send; 0: no limit."
    )
    max_queued_per_tenant: Count = Field(
        20_000, description="Jobs of one tenant that may wait; more are refused with 429."
    )
    max_batches_per_tenant: Count = Field(
        20, description="Batches of one tenant that may go on; more are refused with 429."
    )
    max_queued: Count = Field(
        100_000, description="Jobs of all tenants that may wait; more are refused with 503."
    )

    @model_validator(mode="after")
    def _origins_can_be_read(self) -> Self:
        _ = self.page_origins
        return self

    @property
    def page_origins(self) -> tuple[str, ...]:
        """Whose pages may use the service from a browser."""
        return read_origins(self.cors_origins)

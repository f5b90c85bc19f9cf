"""Which addresses that clients name are called."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, Field, SecretStr, model_validator

from shared.outgoing.policy import Policy
from shared.wire.webhook_secrets import read_secrets


class OutgoingSettings(BaseModel):
    """Photos by URL, webhooks, and all other calls to addresses that clients name."""

    image_url: bool = Field(
        False,
        description="Whether `/v1/jobs` takes `image_url`, the address of a photo that a worker fetches. Turn it on "
        "when all workers are of a release that knows it.",
    )
    image_url_hosts: str = Field(
        "",
        description="Hosts that photos may be fetched from, with commas: `cdn.example.com`, or `*.example.com` for "
        "all below it; empty: any.",
    )
    image_url_timeout: float = Field(
        15, gt=0, le=60, description="Seconds that fetching a photo may take, redirects included."
    )
    webhook_secrets: SecretStr = Field(
        SecretStr(""),
        description="Secrets that sign webhooks, with commas: `whsec_` and 24 to 64 random bytes in base64. Each signs "
        "every one. Front ends and sweepers need them; without any, `callback_url` is refused and nothing is sent.",
    )
    outgoing_ports: str = Field("80,443", description="Ports that may be called.")
    outgoing_allowed_networks: str = Field(
        "",
        description="Networks that may be called although they are not public, with commas: `10.1.2.0/24`. Whoever "
        "has a key can reach the ports above in them.",
    )

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        _ = self.image_url_policy, self.webhook_policy, self.signing_secrets
        return self

    @property
    def image_url_policy(self) -> Policy:
        """Where photos may be fetched from."""
        return Policy.read(
            ports=self.outgoing_ports,
            networks=self.outgoing_allowed_networks,
            hosts=self.image_url_hosts,
        )

    @property
    def webhook_policy(self) -> Policy:
        """Where webhooks may be sent."""
        return Policy.read(ports=self.outgoing_ports, networks=self.outgoing_allowed_networks)

    @property
    def signing_secrets(self) -> tuple[bytes, ...]:
        """What signs webhooks; none: there are no webhooks."""
        return read_secrets(self.webhook_secrets.get_secret_value())

"""Where the stores are."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr


class StoreSettings(BaseModel):
    """Where the stores are."""

    database_url: str = Field(
        "sqlite:///.cutwork/cutwork.sqlite3",
        repr=False,  # may hold a password
        description="SQLAlchemy URL of the job table: `postgresql+psycopg://…`, or `sqlite:///…` on one machine.",
    )
    redis_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"),
        description="The broker: Redis or Valkey 6.2 or newer, `maxmemory-policy noeviction`. With `rediss://` its "
        "certificate and host are checked, by the system's authorities and those of `?ssl_ca_certs=/path/ca.pem`.",
    )
    s3_endpoint: str = Field(
        "http://127.0.0.1:9000", description="The object store, as this service reaches it."
    )
    s3_public_endpoint: str = Field(
        "",
        description="The object store as clients reach it, in result URLs; empty: `s3_endpoint`. `{host}` in it "
        "stands for the host by which a client came: `http://{host}:9000`.",
    )
    s3_access_key: str = Field("cutwork", description="Access key of the object store.")
    s3_secret_key: SecretStr = Field(SecretStr(""), description="Secret key of the object store.")
    s3_region: str = Field("us-east-1", description="Region that requests are signed for.")
    inputs_bucket: str = Field("cutwork-inputs", description="Bucket of the uploads.")
    results_bucket: str = Field("cutwork-results", description="Bucket of the results.")

    @property
    def signing_endpoint(self) -> str:
        """The endpoint that stands in result URLs, for `endpoint_for`."""
        return self.s3_public_endpoint or self.s3_endpoint

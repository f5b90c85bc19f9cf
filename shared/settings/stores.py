"""Where the stores are."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, Field, SecretStr, field_validator

#: What a URL of one server begins with.
_SCHEMES = ("redis://", "rediss://")
#: Stands in the tokens that AWS gives out in the place of a password, and nowhere else.
_SIGNED = "X-Amz-"

_Url = TypeVar("_Url", str, SecretStr)


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
    s3_ca_certs: str = Field(
        "",
        description="A PEM file of authorities whose certificates the object store may show, beside the system's.",
    )
    inputs_bucket: str = Field("cutwork-inputs", description="Bucket of the uploads.")
    results_bucket: str = Field("cutwork-results", description="Bucket of the results.")

    @field_validator("database_url", "redis_url")
    @classmethod
    def _has_a_password_that_lasts(cls, url: _Url) -> _Url:
        text = url if isinstance(url, str) else url.get_secret_value()
        if _SIGNED in text:
            raise ValueError(
                "this has an IAM token in the place of a password, which ends after a quarter of an hour: give a user "
                "a password"
            )
        return url

    @field_validator("redis_url")
    @classmethod
    def _names_one_server(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(_SCHEMES):
            raise ValueError(
                "name one server, redis://host:6379/0 or rediss://…: sockets, Redis Sentinel and Redis Cluster are not "
                "supported. Where another server may take over, give the address that leads to whichever is the primary"
            )
        return url

    @property
    def signing_endpoint(self) -> str:
        """The endpoint that stands in result URLs, for `endpoint_for`."""
        return self.s3_public_endpoint or self.s3_endpoint

"""Every setting there is: read from the environment once, checked, and documented by itself.

A setting `lease` is the variable `CUTWORK_LEASE`. `docs/reference/settings.md` is generated from here, by
`cutwork-admin settings`.
"""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import Misconfigured
from shared.origins import read_origins
from shared.outgoing.policy import Policy
from shared.presets import BUNDLED
from shared.webhooks.secrets import read_secrets

PREFIX = "CUTWORK_"
#: What clients read, in the same shell as often as not.
_OF_CLIENTS = frozenset({"CUTWORK_URL", "CUTWORK_KEY"})

#: What Kubernetes puts into every container for a Service named `cutwork` or `cutwork-…`, by its form:
#: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_SERVICE_VARIABLE = re.compile(
    rf"""{PREFIX}(?:[A-Z0-9_]+_)?(?:
        SERVICE_HOST=[0-9a-f.:]+
      | SERVICE_PORT(?:_[A-Z0-9_]+)?=\d+
      | PORT(?:_\d+_(?:TCP|UDP|SCTP))?=(?:tcp|udp|sctp)://[0-9a-f.:\[\]]+:\d+
      | PORT_\d+_(?:TCP|UDP|SCTP)_(?:PROTO=(?:tcp|udp|sctp)|PORT=\d+|ADDR=[0-9a-f.:]+)
    )""",
    re.VERBOSE | re.ASCII,
)

#: A duration in seconds.
Seconds = Annotated[float, Field(gt=0)]
#: At least one.
Count = Annotated[int, Field(ge=1)]


def _default_concurrency(known: dict[str, Any]) -> int:
    on_gpu = known.get("execution_provider", "cpu") != "cpu"
    return 2 * int(known.get("max_batch_size", 1)) if on_gpu else 2


class Settings(BaseSettings):
    """The whole configuration of every process. Secrets never appear in its `repr`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    # Where things are
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

    # Connections to the database
    database_pool_size: Count = Field(
        20,
        description="Connections that a process keeps; each process of a front end has its own.",
    )
    database_pool_overflow: int = Field(
        10, ge=0, description="Connections beyond those, which are closed after each use."
    )
    database_pool_timeout: Seconds = Field(
        5, description="Seconds to wait for a connection when all are in use."
    )
    database_connect_timeout: Count = Field(
        3, description="Seconds to connect; `connect_timeout` in the URL wins."
    )
    database_statement_timeout: Seconds = Field(
        15, description="Seconds that a statement of a worker or a sweeper may take."
    )
    database_request_timeout: Seconds = Field(
        4, description="Seconds that a statement of a front end may take: a client waits."
    )
    database_transaction_pooling: bool = Field(
        False,
        description="Whether PgBouncer in transaction mode stands between: nothing is prepared then, and the "
        "role's own `statement_timeout` counts.",
    )

    # The front end
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
    max_queued: Count = Field(
        100_000, description="Jobs of all tenants that may wait; more are refused with 503."
    )

    # A job's life
    lease: Seconds = Field(
        30,
        description="Seconds without a heartbeat after which a job is taken from its worker.",
    )
    max_attempts: Count = Field(3, description="Attempts a job gets before it fails.")
    retry_backoff: Seconds = Field(
        2, description="Seconds before the second attempt; doubled for each further one."
    )
    run_timeout: Seconds = Field(
        120, description="Seconds one attempt may run before its worker is stopped."
    )
    deadline: Seconds = Field(
        3600, description="Seconds after which a job that is still waiting fails."
    )

    # The sweeper
    sweep_interval: Seconds = Field(2, description="Seconds between two sweeps.")
    republish_after: Seconds = Field(
        10, description="Seconds after which a message that seems lost is published again."
    )
    prune_after: Seconds = Field(
        7 * 24 * 3600, description="Seconds that the row of an expired job is kept."
    )

    # Photos by URL, webhooks, and all other calls to addresses that clients name
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
    direct_uploads: bool = Field(
        False,
        description="Whether `/v1/uploads` signs forms by which clients upload to the object store itself, at "
        "`s3_public_endpoint`.",
    )
    outgoing_ports: str = Field("80,443", description="Ports that may be called.")
    outgoing_allowed_networks: str = Field(
        "",
        description="Networks that may be called although they are not public, with commas: `10.1.2.0/24`. Whoever "
        "has a key can reach the ports above in them.",
    )

    # The worker
    model: str = Field("cutwork-1", description="Name of a folder in `worker/models`, or a path.")
    models_dir: Path = Field(
        Path(".cutwork/models"),
        description="Folder that `cutwork-admin models pull` fills with other people's networks.",
    )
    execution_provider: Literal["cpu", "cuda"] = Field(
        "cpu", description="Where the network runs. A worker that cannot have it does not start."
    )
    second_look: bool = Field(
        True,
        description="Show the network each photo twice, mirrored and nearer the second time: "
        "better cut-outs for three times its time.",
    )
    max_batch_size: Count = Field(
        8, description="Photos in one run of the network on a GPU; on a CPU each runs alone."
    )
    worker_concurrency: Count = Field(
        default_factory=_default_concurrency,
        description="Jobs a worker works on at once, best as many as it has cores. Default: 2; on a GPU twice "
        "`max_batch_size`, so that a batch is decoded while another runs.",
    )
    max_queue_delay: Seconds = Field(
        0.005, description="Seconds a photo waits for others to share a run with."
    )
    gpu_memory_limit: int = Field(
        0,
        ge=0,
        description="Bytes of a GPU's memory that the network may take, where several workers share one; 0: no limit.",
    )
    shutdown_grace: Seconds = Field(
        25,
        description="Seconds a stopping worker gives its jobs before it hands them back.",
    )

    # All processes
    log_format: Literal["json", "console"] = Field(
        "json", description="One JSON object a line, or lines for people."
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.deadline <= self.run_timeout:
            raise ValueError("deadline must be longer than run_timeout")
        if self.execution_provider != "cpu" and self.max_batch_size > self.worker_concurrency:
            raise ValueError(
                "max_batch_size must not be larger than worker_concurrency: no more photos come together"
            )
        _ = self.image_url_policy, self.webhook_policy, self.signing_secrets, self.page_origins
        return self

    @property
    def page_origins(self) -> tuple[str, ...]:
        """Whose pages may use the service from a browser."""
        return read_origins(self.cors_origins)

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

    @property
    def signing_endpoint(self) -> str:
        """The endpoint that stands in result URLs, for `endpoint_for`."""
        return self.s3_public_endpoint or self.s3_endpoint


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        Misconfigured: A value is not usable, or a `CUTWORK_` variable is no setting.
    """
    _refuse_unknown_variables()
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(
            f"{'/'.join(variable(str(name)) for name in problem['loc'])}: {problem['msg']}"
            for problem in error.errors()
        )
        raise Misconfigured(problems) from None


def variable(setting: str) -> str:
    """Name the environment variable of a setting."""
    return PREFIX + setting.upper()


def _refuse_unknown_variables() -> None:
    known = {variable(name) for name in Settings.model_fields} | _OF_CLIENTS
    for name, value in sorted(os.environ.items()):
        if not name.startswith(PREFIX) or name in known:
            continue
        if not _SERVICE_VARIABLE.fullmatch(f"{name}={value}"):
            close = difflib.get_close_matches(name, known, n=1)
            hint = (
                f" Did you mean {close[0]}?"
                if close
                else " docs/reference/settings.md lists them all."
            )
            raise Misconfigured(f"{name} is not a setting.{hint}")

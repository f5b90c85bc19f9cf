"""All settings together: read from the environment once, checked, and documented by themselves.

A setting `lease` is the variable `CUTWORK_LEASE`. `docs/reference/settings.md` is generated from them,
by `cutwork-admin settings`.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import Misconfigured
from shared.settings.database import DatabaseSettings
from shared.settings.front_end import FrontEndSettings
from shared.settings.jobs import JobSettings
from shared.settings.logs import LogSettings
from shared.settings.metrics import MetricsSettings
from shared.settings.outgoing import OutgoingSettings
from shared.settings.stores import StoreSettings
from shared.settings.worker import WorkerSettings

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


class Settings(
    StoreSettings,
    DatabaseSettings,
    FrontEndSettings,
    JobSettings,
    OutgoingSettings,
    WorkerSettings,
    LogSettings,
    MetricsSettings,
    BaseSettings,
):
    """The whole configuration of every process. Secrets never appear in its `repr`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")


def groups() -> Iterator[type[BaseModel]]:
    """List the groups, in the order of docs/reference/settings.md."""
    for base in Settings.__bases__:
        if issubclass(base, BaseModel) and base is not BaseSettings:
            yield base


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        Misconfigured: A value is not usable, or a `CUTWORK_` variable is no setting.
    """
    _refuse_unknown_variables()
    try:
        return Settings()
    except ValidationError as error:
        raise Misconfigured("; ".join(map(_described, error.errors()))) from None


def variable(setting: str) -> str:
    """Name the environment variable of a setting."""
    return PREFIX + setting.upper()


def _described(problem: ErrorDetails) -> str:
    """Name the variable and what is wrong with it; what is wrong with several together names them itself."""
    names = "/".join(variable(str(name)) for name in problem["loc"])
    said = problem["msg"].removeprefix("Value error, ")
    return f"{names}: {said}" if names else said


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

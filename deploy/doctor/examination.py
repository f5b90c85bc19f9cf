"""All looks, at once, and none for longer than a person waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

from deploy.doctor.broker import look_at_broker
from deploy.doctor.database import look_at_database
from deploy.doctor.disk import look_at_disks
from deploy.doctor.finding import Finding, cause_of, doubtful, wrong
from deploy.doctor.network import look_at_network
from deploy.doctor.object_store import look_at_object_store
from shared.errors import Misconfigured
from shared.settings.settings import Settings, load_settings

Look = Callable[[Settings], Iterator[Finding]]

_LOOKS: dict[str, Look] = {
    "database": look_at_database,
    "redis": look_at_broker,
    "object store": look_at_object_store,
    "network": look_at_network,
    "disk": look_at_disks,
}
_OF_MAKE_RUN = Path(".cutwork/environment")
#: What has not answered by then hangs; each look ends by its own limits soon after.
_SECONDS = 15.0
_REFERENCE = "docs/reference/settings.md lists all settings"


def examine() -> list[Finding]:
    """Look at everything that the settings name."""
    try:
        settings = load_settings()
    except Misconfigured as error:
        return [wrong("settings", str(error), _REFERENCE)]
    pool = ThreadPoolExecutor(len(_LOOKS), thread_name_prefix="doctor")
    futures = {
        subject: pool.submit(_findings, subject, look, settings) for subject, look in _LOOKS.items()
    }
    pool.shutdown(wait=False)
    done, _ = wait(futures.values(), timeout=_SECONDS)
    findings = [*_whose(settings)]
    for subject, future in futures.items():
        late = [wrong(subject, f"does not answer within {_SECONDS:.0f} s", "see whether it hangs")]
        findings += future.result() if future in done else late
    return findings


def _whose(settings: Settings) -> Iterator[Finding]:
    """Say so if an installation is here, and something else is looked at."""
    if "database_url" not in settings.model_fields_set and _OF_MAKE_RUN.exists():
        seen = "those of this shell, which name no database; `make run` has left its own here"
        cure = f"`cutwork-admin --environment {_OF_MAKE_RUN} doctor` looks at what they name"
        yield doubtful("settings", seen, cure)


def _findings(subject: str, look: Look, settings: Settings) -> list[Finding]:
    """Keep what was found before something failed that nobody foresaw."""
    findings: list[Finding] = []
    try:
        findings.extend(look(settings))
    except Exception as error:  # noqa: BLE001  a doctor that falls ill says where
        kind = type(error).__name__
        findings.append(wrong(subject, f"{kind}: {cause_of(error)}", "mend what this names"))
    return findings

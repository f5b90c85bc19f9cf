"""The operator, who means well."""

from __future__ import annotations

import tempfile
from pathlib import Path

from minio import Minio
from urllib3 import PoolManager

from shared.settings.settings import PREFIX, Settings
from tests.attack.attempt import Attempt, hold
from tests.attack.target import V1, Target
from tests.conditions import eventually

THREAT = "an operator's mistake"


def a_setting_that_is_none_is_refused_at_start(target: Target) -> str:
    for wrong in (
        {"CUTWORK_KEYLES": "1"},
        {"CUTWORK_LEASE": "-1"},
        {"CUTWORK_DATABASE_URL": "mysql://x"},
    ):
        for module in ("worker", "worker.sweeper", "deploy.admin"):
            words = ["keys", "list"] if module == "deploy.admin" else []
            done = target.run(module, *words, changes=wrong, check=False)
            hold(done.returncode != 0, f"{module} starts with {wrong}")
            hold("Traceback" not in done.stderr, f"{module} with {wrong}: a traceback")
    return (
        "a wrong name, a wrong number, another database: no process starts, each says why in a line"
    )


def a_key_is_made_in_no_other_database_than_the_services(target: Target) -> str:
    done = target.admin("keys", "create", "lost", changes={"CUTWORK_DATABASE_URL": ""}, check=False)
    hold(done.returncode != 0, "a key was made without CUTWORK_DATABASE_URL")
    hold("CUTWORK_DATABASE_URL" in done.stderr, f"it says {done.stderr[:100]!r}")
    return f"refused: {done.stderr.strip()[:60]}…"


def a_key_ends_the_time_without(target: Target) -> str:
    target.key("owner")
    with target.client() as client:
        status = client.get(V1, headers={"ailabapi-api-key": "any"}).status_code
    hold(status == 401, f"any key is answered {status} although there is one")
    return "any key: 401 once there is one"


def a_first_key_is_made_once_and_never_again(target: Target) -> str:
    """Who starts the setup anew must not open a service whose keys were all revoked."""
    here = target.admin("setup", "--first-key", "intruder")
    hold("cw_" not in here.stdout + here.stderr, "it makes a first key although there is one")
    with tempfile.TemporaryDirectory() as folder:
        empty = {"CUTWORK_DATABASE_URL": f"sqlite:///{folder}/jobs.sqlite3"}
        words = ("setup", "--first-key", "shop")
        first = target.admin(*words, changes=empty).stdout.splitlines()[-1]
        hold(first.startswith("cw_"), f"no first key is shown: {first!r}")
        target.admin("keys", "revoke", first.split("_")[1], changes=empty)
        again = target.admin(*words, changes=empty)
        kept = b"".join(file.read_bytes() for file in Path(folder).iterdir())
    hold("cw_" not in again.stdout + again.stderr, "it makes another one after the first")
    hold(first.split("_", 2)[2].encode() not in kept, "the key itself is stored")
    return "shown once, stored nowhere; none where there is a key, or was one"


def no_secret_shows_when_settings_are_printed(target: Target) -> str:
    named = {
        name.removeprefix(PREFIX).lower(): text
        for name, text in target.environment.items()
        if name.startswith(PREFIX)
    }
    settings = Settings.model_validate(named)
    printed = f"{settings!r} {settings} {settings.model_dump_json(exclude={'database_url'})}"
    shown = [name for name, secret in target.secrets().items() if secret in printed]
    hold("lease" in printed, "nothing was printed")
    hold(not shown, f"printed: {', '.join(shown)}")
    return "none in `repr`, `str` or JSON"


def a_bucket_without_its_rule_is_noticed(target: Target) -> str:
    client = _as_owner(target)
    bucket = target.environment["CUTWORK_RESULTS_BUCKET"]
    client.delete_bucket_lifecycle(bucket)
    try:
        eventually(lambda: not target.is_ready(), within=10)
    except AssertionError:
        hold(False, "/readyz is 200 without the rule")
    finally:
        target.set_up()
    hold(eventually(target.is_ready, within=10), "setup did not put it right")
    return "/readyz is 503 without it, and 200 after `cutwork-admin setup`"


def _as_owner(target: Target) -> Minio:
    settings = {**target.environment, **target.owner}
    endpoint = settings["CUTWORK_S3_ENDPOINT"]
    return Minio(
        endpoint.partition("://")[2],
        settings["CUTWORK_S3_ACCESS_KEY"],
        settings["CUTWORK_S3_SECRET_KEY"],
        secure=endpoint.startswith("https"),
        http_client=PoolManager(retries=False),
    )


ATTEMPTS: tuple[Attempt, ...] = (
    a_setting_that_is_none_is_refused_at_start,
    a_key_is_made_in_no_other_database_than_the_services,
    a_key_ends_the_time_without,
    a_first_key_is_made_once_and_never_again,
    no_secret_shows_when_settings_are_printed,
    a_bucket_without_its_rule_is_noticed,
)

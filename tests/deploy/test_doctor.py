"""`cutwork-admin doctor` on real servers: each thing that can be wrong is named, with what to do about it."""

from __future__ import annotations

import json
import re
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import redis
from click.testing import CliRunner, Result
from minio.commonconfig import ENABLED
from minio.versioningconfig import VersioningConfig

from deploy.admin import admin
from deploy.local.servers.ports import LOOPBACK, free_port
from deploy.local.servers.postgres import Postgres
from deploy.local.servers.valkey import Valkey
from shared.errors import ErrorCode
from shared.manifest import load_manifest
from shared.messaging.broker import Broker, Duty
from shared.objects.s3_client import S3Client
from shared.objects.store import ObjectStore
from shared.operations.fleet import Fleet, Worker
from shared.settings.settings import Settings
from shared.sql.clock import DatabaseClock
from tests.end_to_end.installation import environment_of
from tests.raw_server import running_raw_server, say
from tests.webhook_receiver import SECRET

WORKER = Worker(
    name="gpu-3:1",
    release="1",
    model="cutwork-1",
    provider="cpu",
    hands=4,
    busy=1,
    up_seconds=60,
)


class Said(NamedTuple):
    """What the doctor said of one subject."""

    state: str
    seen: str
    cure: str


@pytest.fixture(autouse=True)
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation that lacks nothing: its sweeper has just swept, and its worker said that it lives."""
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    broker = Broker(settings)
    for duty in Duty:
        broker.note(duty)
    Fleet(settings).say(WORKER)


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(admin, ["doctor", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def wrong() -> dict[str, Said]:
    """Examine, and give what is wrong, by subject."""
    result = run("--json")
    findings = json.loads(result.stdout)
    found = {
        it["subject"]: Said(it["state"], it["seen"], it["cure"])
        for it in findings
        if it["state"] == "wrong"
    }
    assert (result.exit_code == 1) == bool(found)
    assert [it for it in findings if bool(it["cure"]) == (it["state"] == "fine")] == []
    return found


@pytest.fixture
def silence() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        yield listener.getsockname()[1]


def test_an_installation_that_lacks_nothing_is_fine_in_every_line() -> None:
    result = run()

    assert result.exit_code == 0, result.output
    assert {line.split()[0] for line in result.stdout.splitlines()} == {"fine"}
    assert wrong() == {}


def test_a_variable_that_is_no_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTWORK_REDIS_ULR", "redis://elsewhere")

    assert "Did you mean CUTWORK_REDIS_URL" in wrong()["settings"].seen


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("postgresql+psycopg://127.0.0.1:1/cutwork", "refused"),
        ("postgresql+psycopg://127.0.0.1:{silence}/cutwork", "timeout"),
        ("{postgres}_of_nobody", "does not exist"),
    ],
)
def test_a_database_that_cannot_be_used_is_named_with_the_drivers_words(
    url: str, seen: str, postgres: Postgres, silence: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUTWORK_DATABASE_URL", url.format(silence=silence, postgres=postgres.url))

    found = wrong()

    assert set(found) == {"database"}
    assert seen in found["database"].seen
    assert "CUTWORK_DATABASE_URL" in found["database"].cure


def test_a_password_that_is_wrong_is_never_shown(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUTWORK_DATABASE_URL", "postgresql+psycopg://a:sesame@127.0.0.1:1/b")
    monkeypatch.setenv("CUTWORK_REDIS_URL", "redis://a:sesame@127.0.0.1:1/0")
    monkeypatch.setenv("CUTWORK_S3_SECRET_KEY", "sesame-street")

    result = run()

    assert result.exit_code == 1
    assert "sesame" not in result.output


def test_a_database_without_tables_is_told_to_be_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUTWORK_DATABASE_URL", f"sqlite:///{tmp_path}/new.sqlite3")

    assert wrong()["schema"].cure == "run `cutwork-admin setup`"
    assert not (tmp_path / "new.sqlite3").exists()


def test_a_database_that_nobody_named_is_doubtful(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CUTWORK_DATABASE_URL")
    monkeypatch.chdir(tmp_path)

    assert "doubtful" in run().stdout


def test_a_database_whose_clock_is_off_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    told = DatabaseClock.__call__
    monkeypatch.setattr(DatabaseClock, "__call__", lambda *it: told(*it) - timedelta(seconds=90))

    assert wrong()["clock"].seen == "the database's clock is 90 s behind this machine's"


@pytest.mark.parametrize("changes", [{"keyless": False}])
def test_a_service_without_a_key_is_told_to_make_one() -> None:
    assert "cutwork-admin keys create" in wrong()["keys"].cure


@pytest.mark.parametrize("port", ["1", "{silence}"])
def test_a_redis_that_does_not_answer_is_named(
    port: str, silence: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = port.format(silence=silence)
    monkeypatch.setenv("CUTWORK_REDIS_URL", f"redis://127.0.0.1:{port}/0")

    assert set(wrong()) == {"redis"}


def test_a_redis_that_throws_messages_away_is_named(settings: Settings) -> None:
    with redis.Redis.from_url(settings.redis_url.get_secret_value()) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            found = wrong()
        finally:
            client.config_set("maxmemory-policy", "noeviction")

    assert found["redis memory"].cure == "set `maxmemory-policy noeviction`"


def test_a_user_who_may_not_ask_redis_for_its_policy_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Valkey(tmp_path / "valkey", password="sesame") as server:
        monkeypatch.setenv("CUTWORK_REDIS_URL", server.url)

        found = wrong()
        result = run()
        monkeypatch.setenv("CUTWORK_REDIS_URL", server.url.replace("sesame", "wrong"))
        refused = wrong()

    assert set(found) == {"sweeper", "workers"}
    assert "unseen    redis memory" in result.stdout
    assert "invalid username-password pair" in refused["redis"].seen


def test_a_sweeper_that_is_gone_is_missed(settings: Settings) -> None:
    with redis.Redis.from_url(settings.redis_url.get_secret_value()) as client:
        client.set(Duty.SWEEP, time.time() - 100)

    assert "was seen for 100 s" in wrong()["sweeper"].seen


def test_webhooks_that_nobody_sends_are_missed_where_they_are_to_be_sent(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with redis.Redis.from_url(settings.redis_url.get_secret_value()) as client:
        client.delete(Duty.WEBHOOKS)

    assert wrong() == {}
    monkeypatch.setenv("CUTWORK_WEBHOOK_SECRETS", SECRET)
    assert "none that sends webhooks was ever seen" in wrong()["sweeper"].seen


def test_workers_are_missed_where_none_gives_a_sign_of_life(settings: Settings) -> None:
    Fleet(settings).leave(WORKER.name)

    found = wrong()

    assert set(found) == {"workers"}
    assert found["workers"].cure.startswith("start `python -m worker`")


def test_a_worker_that_has_fallen_silent_is_told_beside_those_that_live(settings: Settings) -> None:
    Fleet(settings).say(replace(WORKER, name="gpu-3:2"))
    with redis.Redis.from_url(settings.redis_url.get_secret_value()) as client:
        # What is left of the time for which a sign is kept says how old it is.
        client.pexpire("cutwork:worker:gpu-3:2", 840_000)

    said = run().stdout

    assert (
        "doubtful  workers         1 alive, with 1 jobs at work and room for 4; 1 more ended"
        in said
    )
    assert wrong() == {}


@pytest.mark.parametrize("port", ["1", "{silence}"])
def test_an_object_store_that_does_not_answer_is_named(
    port: str, silence: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUTWORK_S3_ENDPOINT", f"http://127.0.0.1:{port.format(silence=silence)}")

    assert set(wrong()) == {"object store"}


@pytest.mark.parametrize(
    ("name", "value", "subject"),
    [
        ("CUTWORK_S3_SECRET_KEY", "wrong", "result URLs"),
        ("CUTWORK_S3_SECRET_KEY", "wrong", "buckets"),
        ("CUTWORK_S3_ACCESS_KEY", "nobody", "result URLs"),
        ("CUTWORK_RESULTS_BUCKET", "no-such-bucket", "buckets"),
        ("CUTWORK_S3_PUBLIC_ENDPOINT", "http://127.0.0.1:1", "result URLs"),
    ],
)
def test_what_is_wrong_at_the_object_store_is_named(
    name: str, value: str, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    assert subject in wrong()


def test_a_bucket_that_does_not_forget_is_named(settings: Settings) -> None:
    client = S3Client(settings, settings.s3_endpoint)
    client.delete_bucket_lifecycle(settings.results_bucket)

    assert wrong()["buckets"].cure == "run `cutwork-admin setup`"


def test_a_page_that_may_not_use_the_buckets_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUTWORK_CORS_ORIGINS", "https://studio.example")

    assert wrong()["pages"].cure == "run `cutwork-admin setup`"

    ObjectStore(settings.model_copy(update={"cors_origins": "https://studio.example"})).set_up()
    assert "pages" not in wrong()


def test_a_proxy_that_keeps_pages_from_the_buckets_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUTWORK_CORS_ORIGINS", "https://studio.example")
    ObjectStore(settings.model_copy(update={"cors_origins": "https://studio.example"})).set_up()

    with running_raw_server(say(b"HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n")) as proxy:
        at = f"http://{LOOPBACK}:{proxy.port}"
        monkeypatch.setenv("CUTWORK_S3_PUBLIC_ENDPOINT", at)

        assert wrong()["pages"].cure.startswith(f"let what answers at {at} pass `OPTIONS`")


def test_a_bucket_that_keeps_old_versions_is_named(settings: Settings) -> None:
    client = S3Client(settings, settings.s3_endpoint)
    client.set_bucket_versioning(settings.inputs_bucket, VersioningConfig(ENABLED))

    assert "suspend its versioning" in wrong()["buckets"].cure


def test_a_network_that_is_not_there_or_another_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setenv("CUTWORK_MODEL", "u2net")
    monkeypatch.setenv("CUTWORK_MODELS_DIR", str(tmp_path))
    assert wrong()["network"].cure == "`cutwork-admin models pull u2net` fetches it"

    bundled = load_manifest("cutwork-1", tmp_path)
    changed = shutil.copytree(bundled.folder, tmp_path / "changed") / bundled.file
    content = bytearray(changed.read_bytes())
    content[1000] ^= 1
    changed.write_bytes(content)
    monkeypatch.setenv("CUTWORK_MODEL", str(changed.parent))
    assert "is not the file of its manifest" in wrong()["network"].seen

    monkeypatch.setenv("CUTWORK_MODEL", "no-such-network")
    assert "no-such-network" in wrong()["network"].seen


def test_a_gpu_that_this_environment_cannot_use_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTWORK_EXECUTION_PROVIDER", "cuda")
    monkeypatch.setenv("CUTWORK_MAX_BATCH_SIZE", "1")

    assert "worker-gpu.txt" in wrong()["provider"].cure


def test_a_loopback_that_is_another_one_for_clients_is_not_called_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in a container whose ports are published on its machine's loopback."""
    monkeypatch.setattr("deploy.doctor.object_store._LOOPBACKS", ("localhost",))
    monkeypatch.setenv("CUTWORK_S3_PUBLIC_ENDPOINT", "http://localhost:1")

    said = {it["subject"]: it["state"] for it in json.loads(run("--json").stdout)}

    assert said["result URLs"] == "unseen"


def test_a_network_is_not_missed_where_no_worker_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the image of the front end."""
    monkeypatch.setattr("deploy.doctor.network._is_installed", lambda _: False)
    monkeypatch.setenv("CUTWORK_MODEL", "no-such-network")

    assert "network" not in wrong()


def test_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.doctor.disk._LEAST_BYTES", 10**18)

    assert "make room" in wrong()["disk"].cure


def test_with_nothing_there_it_says_so_within_the_time_that_it_promises(
    silence: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUTWORK_DATABASE_URL", f"postgresql+psycopg://127.0.0.1:{silence}/b")
    monkeypatch.setenv("CUTWORK_REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    monkeypatch.setenv("CUTWORK_S3_ENDPOINT", f"http://127.0.0.1:{silence}")
    began = time.monotonic()

    assert set(wrong()) == {"database", "redis", "object store"}
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("spelled", ["FILE_DECODING_FAILURE", "file_decoding_failure"])
def test_an_error_is_explained_by_what_it_means_and_what_to_do(spelled: str) -> None:
    said = CliRunner().invoke(admin, ["explain", spelled])

    assert said.exit_code == 0
    assert said.output.startswith(f"{ErrorCode.FILE_DECODING_FAILURE}\n\n422")
    assert "What to do." in said.output
    assert not re.search(r"\*\*|\]\(", said.output)
    assert CliRunner().invoke(admin, ["explain", "NOTHING"]).exit_code == 2

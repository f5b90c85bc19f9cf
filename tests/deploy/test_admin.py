from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.admin import admin, main
from deploy.environment_file import as_text
from shared.jobs.store import JobStore, limits_of
from shared.objects.store import ObjectStore
from shared.operations.fleet import Fleet, Worker
from shared.operations.samples import Samples
from shared.settings.settings import Settings
from shared.sql.database import Database
from shared.sql.schema import check_schema, migrate
from shared.tenants.api_key import Scope
from shared.tenants.key_store import KeyStore
from tests.end_to_end.installation import environment_of
from tests.factories import new_job
from tests.keys import tenant_of


@pytest.fixture(autouse=True)
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(admin, arguments)


def test_setup_may_be_run_again_and_again(settings: Settings) -> None:
    assert run("setup").exit_code == 0

    assert run("setup").exit_code == 0

    check_schema(Database(settings.database_url))
    ObjectStore(settings).check()


@pytest.mark.parametrize(
    "command", [("create", "shop"), ("list",), ("revoke", "0123456789ab")], ids=lambda it: it[0]
)
def test_keys_of_a_database_that_was_not_set_up_are_refused_with_the_cure(
    command: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CUTWORK_DATABASE_URL", f"sqlite:///{tmp_path}/new/jobs.sqlite3")
    monkeypatch.setattr("sys.argv", ["cutwork-admin", "keys", *command])

    with pytest.raises(SystemExit) as ended:
        main()

    assert "run `cutwork-admin setup`" in str(ended.value)
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "new").exists()


def test_keys_of_no_particular_database_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would be made in the default one, and the service that was meant would stay without keys."""
    monkeypatch.delenv("CUTWORK_DATABASE_URL")
    monkeypatch.chdir(tmp_path)
    default = Database(Settings().database_url)
    migrate(default)
    monkeypatch.setattr("sys.argv", ["cutwork-admin", "keys", "create", "shop"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert "CUTWORK_DATABASE_URL is not set" in str(ended.value)
    assert "--environment .cutwork/environment" in str(ended.value)
    assert capsys.readouterr().out == ""
    assert KeyStore(default).is_empty()


def test_a_service_has_its_first_key_before_its_first_front_end(
    settings: Settings, tmp_path: Path
) -> None:
    """As in a container: a secret is mounted, and nobody is there to read what a command prints."""
    key = f"cw_0123456789ab_{'s' * 43}"
    secret = tmp_path / "shop-key"
    secret.write_text(f"{key}\n")

    for _ in range(2):
        assert run("setup", "--key", "shop", str(secret)).exit_code == 0

    assert tenant_of(KeyStore(Database(settings.database_url)), key) == "shop"
    revoked = run("keys", "revoke", "0123456789ab")
    assert revoked.exit_code == 0
    again = run("setup", "--key", "shop", str(secret))
    assert "key 0123456789ab of shop: revoked" in again.stdout
    assert key not in again.output


def test_the_first_key_is_made_and_shown_once(settings: Settings) -> None:
    first = run("setup", "--first-key", "shop")
    again = run("setup", "--first-key", "shop")

    key = first.stdout.splitlines()[-1]
    assert tenant_of(KeyStore(Database(settings.database_url)), key) == "shop"
    assert again.exit_code == 0
    assert "cw_" not in again.output
    assert len(KeyStore(Database(settings.database_url)).list_all()) == 1


@pytest.mark.parametrize("content", [None, b"secret of mine", b"\xff"])
def test_a_first_key_that_is_none_is_one_line_without_the_secret(
    content: bytes | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:
    secret = tmp_path / "shop-key"
    if content is not None:
        secret.write_bytes(content)
    monkeypatch.setattr("sys.argv", ["cutwork-admin", "setup", "--key", "shop", str(secret)])

    with pytest.raises(SystemExit) as ended:
        main()

    assert str(secret) in str(ended.value)
    assert "of mine" not in str(ended.value)
    assert KeyStore(Database(settings.database_url)).is_empty()


@pytest.mark.parametrize(
    "command", [("setup",), ("keys", "create", "shop"), ("keys", "revoke", "0123456789ab")]
)
def test_what_writes_says_where_and_who_named_that(
    command: tuple[str, ...], settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "environment"
    file.write_text(as_text(environment_of(settings)))

    assert f"Database: {settings.database_url} (CUTWORK_DATABASE_URL)\n" in run(*command).stderr
    named = run("--environment", str(file), *command).stderr
    assert f"Database: {settings.database_url} ({file})\n" in named


def test_a_key_is_made_in_the_installation_of_the_file_whatever_the_shell_says(
    settings: Settings, tmp_path: Path
) -> None:
    other = f"sqlite:///{tmp_path}/other.sqlite3"
    migrate(Database(other))
    file = tmp_path / "environment"
    file.write_text(as_text({"CUTWORK_DATABASE_URL": other}))

    made = run("--environment", str(file), "keys", "create", "shop")

    assert tenant_of(KeyStore(Database(other)), made.stdout.strip()) == "shop"
    assert KeyStore(Database(settings.database_url)).is_empty()


@pytest.mark.parametrize("name", ["", "x" * 65, "sh\udcffop"])
def test_a_tenant_that_cannot_be_is_refused_in_one_line(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["cutwork-admin", "keys", "create", name])

    with pytest.raises(SystemExit) as ended:
        main()

    assert str(ended.value).startswith("cutwork-admin: a tenant's name has")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("key_id", ["", "nobodys", "\udcff"])
def test_a_key_that_is_none_cannot_be_revoked(key_id: str) -> None:
    refused = run("keys", "revoke", key_id)

    assert refused.exit_code == 1
    assert "keys list" in refused.stderr


def test_a_folder_that_cannot_be_made_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container whose root is read-only, with no database named."""
    (tmp_path / ".cutwork").write_text("a file")
    monkeypatch.delenv("CUTWORK_DATABASE_URL")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["cutwork-admin", "setup"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert re.fullmatch(
        r"cutwork-admin: there can be no database at sqlite:///.*\(.*\): set CUTWORK_DATABASE_URL",
        str(ended.value),
    )


def test_a_new_key_is_printed_alone_so_that_a_script_can_take_it(settings: Settings) -> None:
    made = run("keys", "create", "shop")

    key = made.stdout.strip()
    assert re.fullmatch(r"cw_[0-9a-f]{12}_[\w-]{43}", key)
    assert "cannot be shown again" in made.stderr
    assert tenant_of(KeyStore(Database(settings.database_url)), key) == "shop"


def test_keys_are_listed_without_their_secrets() -> None:
    secret = run("keys", "create", "shop", "--days", "30").stdout.strip()

    listed = run("keys", "list").stdout

    assert secret.split("_")[1] in listed
    assert "shop" in listed
    assert "valid until" in listed
    assert "never" in listed
    assert secret.split("_", 2)[2] not in listed


def test_a_key_is_made_for_what_is_said_and_listed_with_it(settings: Settings) -> None:
    words = ("--scope", "read", "--scope", "admin", "--name", "dashboard")
    secret = run("keys", "create", "shop", *words, "--max-queued", "5").stdout.strip()

    caller = KeyStore(Database(settings.database_url)).find_caller(secret)
    listed = run("keys", "list").stdout

    assert caller is not None
    assert caller.scopes == {Scope.READ, Scope.ADMIN}
    assert (caller.rate_per_minute, caller.max_queued) == (None, 5)
    assert "read,admin" in listed
    assert listed.endswith("dashboard\n")


@pytest.mark.parametrize(
    "words",
    [
        ("--scope", "write"),
        ("--name", "x" * 65),
        ("--name", "a\x1b[2Jb"),
        ("--rate-per-minute", "0"),
        ("--max-queued", str(2**31)),
    ],
)
def test_a_key_for_what_cannot_be_is_refused(words: tuple[str, str], settings: Settings) -> None:
    refused = run("keys", "create", "shop", *words)

    assert refused.exit_code == 2
    assert words[0] in refused.stderr
    assert KeyStore(Database(settings.database_url)).is_empty()


def test_a_key_is_rotated_and_the_old_one_opens_a_little_longer(settings: Settings) -> None:
    old = run("keys", "create", "shop", "--scope", "read").stdout.strip()

    new = run("keys", "rotate", old.split("_")[1]).stdout.strip()

    caller = KeyStore(Database(settings.database_url)).find_caller(new)
    assert caller is not None
    assert caller.scopes == {Scope.READ}
    assert tenant_of(KeyStore(Database(settings.database_url)), old) == "shop"
    assert run("keys", "rotate", old.split("_")[1], "--overlap", "0").exit_code == 0
    assert run("keys", "rotate", old.split("_")[1]).exit_code == 1
    assert tenant_of(KeyStore(Database(settings.database_url)), old) is None


def test_what_an_operator_does_is_written_down_without_the_key(tmp_path: Path) -> None:
    file, own = tmp_path / "key", f"cw_0123456789ab_{'s' * 43}"
    file.write_text(own)
    run("setup", "--key", "own shop", str(file))
    secret = run("keys", "create", "shop", "--name", "import").stdout.strip()
    run("keys", "revoke", secret.split("_")[1])

    shown = run("audit").stdout
    of_shop = [
        json.loads(line) for line in run("audit", "--tenant", "shop", "--json").stdout.splitlines()
    ]

    first, *_, last = shown.splitlines()
    assert "operator  key.revoke  shop" in first
    assert "operator  key.create  own shop  0123456789ab" in last
    assert "name=import" in shown
    assert f"@{socket.gethostname()}" in shown
    assert [it["action"] for it in of_shop] == ["key.revoke", "key.create"]
    for text in (own, secret):
        assert text.split("_", 2)[2] not in shown


def test_a_revoked_key_is_listed_as_such_and_revoked_once(settings: Settings) -> None:
    secret = run("keys", "create", "shop").stdout.strip()
    key_id = secret.split("_")[1]

    assert run("keys", "revoke", key_id).exit_code == 0

    assert "revoked" in run("keys", "list").stdout
    assert tenant_of(KeyStore(Database(settings.database_url)), secret) is None
    again = run("keys", "revoke", key_id)
    assert again.exit_code == 1
    assert "keys list" in again.stderr


def test_what_goes_wrong_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CUTWORK_S3_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr("sys.argv", ["cutwork-admin", "setup"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert str(ended.value) == "cutwork-admin: the object store does not answer"


def test_top_shows_what_the_installation_does(settings: Settings) -> None:
    assert run("setup").exit_code == 0
    database = Database(settings.database_url)
    job_store, fleet = JobStore(database, limits_of(settings)), Fleet(settings)
    assert job_store.create(new_job())
    Samples(database).take(job_store.measure_backlog(None, 10), {})
    kind = {"release": "0.1.0", "model": "cutwork-1", "provider": "cpu"}
    fleet.say(Worker(name="gpu-3:1", hands=4, busy=1, up_seconds=90_000, **kind))

    shown = run("top", "--once")

    assert shown.exit_code == 0
    assert re.search(r"waiting +1\b", shown.output)
    assert "gpu-3:1  0.1.0 cutwork-1 cpu  busy 1/4, up 1 d 1 h" in shown.output
    assert "! Nobody knows of any round of sweep.  /docs/guides/troubleshooting#" in shown.output
    fleet.leave("gpu-3:1")
    database.close()

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from shared.errors import Misconfigured
from shared.settings.settings import Settings, load_settings


def test_a_setting_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTWORK_LEASE", "7.5")

    assert load_settings().lease == 7.5


def test_an_unknown_variable_is_refused_with_the_name_that_was_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUTWORK_REDIS_ULR", "redis://elsewhere")

    with pytest.raises(Misconfigured, match=r"CUTWORK_REDIS_ULR .* Did you mean CUTWORK_REDIS_URL"):
        load_settings()


def test_what_does_not_go_together_is_said_without_a_word_of_the_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUTWORK_EXECUTION_PROVIDER", "cuda")
    monkeypatch.setenv("CUTWORK_WORKER_CONCURRENCY", "2")

    with pytest.raises(Misconfigured, match=r"^max_batch_size must not be larger"):
        load_settings()


def test_what_a_client_reads_in_the_same_shell_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTWORK_URL", "http://127.0.0.1:8000")
    monkeypatch.setenv("CUTWORK_KEY", "any")

    load_settings()


#: What a container sees of the Services `cutwork` and `cutwork-api`.
KUBERNETES = {
    "CUTWORK_SERVICE_HOST": "10.96.14.2",
    "CUTWORK_SERVICE_PORT": "80",
    "CUTWORK_PORT": "tcp://10.96.14.2:80",
    "CUTWORK_API_SERVICE_HOST": "fd00:10:96::a4c",
    "CUTWORK_API_SERVICE_PORT": "8000",
    "CUTWORK_API_SERVICE_PORT_HTTP": "8000",
    "CUTWORK_API_PORT": "tcp://[fd00:10:96::a4c]:8000",
    "CUTWORK_API_PORT_8000_TCP": "tcp://10.96.14.2:8000",
    "CUTWORK_API_PORT_8000_TCP_PROTO": "tcp",
    "CUTWORK_API_PORT_8000_TCP_PORT": "8000",
    "CUTWORK_API_PORT_8000_TCP_ADDR": "10.96.14.2",
    "CUTWORK_DNS_PORT_53_UDP": "udp://10.96.0.10:53",
}


def test_what_kubernetes_says_of_a_service_of_our_name_is_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in KUBERNETES.items():
        monkeypatch.setenv(name, value)

    load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CUTWORK_REDIS_PORT", "6379"),
        ("CUTWORK_API_PORT", "8000"),
        ("CUTWORK_API_PORT", "http://10.96.14.2:80"),
        ("CUTWORK_API_PORT", "tcp://10.96.14.2:80/"),
        ("CUTWORK_API_PORT", "tcp://10.96.14.2"),
        ("CUTWORK_API_PORT_8000", "tcp://10.96.14.2:8000"),
        ("CUTWORK_API_SERVICE_HOST", "api.example"),
        ("CUTWORK_API_SERVICE_HOST", ""),
        ("CUTWORK_API_SERVICE_PORT", "http"),
        ("CUTWORK_API_PORT_8000_TCP_PROTO", "http"),
        ("CUTWORK_LEASE_SECONDS", "30"),
        ("CUTWORK_", "1"),
        ("CUTWORK_lease", "30"),
    ],
)
def test_what_only_resembles_it_is_refused_like_any_unknown_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(Misconfigured, match=f"{name} is not a setting"):
        load_settings()


def test_an_unusable_value_is_refused_by_its_variables_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUTWORK_MAX_ATTEMPTS", "none")

    with pytest.raises(Misconfigured, match="CUTWORK_MAX_ATTEMPTS"):
        load_settings()


@pytest.mark.parametrize(
    "url",
    [
        "sentinel://127.0.0.1:26379;sentinel://127.0.0.2:26379",
        "redis+cluster://127.0.0.1:6379",
        "unix:///run/redis.sock",
        "127.0.0.1:6379",
    ],
)
def test_a_broker_that_is_not_one_server_is_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("CUTWORK_REDIS_URL", url)

    with pytest.raises(Misconfigured, match=r"CUTWORK_REDIS_URL: name one server.*Sentinel"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("CUTWORK_DATABASE_URL", "postgresql+psycopg://me:{}@db.example/cutwork"),
        ("CUTWORK_REDIS_URL", "rediss://me:{}@redis.example:6379/0"),
    ],
)
def test_a_password_that_ends_soon_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str
) -> None:
    token = "db.example%3A5432%2F%3FAction%3Dconnect%26X-Amz-Signature%3Dhush"
    monkeypatch.setenv(name, url.format(token))

    with pytest.raises(Misconfigured, match=f"{name}: this has an IAM token") as caught:
        load_settings()

    assert "hush" not in str(caught.value)


def test_a_deadline_shorter_than_one_attempt_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTWORK_DEADLINE", "10")

    with pytest.raises(Misconfigured, match="deadline must be longer"):
        load_settings()


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTWORK_S3_SECRET_KEY", "hush")
    monkeypatch.setenv("CUTWORK_REDIS_URL", "redis://:hush@127.0.0.1/0")
    monkeypatch.setenv("CUTWORK_DATABASE_URL", "postgresql+psycopg://me:hush@127.0.0.1/db")

    assert "hush" not in repr(load_settings())


def test_every_setting_says_what_it_is() -> None:
    assert all(field.description for field in Settings.model_fields.values())


@pytest.mark.parametrize(
    ("variables", "at_once"),
    [
        ({}, 2),
        ({"EXECUTION_PROVIDER": "cuda"}, 16),
        ({"EXECUTION_PROVIDER": "cuda", "MAX_BATCH_SIZE": "4"}, 8),
        ({"EXECUTION_PROVIDER": "cuda", "WORKER_CONCURRENCY": "8"}, 8),
        ({"MAX_BATCH_SIZE": "4"}, 2),
        ({"WORKER_CONCURRENCY": "5"}, 5),
    ],
)
def test_a_gpu_gets_as_many_jobs_at_once_as_fill_two_batches(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], at_once: int
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"CUTWORK_{name}", value)

    assert load_settings().worker_concurrency == at_once


def test_a_batch_that_could_never_be_full_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTWORK_EXECUTION_PROVIDER", "cuda")
    monkeypatch.setenv("CUTWORK_WORKER_CONCURRENCY", "4")

    with pytest.raises(Misconfigured, match="max_batch_size must not be larger"):
        load_settings()


@pytest.mark.parametrize(
    "wrong",
    [{"EXECUTION_PROVIDER": "gpu"}, {"MAX_BATCH_SIZE": "many", "EXECUTION_PROVIDER": "cuda"}],
)
def test_what_another_setting_depends_on_is_refused_by_its_own_name(
    monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]
) -> None:
    for name, value in wrong.items():
        monkeypatch.setenv(f"CUTWORK_{name}", value)

    with pytest.raises(Misconfigured, match=f"^CUTWORK_{next(iter(wrong))}: "):
        load_settings()


@pytest.mark.parametrize(
    "secrets", ["x", "whsec_c2hvcnQ=", "whsec_%%%%", f"whsec_{'A' * 32},{'A' * 32}"]
)
def test_a_webhook_secret_that_is_none_is_refused_and_not_shown(secrets: str) -> None:
    with pytest.raises(ValidationError) as error:
        Settings(webhook_secrets=SecretStr(secrets))

    assert secrets not in str(error.value.errors()[0]["msg"])


def test_webhook_secrets_are_as_many_as_there_are() -> None:
    secret = f"whsec_{'A' * 32}"

    assert Settings().signing_secrets == ()
    assert Settings(webhook_secrets=SecretStr(f"{secret}, {secret},")).signing_secrets == (
        bytes(24),
        bytes(24),
    )

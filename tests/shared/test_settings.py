from __future__ import annotations

import pytest

from shared.errors import Misconfigured
from shared.settings import Settings, load_settings


def test_a_setting_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTWORK_LEASE", "7.5")

    assert load_settings().lease == 7.5


def test_an_unknown_variable_is_refused_with_the_name_that_was_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUTWORK_REDIS_ULR", "redis://elsewhere")

    with pytest.raises(Misconfigured, match=r"CUTWORK_REDIS_ULR .* Did you mean CUTWORK_REDIS_URL"):
        load_settings()


def test_an_unusable_value_is_refused_by_its_variables_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUTWORK_MAX_ATTEMPTS", "none")

    with pytest.raises(Misconfigured, match="CUTWORK_MAX_ATTEMPTS"):
        load_settings()


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

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from cutwork.commands.main import main
from tests.client.fake_service import KEY, FakeService, running


class Ended(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No service, no key, and no login but the test's."""
    for name in [name for name in os.environ if name.startswith("CUTWORK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeService]:
    with running(FakeService()) as service:
        monkeypatch.setenv("CUTWORK_URL", service.url)
        monkeypatch.setenv("CUTWORK_KEY", KEY)
        yield service
        assert service.broken == []


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Command:
    """Run `cutwork` in this process."""

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr("sys.argv", ["cutwork", *map(str, arguments)])
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfdbinary.readouterr()
        return Ended(int(str(ended.value.code)), os.fsdecode(out), os.fsdecode(err))

    return run

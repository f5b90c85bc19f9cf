from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.address import Address
from deploy.local.data_directory import DataDirectory
from deploy.local.environment import as_shell, settings_of
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.valkey import Valkey
from shared.errors import Misconfigured


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server((LOOPBACK, free_port())) as listener:
        yield listener


def _run(home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATA_DIR": str(home), "PORT": str(free_port()), **variables}
    command = [sys.executable, "-m", "deploy.local"]
    return subprocess.run(
        command, check=False, env=environment, capture_output=True, text=True, timeout=60
    )


def test_a_taken_port_is_told_in_one_line_before_anything_is_touched(
    tmp_path: Path, listener: socket.socket
) -> None:
    port = listener.getsockname()[1]

    ended = _run(tmp_path / "home", PORT=str(port))

    expected = f"cutwork: cannot listen on 127.0.0.1:{port}: is the port taken? PORT={port + 1} takes another"
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", expected + "\n")
    assert not (tmp_path / "home").exists()


def test_a_second_instance_on_the_same_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    home = DataDirectory(tmp_path)
    home.lock()

    ended = _run(tmp_path)

    home.unlock()
    expected = (
        f"cutwork: another instance runs on {tmp_path}; stop it, or set DATA_DIR to another folder"
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", expected + "\n")


def test_a_setting_that_does_not_exist_is_told_in_one_line(tmp_path: Path) -> None:
    ended = _run(tmp_path, CUTWORK_LEESE="3")

    assert ended.returncode == 1
    assert ended.stderr == "cutwork: CUTWORK_LEESE is not a setting. Did you mean CUTWORK_LEASE?\n"


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(Misconfigured, match=f"PORT={port} is no port"):
        Address.from_environment({"PORT": port})


def test_a_host_that_is_none_is_refused() -> None:
    with pytest.raises(Misconfigured, match=r"HOST=256\.0\.0\.1 is no address"):
        Address.from_environment({"HOST": "256.0.0.1"})


@pytest.mark.parametrize(
    ("host", "authority", "url"),
    [
        ("", "127.0.0.1:80", "http://127.0.0.1:80"),
        ("0.0.0.0", "0.0.0.0:80", "http://127.0.0.1:80"),
        ("::1", "[::1]:80", "http://[::1]:80"),
        ("::", "[::]:80", "http://[::1]:80"),
    ],
)
def test_an_address_is_written_as_those_who_read_it_expect(
    host: str, authority: str, url: str
) -> None:
    address = Address.from_environment({"HOST": host, "PORT": "80"})

    assert (address.authority, address.url) == (authority, url)


@pytest.mark.parametrize(("host", "keyless"), [("127.0.0.1", "1"), ("::1", "1"), ("0.0.0.0", None)])
def test_keys_can_be_left_out_on_loopback_only(
    tmp_path: Path, host: str, keyless: str | None
) -> None:
    settings = settings_of(DataDirectory(tmp_path), Address(host, 8000), [])

    assert settings.get("CUTWORK_KEYLESS") == keyless


def test_a_server_that_is_run_is_named_in_the_settings(tmp_path: Path) -> None:
    valkey = Valkey(tmp_path)

    settings = settings_of(DataDirectory(tmp_path), Address(LOOPBACK, 8000), [valkey])

    assert settings["CUTWORK_REDIS_URL"] == valkey.url
    assert "CUTWORK_S3_ENDPOINT" not in settings


def test_pulled_networks_lie_with_everything_else_of_an_installation(tmp_path: Path) -> None:
    settings = settings_of(DataDirectory(tmp_path), Address(LOOPBACK, 8000), [])

    assert settings["CUTWORK_MODELS_DIR"] == str(tmp_path / "models")


def test_a_shell_reads_the_settings_as_they_were_written() -> None:
    value = "with 'quotes', $HOME and `date`"
    text = as_shell({"CUTWORK_MODEL": value, "SECRET_OF_SOMEBODY_ELSE": "1"})

    read = subprocess.run(
        ["sh", "-c", text + 'printf %s "$CUTWORK_MODEL"'],
        check=True,
        capture_output=True,
        text=True,
    )

    assert read.stdout == value
    assert "SOMEBODY" not in text

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from deploy.local.address import Address
from deploy.local.data_directory import DataDirectory
from deploy.local.environment import settings_of
from deploy.local.greeting import greeting
from deploy.local.metrics_ports import describe, metrics_ports
from deploy.local.servers.ports import LOOPBACK, free_port
from deploy.local.servers.seaweedfs import SeaweedFS
from deploy.local.servers.valkey import Valkey
from shared.errors import Misconfigured
from shared.settings.settings import Settings


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


def test_a_database_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    ended = _run(tmp_path / "home", DATABASE="mysql")

    expected = (
        "cutwork: DATABASE=mysql is not a database that can be run; sqlite and postgresql are"
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", expected + "\n")


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
    with pytest.raises(Misconfigured, match=f"PORT={port} is not a port"):
        Address.from_environment({"PORT": port})


def test_a_host_that_is_none_is_refused() -> None:
    with pytest.raises(Misconfigured, match=r"HOST=256\.0\.0\.1 is not an address"):
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


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        ("127.0.0.1", None),
        ("::1", None),
        ("0.0.0.0", "http://{host}:8001"),
        ("::", "http://{host}:8001"),
        ("192.168.1.5", "http://{host}:8001"),
    ],
)
def test_results_lead_to_the_host_by_which_a_client_came_where_others_may_come(
    tmp_path: Path, host: str, endpoint: str | None
) -> None:
    settings = settings_of(DataDirectory(tmp_path), Address(host, 8000), [SeaweedFS(tmp_path)])

    assert settings.get("CUTWORK_S3_PUBLIC_ENDPOINT") == endpoint


def test_a_port_that_is_taken_from_the_results_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("0.0.0.0", free_port())) as listener:
        port = listener.getsockname()[1]
        ended = _run(tmp_path, HOST="0.0.0.0", PORT=str(port - 1))

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"cutwork: cannot listen on 0.0.0.0:{port}: ")


def test_the_last_port_leaves_none_for_the_results() -> None:
    with pytest.raises(Misconfigured, match="PORT=65535 leaves no port for the results"):
        assert Address("0.0.0.0", 65535).of_results


@pytest.mark.parametrize(
    ("results_url", "told"),
    [
        ("http://{host}:8001", "Results are at port 8001 of the same host"),
        ("https://photos.example.com", "Result URLs lead to https://photos.example.com"),
    ],
)
def test_who_lets_others_in_is_told_where_the_results_are(results_url: str, told: str) -> None:
    said = greeting(Address("0.0.0.0", 8000), Path("environment"), results_url)

    assert told in said
    assert "CUTWORK_S3_PUBLIC_ENDPOINT" in said
    assert "ailabapi-api-key: <key>" in said


def test_an_installation_that_has_keys_says_that_one_is_needed() -> None:
    address = Address(LOOPBACK, 8000)
    first = greeting(address, Path("environment"), "http://127.0.0.1:8001")
    later = greeting(address, Path("environment"), "http://127.0.0.1:8001", has_keys=True)

    assert "ailabapi-api-key: any" in first
    assert "ailabapi-api-key: <key>" in later
    assert "Any key" not in later


def test_each_process_tells_its_metrics_at_a_port_of_its_own() -> None:
    settings = Settings(metrics_port=9464, metrics_host=IPv6Address("::1"))

    assert list(metrics_ports(settings).values()) == [9464, 9465, 9466]
    assert "metrics of the worker: http://[::1]:9465/metrics" in describe(settings)


def test_there_are_no_metrics_unless_a_port_is_set() -> None:
    assert metrics_ports(Settings()) == {}


def test_the_last_ports_are_too_few_for_the_metrics() -> None:
    with pytest.raises(Misconfigured, match="CUTWORK_METRICS_PORT=65534 leaves no port"):
        metrics_ports(Settings(metrics_port=65534))


def test_pulled_networks_lie_with_everything_else_of_an_installation(tmp_path: Path) -> None:
    settings = settings_of(DataDirectory(tmp_path), Address(LOOPBACK, 8000), [])

    assert settings["CUTWORK_MODELS_DIR"] == str(tmp_path / "models")

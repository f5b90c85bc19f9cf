from __future__ import annotations

import io
import os
import socket
import ssl
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from minio import Minio
from minio.error import S3Error
from urllib3 import PoolManager

from deploy.local.servers.health import read_ok
from deploy.local.servers.ports import GRPC_OFFSET, LOOPBACK
from deploy.local.servers.seaweedfs import SeaweedFS
from tests.file_server import running_file_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SeaweedFS]:
    with SeaweedFS(tmp_path / "seaweedfs") as server:
        yield server


def test_it_makes_no_bucket_unasked(server: SeaweedFS) -> None:
    with pytest.raises(S3Error, match="NoSuchBucket"):
        _put(server, "absent", "photo", b"bytes")


def test_it_refuses_who_has_no_key(server: SeaweedFS) -> None:
    with PoolManager() as http:
        answer = http.request("PUT", f"{server.endpoint}/bucket")

    assert answer.status == 403


def test_it_refuses_who_has_another_key(server: SeaweedFS) -> None:
    with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
        _client(server, secret_key="another").list_buckets()


def test_it_does_not_start_without_a_key(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="would serve everybody"):
        SeaweedFS(tmp_path, secret_key="")


def test_it_listens_on_loopback_only(server: SeaweedFS) -> None:
    for port in (port + offset for port in server.ports for offset in (0, GRPC_OFFSET)):
        # Who listens on all addresses of the machine listens on this one too.
        with socket.socket() as stranger:
            stranger.settimeout(5)
            assert stranger.connect_ex(("127.0.0.2", port)) != 0


@pytest.mark.parametrize(
    ("centers", "serves"),
    [("null", False), ('[{"Racks": [{"DataNodes": [{"Volumes": 2}]}]}]', True)],
)
def test_it_serves_nobody_before_the_master_has_a_volume_server(
    tmp_path: Path, centers: str, *, serves: bool
) -> None:
    server = SeaweedFS(tmp_path / "seaweedfs")
    server.directory.mkdir(exist_ok=True)
    server.tls.renew(LOOPBACK)
    with running_file_server() as gateway, running_file_server(_server_context(server)) as master:
        gateway.serve("/healthz", b"")
        master.serve("/dir/status", b'{"Topology": {"DataCenters": %s}}' % centers.encode())
        server.port = int(gateway.url.rpartition(":")[2])
        server.ports = server.ports._replace(master=int(master.url.rpartition(":")[2]))

        assert server.answers() is serves


@pytest.fixture(scope="module")
def holding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    """A server with something to hide: attacked, and to hold it all the same at the end."""
    with SeaweedFS(tmp_path_factory.mktemp("holding")) as server:
        _client(server).make_bucket("bucket")
        _put(server, "bucket", "photo", b"bytes")
        yield server
        assert _get(server, "bucket", "photo") == b"bytes"


@pytest.mark.parametrize(
    ("component", "path"),
    [
        ("filer", "/buckets/"),
        ("filer", "/buckets/bucket/photo"),
        ("master", "/dir/status"),
        ("master", "/dir/assign"),
        # The master does it for everybody who has signing keys in the place of certificates.
        ("master", "/col/delete?collection=bucket"),
        ("volume", "/status"),
        ("admin", "/metrics"),
    ],
)
def test_nobody_without_its_certificate_is_served_inside(
    holding: SeaweedFS, component: str, path: str
) -> None:
    port = getattr(holding.ports, component)

    assert read_ok(LOOPBACK, port, path) is None
    assert read_ok(LOOPBACK, port, path, ssl._create_unverified_context()) is None


def test_who_has_its_certificate_is_served_inside(holding: SeaweedFS) -> None:
    context = holding.tls.client_context()

    assert read_ok(LOOPBACK, holding.ports.filer, "/buckets/bucket/photo", context) == b"bytes"


def test_nobody_without_its_certificate_is_heard_by_its_shell(holding: SeaweedFS) -> None:
    with _shell(holding) as stranger:
        try:
            said, _ = stranger.communicate(b"s3.configure\nfs.ls /buckets\n", timeout=10)
        except subprocess.TimeoutExpired:
            stranger.kill()
            said, _ = stranger.communicate()

    assert holding.access_key.encode() not in said
    assert b"bucket\n" not in said


def test_what_it_writes_is_closed_to_other_users(holding: SeaweedFS) -> None:
    written = [holding.tls.key, *(file for file in holding.directory.iterdir() if file.is_dir())]

    assert len(written) == 5
    assert [file for file in written if file.stat().st_mode & 0o077] == []


def test_what_it_acknowledged_survives_a_kill(server: SeaweedFS) -> None:
    _client(server).make_bucket("bucket")
    _put(server, "bucket", "photo", b"bytes" * 100_000)

    server.kill()
    server.start()

    assert _get(server, "bucket", "photo") == b"bytes" * 100_000


def test_the_ports_of_the_last_start_are_taken_again(server: SeaweedFS) -> None:
    server.stop()

    assert SeaweedFS(server.directory).ports == server.ports


def test_what_it_holds_can_be_read_on_other_ports(server: SeaweedFS) -> None:
    _client(server).make_bucket("bucket")
    _put(server, "bucket", "before", b"before")
    server.stop()

    with socket.create_server(("127.0.0.1", server.ports.master)):
        other = SeaweedFS(server.directory)
    (server.directory / "ports.json").unlink()
    with SeaweedFS(server.directory) as moved:
        assert not set(moved.ports) & set(server.ports)
        assert _get(moved, "bucket", "before") == b"before"
        _put(moved, "bucket", "after", b"after")
        assert _get(moved, "bucket", "after") == b"after"

    assert other.ports.master != server.ports.master


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_it_leaves_nothing_outside_its_directory(server: SeaweedFS, ending: str) -> None:
    assert _sockets(server)

    getattr(server, ending)()

    assert _sockets(server) == []


def test_two_run_side_by_side(server: SeaweedFS, tmp_path: Path) -> None:
    with SeaweedFS(tmp_path / "second") as second:
        _client(second).make_bucket("only-there")

        assert [bucket.name for bucket in _client(server).list_buckets()] == []


def _sockets(server: SeaweedFS) -> list[Path]:
    # By component and port: a number alone may be another one's, left there by a server that died with its parent.
    names = [
        f"seaweedfs-{component}-grpc-{port + GRPC_OFFSET}.sock"
        for component, port in server.ports._asdict().items()
    ]
    return [Path("/tmp", name) for name in names if Path("/tmp", name).exists()]


def _shell(server: SeaweedFS) -> subprocess.Popen[bytes]:
    """Start its own shell, as another user of the machine could."""
    addresses = [
        f"-{name}={LOOPBACK}:{getattr(server.ports, name)}" for name in ("master", "filer")
    ]
    return subprocess.Popen(
        [Path(sysconfig.get_path("scripts"), "weed"), "shell", *addresses],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "HOME": str(server.directory.parent)},
    )


def _server_context(server: SeaweedFS) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=server.tls.authority)
    context.load_cert_chain(server.tls.certificate, server.tls.key)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _client(server: SeaweedFS, secret_key: str = "") -> Minio:
    host = server.endpoint.removeprefix("http://")
    return Minio(
        host,
        access_key=server.access_key,
        secret_key=secret_key or server.secret_key,
        secure=False,
    )


def _put(server: SeaweedFS, bucket: str, key: str, content: bytes) -> None:
    _client(server).put_object(bucket, key, io.BytesIO(content), len(content))


def _get(server: SeaweedFS, bucket: str, key: str) -> bytes:
    answer = _client(server).get_object(bucket, key)
    try:
        return answer.read()
    finally:
        answer.close()
        answer.release_conn()

"""An object store whose certificate is of an authority that only the settings know."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import trustme

from deploy.doctor.object_store import look_at_object_store
from deploy.local.servers.ports import LOOPBACK
from shared.errors import Misconfigured, ObjectStoreUnavailable
from shared.objects.store import IMAGE, ObjectStore
from shared.settings.settings import Settings
from tests.conformance.test_object_store import finished_job
from tests.tls_terminator import TlsTerminator

_ELSEWHERE = "192.0.2.1"

Behind = Callable[..., Settings]


@pytest.fixture
def behind(settings: Settings) -> Behind:
    def put(terminator: TlsTerminator, ca_certs: Path | str = "") -> Settings:
        endpoint = f"https://{LOOPBACK}:{terminator.port}"
        changes = {"s3_endpoint": endpoint, "s3_ca_certs": str(ca_certs)}
        return settings.model_copy(update=changes)

    return put


@pytest.fixture
def port(settings: Settings) -> int:
    return int(settings.s3_endpoint.rpartition(":")[2])


def test_one_of_an_authority_that_the_settings_name_is_used_and_looked_at(
    behind: Behind, port: int, authority: trustme.CA, authority_file: Path
) -> None:
    with TlsTerminator(port, authority) as terminator:
        settings = behind(terminator, authority_file)
        store, job = ObjectStore(settings), finished_job(uuid.uuid4())

        store.set_up()
        store.put_result(job.lease, IMAGE, b"png")

        tls = ssl.create_default_context(cafile=str(authority_file))
        assert httpx.get(store.sign_result(job, IMAGE), verify=tls).content == b"png"
        assert [it.cure for it in look_at_object_store(settings) if it.cure] == []


@pytest.mark.parametrize("named", [False, True], ids=["no file", "another authority's file"])
def test_one_of_an_unknown_authority_is_refused_and_hears_nothing(
    behind: Behind, port: int, authority_file: Path, *, named: bool
) -> None:
    with TlsTerminator(port, trustme.CA()) as terminator:
        store = ObjectStore(behind(terminator, authority_file if named else ""))

        with pytest.raises(ObjectStoreUnavailable):
            store.put_input(uuid.uuid4(), b"photo")

        assert terminator.heard == b""


def test_one_whose_certificate_is_for_another_host_is_refused(
    behind: Behind, port: int, authority: trustme.CA, authority_file: Path
) -> None:
    with TlsTerminator(port, authority, _ELSEWHERE) as terminator:
        store = ObjectStore(behind(terminator, authority_file))

        with pytest.raises(ObjectStoreUnavailable):
            store.put_input(uuid.uuid4(), b"photo")

        assert terminator.heard == b""


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_of_authorities_that_holds_none_is_refused_at_start(
    settings: Settings, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)

    with pytest.raises(Misconfigured, match=r"CUTWORK_S3_CA_CERTS: .*ca\.pem is no PEM file"):
        ObjectStore(
            settings.model_copy(
                update={"s3_endpoint": "https://s3.example", "s3_ca_certs": str(file)}
            )
        )

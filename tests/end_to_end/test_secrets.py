"""No secret leaves by a side door: logs, error bodies and headers of a real installation are searched for them."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from deploy.local.servers.ports import LOOPBACK
from deploy.local.servers.valkey import Valkey
from shared.sql.database import Database
from shared.tenants.key_store import KeyStore
from tests.conditions import eventually
from tests.end_to_end.client import CUTOUT, QUERY, urls_of
from tests.end_to_end.installation import Installation

V1 = "/v1/jobs"
#: Whoever has a signed URL can read what it points at.
SIGNATURE = "X-Amz-Signature"


@dataclass
class Witness:
    """A client with a key, that writes down everything it hears."""

    url: str
    key: str
    heard: list[str] = field(default_factory=list)

    @property
    def secret(self) -> str:
        return self.key.split("_", 2)[2]

    def send(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        sent = {"ailabapi-api-key": self.key} if headers is None else headers
        answer = httpx.request(method, self.url + path, headers=sent, timeout=60, **more)
        self.heard += [str(answer.headers.multi_items()), without_data(answer)]
        return answer

    def post(self, photo: bytes, path: str = CUTOUT, **fields: str) -> httpx.Response:
        return self.send("POST", path, files={"image": photo}, data=fields)

    def wait_for(self, task_id: str) -> dict[str, Any]:
        def finished() -> dict[str, Any] | None:
            parameters = {"task_id": task_id, "wait": "5"}
            body: dict[str, Any] = self.send("GET", QUERY, params=parameters).json()
            return body if body["task_status"] in {2, 3} else None

        return eventually(finished, 60)

    def send_raw(self, request: str) -> None:
        """Send what no HTTP library would, and hear what is said to it."""
        with socket.create_connection((LOOPBACK, int(self.url.rpartition(":")[2])), 20) as client:
            client.sendall(request.encode())
            client.shutdown(socket.SHUT_WR)
            self.heard.append(client.makefile("rb").read().decode())


def without_data(answer: httpx.Response) -> str:
    """Take the parts out in which a signature has to stand."""
    try:
        body = json.loads(answer.text, object_hook=_without_urls)
    except json.JSONDecodeError:
        return answer.text
    return json.dumps(body)


def _without_urls(found: dict[str, Any]) -> dict[str, Any]:
    return {name: it for name, it in found.items() if name not in {"elements", "outputs"}}


@pytest.fixture
def witness(installation: Installation) -> Iterator[Witness]:
    database = Database(installation.settings.database_url)
    _, key = KeyStore(database).create("shop")
    yield Witness(installation.url, key)
    database.close()


def test_no_secret_is_in_any_log_error_or_header(
    installation: Installation, witness: Witness, photo: bytes, valkey: Valkey
) -> None:
    installation.start_worker()
    signatures = use_the_service(witness, photo)
    make_mistakes(witness, photo)
    valkey.kill()
    witness.post(photo, task_type="async")
    valkey.start()

    public = "\n".join(witness.heard) + installation.logs()

    assert "job.queued" in public
    assert "request.refused" in public
    assert "job.unpublished" in public
    secrets = {
        "key": witness.secret,
        "object store": installation.settings.s3_secret_key.get_secret_value(),
        "a signed URL": SIGNATURE,
        **{f"signature {number}": text for number, text in enumerate(signatures)},
    }
    assert [name for name, secret in secrets.items() if secret in public] == []


def use_the_service(witness: Witness, photo: bytes) -> list[str]:
    """Do what clients do, and return the signatures of the results."""
    inline = witness.post(photo, cloth_class="tops,hat").json()
    task_id = witness.post(photo, task_type="async").json()["task_id"]
    answers = [inline, witness.wait_for(task_id)]
    modern = witness.post(photo, path=V1)
    answers.append(witness.wait_for(modern.json()["task_id"]))
    witness.send("GET", V1)
    witness.send("GET", f"{V1}/{task_id}")
    witness.send("GET", V1, params={"ids": task_id})
    witness.send("DELETE", f"{V1}/{task_id}")
    witness.send("GET", QUERY, params={"task_id": task_id})
    witness.send("GET", "/healthz")
    witness.send("GET", "/readyz")
    urls = [url for answer in answers for url in urls_of(answer).values() if url]
    assert all(SIGNATURE in url for url in urls)
    for url in urls:
        witness.heard.append(str(httpx.get(url).headers.multi_items()))
    return [httpx.URL(url).params[SIGNATURE] for url in urls]


def make_mistakes(witness: Witness, photo: bytes) -> None:
    """Do what clients should not do, and put the key where it does not belong."""
    key = witness.key
    witness.post(b"")
    witness.post(b"no photo")
    witness.wait_for(witness.post(photo[: len(photo) // 2], task_type="async").json()["task_id"])
    witness.post(photo, cloth_class=key)
    witness.post(photo, task_type=key)
    witness.send("POST", CUTOUT, content=key)
    witness.send("POST", CUTOUT, files={key: key})
    for headers in (
        {"ailabapi-api-key": f"{key}x"},
        {"ailabapi-api-key": f"x{key}"},
        {"Authorization": f"Basic {key}"},
        {"Authorization": f"Bearer {key} {key}"},
        {"ailabapi-api-key": key, "Idempotency-Key": f"{key} {key}"},
        {"ailabapi-api-key": key, "Content-Type": f"multipart/form-data; boundary={key}"},
        {"ailabapi-api-key": key, "Prefer": key},
        {"ailabapi-api-key": key, "Expect": key},
        {"ailabapi-api-key": key, "X-Large": key * 300},
    ):
        witness.send("POST", CUTOUT, headers=headers, content=b"x")
        witness.send("POST", V1, headers=headers, content=b"x")
    for path in (f"/{key}", f"{QUERY}?task_id={key}", f"{V1}/{key}", f"{V1}?after={key}"):
        for method in ("GET", "DELETE", "PATCH"):
            witness.send(method, path)
    witness.send_raw(f"GET /healthz HTTP/1.1\r\nHost: x\r\nailabapi-api-key {key}\r\n\r\n")
    witness.send_raw(f"{key} /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    witness.send_raw(f"ailabapi-api-key: {key}\r\n\r\n")
    witness.send_raw(f"GET /{key * 100} HTTP/1.1\r\nHost: x\r\n\r\n")
    chunked = "Content-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked\r\n"
    witness.send_raw(
        f"POST {CUTOUT} HTTP/1.1\r\nHost: x\r\nailabapi-api-key: {key}\r\n{chunked}\r\n{key}\r\n"
    )

"""Uploads from people who mean no good, or lose their connection."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx

from tests.conditions import eventually
from tests.end_to_end.client import CUTOUT, HEADERS, submit, wait_for
from tests.fault.audit import Audit
from tests.fault.conftest import ON_EACH
from tests.fault.site import Site

_FORM = {**HEADERS, "Content-Type": "multipart/form-data; boundary=edge"}

NAMES = {
    "a path": b"../../../../etc/passwd",
    "a nul": b"photo\0.jpg",
    "four kilobytes": b"x" * 4096 + b".jpg",
    "right to left": "\u202egpj.exe".encode(),
    "emoji": "👗👠.jpg".encode(),
    "a header": b"x.jpg\r\nSet-Cookie: stolen=yes",
    "a quote": b'x";name="task_type',
}


def body_with(name: bytes, photo: bytes) -> bytes:
    return b"\r\n".join(
        [
            b"--edge",
            b'Content-Disposition: form-data; name="task_type"',
            b"",
            b"async",
            b"--edge",
            b'Content-Disposition: form-data; name="image"; filename="' + name + b'"',
            b"",
            photo,
            b"--edge--",
            b"",
        ]
    )


def test_a_file_name_goes_nowhere(site: Site, photo: bytes) -> None:
    taken = set()
    for what, name in NAMES.items():
        answer = httpx.post(site.url + CUTOUT, headers=_FORM, content=body_with(name, photo))

        assert answer.status_code == 200, f"{what}: {answer.text}"
        assert "set-cookie" not in answer.headers
        assert name.decode("utf-8", "replace") not in answer.text
        taken.add(answer.json()["task_id"])

    audit = Audit(site.settings)
    assert len(taken) == len(NAMES)
    assert audit.inputs() == taken == set(audit.rows())
    audit.close()


def test_uploads_that_broke_off_half_way_leave_nothing(site: Site, photo: bytes) -> None:
    body = body_with(b"photo.jpg", photo)
    address = urlsplit(site.url)
    head = (
        f"POST {CUTOUT} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {len(body)}\r\n"
        + "".join(f"{name}: {value}\r\n" for name, value in _FORM.items())
        + "\r\n"
    )
    for _ in range(5):
        with socket.create_connection((str(address.hostname), address.port or 80)) as connection:
            connection.sendall(head.encode() + body[: len(body) // 2])

    task_id = submit(site.url, photo)

    audit = Audit(site.settings)
    assert audit.inputs() == set(audit.rows()) == {task_id}
    audit.close()


@ON_EACH
def test_fifty_posts_at_once_under_one_key_make_one_job_until_its_day_is_over(
    site: Site, photo: bytes
) -> None:
    def post_under_key(_: int = 0) -> str:
        answer = httpx.post(
            site.url + CUTOUT,
            headers={**HEADERS, "Idempotency-Key": "order-1"},
            data={"task_type": "async"},
            files={"image": photo},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["task_id"])

    with ThreadPoolExecutor(50) as pool:
        [task_id] = set(pool.map(post_under_key, range(50)))

    assert str(site.row().id) == task_id
    site.start_real_worker()
    assert wait_for(site.url, task_id)["task_status"] == 2
    assert post_under_key() == task_id
    site.end_lifetimes_in(0)
    eventually(lambda: site.row().status == "expired")
    assert wait_for(site.url, post_under_key())["task_status"] == 2
    assert [row.status for row in site.rows()] == ["expired", "succeeded"]

"""What a client can do to HTTP itself: an envelope as long as it can be answered at all, and never a 500."""

from __future__ import annotations

import base64
import gzip
import re
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.answers.job_ids import MAX_IDS
from api.intake.form import MAX_BODY_BYTES
from api.routes.cutout import PATH as CUTOUT
from deploy.local.servers.ports import LOOPBACK
from tests.api.deployed import answers, serving
from tests.api.photos import photo
from tests.api.raw_http import (
    CHUNKED,
    END,
    FORM,
    KEY,
    MEGABYTE,
    Target,
    chunk,
    head,
    parse,
    part,
    read_all,
)
from tests.conditions import eventually

#: What all of this may add to the memory of the process.
GROWTH = 64 * MEGABYTE
#: Of work, for the slowest form there is: nobody else is answered meanwhile.
FORM_SECONDS = 1
#: gunicorn gives the head of a request five seconds.
HEAD_SECONDS = 5
#: By the form; then comes the object store, which is not there.
TAKEN = (503, "ERROR_RESOURCE_UNAVAILABLE")
TOO_LARGE = (413, "ERROR_REQUEST_BODY_TOO_LARGE")
NO_FORM = (400, "ERROR_PARAMETERS")
NO_IMAGE = (415, "UNSUPPORTED_FILE_TYPES")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("attacked")


@pytest.fixture(scope="module")
def target(home: Path) -> Iterator[Target]:
    """One process for all tests: at the end it still lives, and has not grown."""
    with serving(home) as (process, url):
        target = Target(process, url)
        target.post(FORM, length=len(FORM))
        workers, before = target.workers(), target.memory()
        yield target
        assert answers(url)
        assert target.workers() == workers
        assert target.memory() - before < GROWTH
        log = (home / "gunicorn.log").read_text()
        assert "Traceback" not in log
        assert "UNKNOWN_ERROR" not in log


def test_requests_of_one_connection_are_logged_by_their_own_names(
    target: Target, home: Path
) -> None:
    names = [uuid.uuid4().hex for _ in range(3)]
    requests = [
        f"GET /v1/jobs/{name} HTTP/1.1\r\nHost: {LOOPBACK}\r\n{KEY}X-Request-ID: {name}\r\n\r\n"
        for name in names
    ]

    answers = target.send([request.encode() for request in requests])

    assert [envelope["request_id"] for _, envelope in answers] == names
    lines = eventually(lambda: _lines_about(names, home / "gunicorn.log"))
    assert [sum(name in line for line in lines) for name in names] == [1, 1, 1]


def _lines_about(names: list[str], log: Path) -> list[str]:
    """Read what was logged about these requests; nothing as long as one of them is missing."""
    lines = log.read_text().splitlines()
    return lines if all(any(name in line for line in lines) for name in names) else []


def test_a_whole_upload_gets_as_far_as_the_object_store_that_is_not_there(target: Target) -> None:
    assert target.post(FORM, length=len(FORM)) == TAKEN


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (head(f"X-Large: {'a' * 9000}\r\n", 0), 431),
        (head(f"X-Huge: {'a' * MEGABYTE}\r\n", 0), 431),
        (head("".join(f"X-{number}: a\r\n" for number in range(100)), 0), 431),
        (head("".join(f"X-{number}: {'a' * 4000}\r\n" for number in range(10)), 0), 431),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (head("Expect: a miracle\r\n", 0), 417),
    ],
    ids=range(11),
)
def test_a_head_that_is_too_large_or_no_http_is_an_envelope(
    target: Target, request_bytes: bytes, status: int
) -> None:
    [(answered, envelope)] = target.send([request_bytes])

    assert (answered, envelope["error_detail"]["code"]) == (status, "ERROR_PARAMETERS")


def test_as_many_jobs_as_may_be_named_fit_into_a_request_line(target: Target) -> None:
    """In the longest way of writing them: with each comma escaped."""
    ids = "%2C".join([str(uuid.uuid4())] * MAX_IDS)
    line = f"GET /v1/jobs?ids={ids}&wait=0.1 HTTP/1.1\r\nHost: {LOOPBACK}\r\n{KEY}\r\n"

    [(status, envelope)] = target.send([line.encode()])

    assert (status, len(envelope["data"]["jobs"])) == (200, MAX_IDS)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /readyz HTTP/1.0\r\n\r\n",
        b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
        head(length=len(FORM)) + FORM,
        b"no http at all\r\n\r\n",
    ],
    ids=["alive", "not ready", "unknown path", "upload", "unreadable"],
)
def test_no_answer_tells_what_software_it_is_from(target: Target, request_bytes: bytes) -> None:
    with socket.create_connection((LOOPBACK, int(target.url.rpartition(":")[2])), 30) as client:
        client.sendall(request_bytes)
        client.shutdown(socket.SHUT_WR)
        answer = read_all(client)

    assert answer.startswith(b"HTTP/1.")
    assert not re.search(
        rb"(?i)gunicorn|gevent|werkzeug|flask|python|\n(via|x-powered-by):", answer
    )


def test_what_could_not_be_read_is_neither_answered_nor_logged(target: Target, home: Path) -> None:
    secret = "cw_0123456789ab_hush"

    [(_, envelope)] = target.send(
        [f"GET / HTTP/1.1\r\nHost: x\r\nailabapi-api-key {secret}\r\n\r\n".encode()]
    )

    assert "hush" not in str(envelope)
    eventually(lambda: "InvalidHeader" in (home / "gunicorn.log").read_text())
    assert "hush" not in (home / "gunicorn.log").read_text()


@pytest.mark.parametrize("length", ["abc", "-5", "1, 2", "1\r\nContent-Length: 2"])
def test_a_length_that_is_no_number_is_refused(target: Target, length: str) -> None:
    assert target.post(FORM, length=length) == (400, "ERROR_PARAMETERS")


def test_a_length_and_chunks_at_once_are_refused(target: Target) -> None:
    assert target.post(chunk(FORM), CHUNKED, len(FORM)) == (400, "ERROR_PARAMETERS")


@pytest.mark.parametrize(
    "name",
    [
        "图片.jpg".encode("gbk"),
        "写真表".encode("shift_jis"),
        "été.jpg".encode("latin-1"),
        b"a\rb.png",
        b"a\nb.png",
        b'a"b.png',
        b"C:\\photos\\",
        bytes(range(0x80, 0x100)),
    ],
)
def test_a_file_name_of_any_bytes_is_not_looked_at(target: Target, name: bytes) -> None:
    body = part(photo(), b'form-data; name="image"; filename="' + name + b'"') + END

    assert target.post(body, length=len(body)) == TAKEN


@pytest.mark.parametrize(
    ("content_type", "body", "words"),
    [
        ("multipart/form-data", FORM, "no usable `boundary`"),
        ("multipart/form-data; boundary=", FORM, "no usable `boundary`"),
        ("multipart/form-data; boundary=y", FORM, "does not occur"),
        ("multipart/form-data; boundary=y", part(b"z" * 5 * MEGABYTE) + END, "does not occur"),
        ("multipart/form-data; boundary=x", b"", "empty"),
        ("multipart/form-data; boundary=x", FORM[: -len(END)], "closing boundary"),
        ("multipart/form-data; boundary=x", FORM[:-3], "closing boundary"),
        ("application/json", b"{}", "JSON"),
        ("application/json", b"x" * (MAX_BODY_BYTES + 1), "JSON"),
        ("image/png", photo(), "bare photo"),
        ("application/x-www-form-urlencoded", b"image=x", "URL-encoded"),
    ],
)
def test_a_body_that_is_no_whole_form_is_told_what_is_wrong(
    target: Target, content_type: str, body: bytes, words: str
) -> None:
    [(status, envelope)] = target.send([head(f"Content-Type: {content_type}\r\n", len(body)), body])

    assert (status, envelope["error_detail"]["code"]) == NO_FORM
    assert words in envelope["error_msg"]


def test_a_whole_form_of_which_too_much_is_announced_is_too_large(target: Target) -> None:
    assert target.post(FORM, length=MAX_BODY_BYTES + 1) == TOO_LARGE


def test_a_body_without_any_type_is_told_so(target: Target) -> None:
    [(status, envelope)] = target.send(
        [
            head(length=len(FORM)).replace(
                b"Content-Type: multipart/form-data; boundary=x\r\n", b""
            ),
            FORM,
        ]
    )

    assert (status, envelope["error_detail"]["code"]) == NO_FORM
    assert "no `Content-Type`" in envelope["error_msg"]


@pytest.mark.parametrize("size", [1000, MEGABYTE, 5 * MEGABYTE, 20 * MEGABYTE])
@pytest.mark.parametrize("chunked", [True, False])
def test_a_photo_sent_as_text_of_any_size_is_told_to_be_a_file(
    target: Target, size: int, chunked: bool
) -> None:
    body = (
        part(base64.b64encode(b"\xff\xd8\xff".ljust(size, b"\0")), 'form-data; name="image"') + END
    )

    answer = (
        target.post(chunk(body) + chunk(b""), CHUNKED)
        if chunked
        else target.post(body, length=len(body))
    )

    assert answer == (400, "MISSING_PARAMETERS")


@pytest.mark.parametrize("missing", [1, 10, len(photo()) // 2])
def test_a_client_that_hangs_up_half_way_is_told_that_the_form_is_cut_off(
    target: Target, missing: int
) -> None:
    cut = FORM[: -len(END) - missing]

    assert target.post(cut, length=len(FORM)) == (400, "ERROR_PARAMETERS")


def test_a_client_that_does_not_wait_for_its_answer_harms_nobody(target: Target) -> None:
    port = int(target.url.rpartition(":")[2])
    for _ in range(20):
        with socket.create_connection((LOOPBACK, port), timeout=5) as client:
            client.sendall(head(length=len(FORM)) + FORM[:50])

    assert answers(target.url)


def test_a_body_longer_than_its_length_is_cut_there_and_the_rest_is_no_request(
    target: Target,
) -> None:
    first, second = target.send([head(length=len(FORM) - 40), FORM])

    assert (first[0], second[0]) == (400, 400)


def test_an_upload_without_a_length_is_an_empty_one(target: Target) -> None:
    first, second = target.send([head(), FORM])

    assert (first[0], second[0]) == (400, 400)


EXPECTING = "Expect: 100-continue\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
BATCH = "Content-Type: application/jsonl\r\n"


@pytest.mark.parametrize(
    ("headers", "length", "path", "status"),
    [
        ("", 50_000_000, CUTOUT, 413),
        ("", MAX_BODY_BYTES + 1, CUTOUT, 413),
        (BATCH, 500_000_000, "/v1/batches", 413),
        ("Content-Type: application/json\r\n", 1000, CUTOUT, 400),
        ("", 1000, "/nowhere", 404),
    ],
    ids=["form", "one byte too many", "batch", "other type", "unknown path"],
)
def test_a_body_that_will_be_refused_is_not_asked_for(
    target: Target, headers: str, length: int, path: str, status: int
) -> None:
    asking = head(EXPECTING + headers, length).replace(CUTOUT.encode(), path.encode(), 1)

    [(answered, _)] = target.send([asking], hang_up=False)

    assert answered == status


def test_a_body_that_may_be_taken_is_asked_for_before_it_comes(target: Target) -> None:
    with socket.create_connection((LOOPBACK, int(target.url.rpartition(":")[2])), 30) as client:
        client.sendall(head(EXPECTING, len(FORM)))
        assert client.recv(len(CONTINUE)) == CONTINUE
        client.sendall(FORM)
        client.shutdown(socket.SHUT_WR)

        [(status, envelope)] = parse(read_all(client))

    assert (status, envelope["error_detail"]["code"]) == TAKEN


def test_a_body_that_comes_unasked_is_no_request_of_its_own(target: Target) -> None:
    """Its client may have sent it before the refusal was there."""
    smuggled = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

    [(status, _)] = target.send([head(EXPECTING, 50_000_000), smuggled])

    assert status == 413


def test_chunks_need_no_length(target: Target) -> None:
    body = chunk(FORM[:100]) + chunk(FORM[100:]) + chunk(b"")

    assert target.post(body, CHUNKED) == TAKEN


@pytest.mark.parametrize(
    "body",
    [
        b"%x\r\n%s" % (len(FORM) + 5, FORM),
        b"zz\r\n%s\r\n0\r\n\r\n" % FORM,
        b"%x\r\n%sXX0\r\n\r\n" % (len(FORM) - 20, FORM[:-20]),
        b"%s\r\n" % (b"f" * 10_000),
    ],
    ids=["cut off", "no size", "no end", "endless size"],
)
def test_chunks_that_are_none_are_an_unreadable_form(target: Target, body: bytes) -> None:
    assert target.post(body, CHUNKED) == (400, "ERROR_PARAMETERS")


def test_endless_chunks_end_at_the_limit_of_a_body(target: Target) -> None:
    pieces = (chunk(b"z" * MEGABYTE) for _ in range(20))

    [(status, envelope)] = target.send([head(CHUNKED), chunk(part(b"")), *pieces, chunk(b"")])

    assert (status, envelope["error_detail"]["code"]) == (413, "ERROR_REQUEST_BODY_TOO_LARGE")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "nonsense"])
def test_a_body_that_is_packed_is_refused_and_never_unpacked(target: Target, coding: str) -> None:
    bomb = gzip.compress(b"\0" * 50 * MEGABYTE)

    answer = target.post(bomb, f"Content-Encoding: {coding}\r\n", len(bomb))

    assert answer == (400, "ERROR_PARAMETERS")


@pytest.mark.parametrize(
    "coding",
    ["gzip, chunked", "deflate,chunked", "GZIP , chunked", "x-gzip, chunked", "br, chunked"],
)
@pytest.mark.parametrize(("headers", "path"), [("", CUTOUT), (BATCH, "/v1/batches")])
def test_a_body_that_says_it_is_packed_for_its_transfer_is_refused(
    target: Target, headers: str, path: str, coding: str
) -> None:
    packed = head(f"{headers}Transfer-Encoding: {coding}\r\n")

    [(status, envelope)] = target.send(
        [packed.replace(CUTOUT.encode(), path.encode(), 1), chunk(FORM), chunk(b"")]
    )

    assert (status, envelope["error_detail"]["code"]) == NO_FORM


@pytest.mark.parametrize("coding", ["chunked", "Chunked", "identity, chunked"])
def test_a_body_that_says_it_is_not_packed_is_read(target: Target, coding: str) -> None:
    headers = f"Content-Encoding: identity\r\nTransfer-Encoding: {coding}\r\n"

    assert target.post(chunk(FORM) + chunk(b""), headers) == TAKEN


@pytest.mark.parametrize("body", [FORM, b"", b"\0" * 5000])
def test_a_packed_form_by_its_type_alone_is_refused(target: Target, body: bytes) -> None:
    answer = target.post(body, "Content-Type: application/gzip\r\n", len(body))

    assert answer == (400, "ERROR_PARAMETERS")


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"".join(part(b"v", f'form-data; name="{n}"') for n in range(1000)) + END, TOO_LARGE),
        (part(b"v" * 5_000_000, 'form-data; name="out_mode"') + END, TOO_LARGE),
        (part(b"v" * 10_000_000, 'form-data; name="out_mode"') + END, TOO_LARGE),
        (b"--x\r\n" + b"X-A: b\r\n" * 600_000 + b"\r\n" + END, TOO_LARGE),
        (b"--x\r\nX-A: " + b"b" * 5_000_000 + b"\r\n\r\n" + END, TOO_LARGE),
        (b"\r" * 5_000_000 + FORM, NO_FORM),
        (part(b"\r" * 5_000_000) + END, NO_IMAGE),
        (part(b"\n" * 5_000_000) + END, NO_IMAGE),
        (part(b"\r\n" * 2_500_000) + END, NO_IMAGE),
        (part(b"\r\n--" * 1_250_000) + END, NO_IMAGE),
        (part(b"\r\n--xx" * 800_000) + END, NO_IMAGE),
        (b"x" * (MAX_BODY_BYTES + 1), TOO_LARGE),
    ],
    ids=[
        "1,000 parts",
        "5 MB text field",
        "10 MB text field",
        "5 MB of headers in a part",
        "5 MB header in a part",
        "CR before the form",
        "CR",
        "LF",
        "CRLF",
        "half boundaries",
        "almost boundaries",
        "one byte too many",
    ],
)
def test_a_form_that_is_made_to_be_slow_or_large_is_refused_in_seconds(
    target: Target, body: bytes, answer: tuple[int, str]
) -> None:
    before = target.cpu_seconds()

    assert target.post(body, length=len(body)) == answer

    assert target.cpu_seconds() - before < FORM_SECONDS


def test_a_head_that_trickles_in_is_given_up_on(target: Target) -> None:
    port = int(target.url.rpartition(":")[2])
    with socket.create_connection((LOOPBACK, port), timeout=5) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\n")

        def is_closed() -> bool:
            try:
                client.sendall(b"X-Slow: a\r\n")
            except OSError:
                return True
            return False

        eventually(is_closed, within=HEAD_SECONDS + 5)

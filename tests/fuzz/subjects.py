"""What reads bytes that anybody may have sent: each takes any, and ends in one of the ways that it promises."""

from __future__ import annotations

import random
import string
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from celery import Celery
from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.test import EnvironBuilder

from api.answers.listing import read_page
from api.intake.fields import Rules
from api.intake.form import read_cutout_request
from api.intake.options import MODERN
from shared.errors import Refused
from shared.image_files.header import read_header
from shared.job import Queue
from shared.messaging.broker import TASK
from shared.messaging.messages import MessageWriter
from shared.outgoing.failure import CallFailed
from shared.outgoing.policy import Policy
from shared.wire.contract import MAX_IMAGE_BYTES
from tests.api import multipart_body
from tests.fault.mutation import mutants_of, whole_photos
from tests.fault.test_message_faults import NO_MESSAGES
from tests.files import FILES
from worker.imaging.decoding import decode
from worker.messages.consumer import is_ours

#: Of CPU, for one input: in a process that does nothing else meanwhile, and between other requests.
MOST_SECONDS, MOST_SECONDS_BETWEEN_REQUESTS = 2.0, 0.1


class Finding(Exception):
    """Raised for an input that ended in another way than is promised."""


@dataclass(frozen=True)
class Subject:
    """One reader, with inputs for it."""

    name: str
    #: Reads an input, and names the way in which it ended; whatever it raises is a finding.
    read: Callable[[bytes], str]
    #: Inputs that are good, or close to it.
    seeds: Callable[[], list[bytes]]
    most_seconds: float = MOST_SECONDS

    def inputs(self, seed: str) -> Iterator[bytes]:
        """Make inputs without end, the same ones for the same seed."""
        return mutants_of(self.seeds(), random.Random(f"{self.name} {seed}"))

    def try_one(self, data: bytes) -> str:
        """Read one input.

        Raises:
            Finding: It ended in a way that is not promised, or took too long.
        """
        began = time.process_time()
        try:
            ending = self.read(data)
        except Exception as error:
            raise Finding(f"{type(error).__name__}: {error}") from error
        seconds = time.process_time() - began
        if seconds > self.most_seconds:
            raise Finding(f"took {seconds:.2f} s of CPU")
        return ending


def _read_form(data: bytes) -> str:
    """The first line is the `Content-Type`, the second one the query, the rest the body."""
    kind, _, rest = data.partition(b"\n")
    query, _, body = rest.partition(b"\n")
    environment = EnvironBuilder("/", method="POST", data=body).get_environ()
    environment["CONTENT_TYPE"] = kind.decode("latin-1")
    # gunicorn refuses all else in a URL.
    environment["QUERY_STRING"] = quote(query, safe=string.punctuation)
    try:
        request = read_cutout_request(Request(environment), Rules(names=MODERN))
    except Refused as refused:
        return refused.code
    except RequestEntityTooLarge:
        return "too large"
    if not 0 < len(request.image) <= MAX_IMAGE_BYTES:
        raise Finding(f"took an image of {len(request.image)} bytes")
    return "taken"


def _form_seeds() -> list[bytes]:
    kind = multipart_body.MULTIPART.encode()
    part, end = multipart_body.part, multipart_body.END
    bodies = [
        multipart_body.form(),
        multipart_body.form(part("cloth_class", b"tops, coat"), part("return_form", b"mask")),
        multipart_body.form(part("cloth_class[]", b"tops"), part("cloth_class[0]", b"hat")),
        part("image", b"x" * 100, "x", "Content-Transfer-Encoding: base64") + end,
        part("image", b"data:image/png;base64,iVBORw0KGgo") + end,
        part("image", b"", "") + part("image", b"\xff\xd8\xff", "\u00e9\u3042.jpg") + end,
        multipart_body.raw_part(
            b"content-disposition:form-data;name=image;filename*=UTF-8''x", b"y"
        )
        + end,
        b"preamble\r\n" + multipart_body.form() + b"epilogue",
        multipart_body.form().replace(b"\r\n", b"\n"),
        b"",
    ]
    seeds = [kind + b"\n\n" + body for body in bodies]
    seeds.append(kind + b"\ncloth_class=tops&image=x&task_type=async\n" + bodies[0])
    seeds.append(kind + b"\nreference=A&metadata[a]=b&metadata={%22c%22:%22d%22}\n" + bodies[0])
    seeds.append(b'Multipart/Form-Data; charset=utf-8; boundary="cut-here"\n\n' + bodies[0])
    seeds += [
        it + b"\n\n{}" for it in (b"", b"application/json", b"image/png", b"multipart/form-data")
    ]
    return seeds


def _read_header(data: bytes) -> str:
    try:
        header = read_header(data)
    except Refused as refused:
        return refused.code
    if not (50 < header.width < 3000 and 50 < header.height < 3000):
        raise Finding(f"took {header.width} × {header.height}")
    return "taken"


def _decode(data: bytes) -> str:
    try:
        photo = decode(data)
    except Refused as refused:
        return refused.code
    if photo.rgb.dtype != "uint8" or photo.rgb.ndim != 3:
        raise Finding(f"decoded to {photo.rgb.dtype}, {photo.rgb.shape}")
    return "decoded"


def _read_message(data: bytes) -> str:
    return "ours" if is_ours(data, Queue.BULK.value) else "dropped"


def _message_seeds() -> list[bytes]:
    writer = MessageWriter(Celery("fuzz", set_as_current=False), TASK)
    ours = [text.encode() for queue in Queue for text in writer.write(queue.value, 2)]
    return ours * 4 + [it for it in NO_MESSAGES if len(it) < 20_000]


def _read_query(data: bytes) -> str:
    """What a list is asked for, one a line."""
    names = ("limit", "status", "cursor", "reference", "created_after", "created_before")
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    try:
        read_page(dict(zip(names, lines, strict=False)))
    except Refused as refused:
        return refused.code
    return "taken"


def _query_seeds() -> list[bytes]:
    cursor = b"AAY7kJ0xQ4A" + b"b" * 21
    selected = b"\nSKU-4711\n2026-11-23T12:00:00Z\n2026-11-23T12:00:00.5+01:00"
    return [
        b"20\nqueued\n" + cursor + selected,
        b"100\nsucceeded\n" + cursor,
        b"1\nfailed\n" + b"A" * 32,
    ]


def _photos() -> list[bytes]:
    return whole_photos([file.make() for file in FILES.values()])


def _read_url(data: bytes) -> str:
    """Read a URL, and what was understood of it: both must mean the same place."""
    policy = Policy()
    try:
        found = policy.read_url(data.decode("utf-8", "replace"))
    except CallFailed as failure:
        return failure.reason.name
    if policy.read_url(found.url) != found or not found.url.isascii():
        raise Finding(f"{found.url!r} is read as another place than it was written for")
    return "taken"


def _url_seeds() -> list[bytes]:
    urls = (
        "https://bücher.example/grün.jpg?a=b#c",
        "http://[2606:4700::1111]:443/a%20b",
        "https://photos.example.com:443/a/../b?x=%zz",
        "http://8.8.8.8/",
        "https://user@xn--4gbrim.example/a?X-Amz-Signature=ab%2F",
        "http://0x7f.1\\@①②⑦.0.0.1。/",
    )
    return [url.encode() for url in urls]


SUBJECTS = {
    subject.name: subject
    for subject in (
        Subject("form", _read_form, _form_seeds, MOST_SECONDS_BETWEEN_REQUESTS),
        Subject("image header", _read_header, _photos, MOST_SECONDS_BETWEEN_REQUESTS),
        Subject("decoders", _decode, _photos),
        Subject("message", _read_message, _message_seeds),
        Subject("list query", _read_query, _query_seeds),
        Subject("photo's URL", _read_url, _url_seeds),
    )
}

"""How a form is written down: file names, boundaries, line ends, and photos that are no files."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from api.intake.form import MAX_BODY_BYTES
from api.intake.multipart import MAX_TEXT_BYTES
from api.routes.cutout import PATH as CUTOUT
from shared.errors import ErrorCode
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error, assert_success
from tests.api.multipart_body import BOUNDARY, END, MULTIPART, part, raw_part
from tests.api.photos import padded, photo

ASYNC = part("task_type", b"async")
MEGABYTE = 1024 * 1024


def with_line_feeds(text: bytes) -> bytes:
    return text if text == photo() else text.replace(b"\r\n", b"\n")


def assert_taken(front_end: FrontEnd, body: bytes, content_type: str = MULTIPART) -> None:
    assert_success(front_end.post_raw(body, content_type), task_status=0)
    assert list(front_end.object_store.inputs.values()) == [photo()]


def message(
    front_end: FrontEnd,
    body: bytes,
    content_type: str | None = MULTIPART,
    code: ErrorCode = ErrorCode.ERROR_PARAMETERS,
) -> str:
    """Return the message of a 400 after which nothing is stored."""
    said: str = assert_error(front_end.post_raw(body, content_type), 400, code)["error_msg"]
    assert front_end.count_rows() == 0
    return said


# File names


@pytest.mark.parametrize(
    "name",
    [
        "图片.jpg".encode("gbk"),
        "図表.jpg".encode("shift_jis"),
        # Their last byte is a backslash, which seems to quote the quote behind it.
        "写真表".encode("shift_jis"),
        "功".encode("big5"),
        "été.jpg".encode("latin-1"),
        "фото.jpg".encode("cp1251"),
        "фото.jpg".encode("utf-16"),
        "été.jpg".encode(),
        bytes(range(0x80, 0x100)),
        b"\xff\xfe",
        b"a\rb.png",
        b"a\nb.png",
        b"a\r\nb.png",
        b"a\r\nX: b.png",
        b'a"b.png',
        b'a";b.png',
        b"a;name=b",
        b'a";name="task_type',
        b'a"; name=task_type; b="',
        b"a\\",
        b"C:\\photos\\",
        b"a\0b",
        b"\\",
        b'"',
        b"%22%0D%0A",
        b"../../etc/passwd",
        b"x" * 10_000,
    ],
)
def test_a_file_name_of_any_bytes_is_not_looked_at(front_end: FrontEnd, name: bytes) -> None:
    assert_taken(front_end, part("image", photo(), name) + ASYNC + END)


@pytest.mark.parametrize(
    "parameters",
    [
        b"name=image; filename=x.png",
        b"name=image; filename=",
        b'name="image"; filename=""',
        b'name="image"; filename="x',
        b"name=\"image\"; filename*=UTF-8''%E5%9B%BE.png",
        b"name=\"image\"; filename*=GBK''%CD%BC.png",
        b"name=\"image\"; filename*=UTF-8''%FF%FE",
        b'name="image"; filename*=nonsense',
        b'name="image"; filename="x"; filename*=UTF-8\'\'y',
        b'name="image"; filename*0="x"; filename*1="y.png"',
        b'name="image"; FileName=x',
        b'filename="x.png"; name="image"',
        b'filename="\x95\\"; name="image"',
        b'filename="\xb9\xa6\x5c"; name=image',
        b'name="image" ; filename = "x"',
    ],
)
def test_a_file_is_one_however_its_name_is_written(front_end: FrontEnd, parameters: bytes) -> None:
    body = raw_part(b"Content-Disposition: form-data; " + parameters, photo()) + ASYNC + END

    assert_taken(front_end, body)


@pytest.mark.parametrize(
    "line", ["form-data;name=image;filename=x", "FORM-DATA; NAME=image; filename=x"]
)
def test_the_words_of_a_disposition_may_be_written_in_any_case(
    front_end: FrontEnd, line: str
) -> None:
    body = raw_part(f"content-disposition: {line}".encode(), photo()) + ASYNC + END

    assert_taken(front_end, body)


# Photos that are no files


@pytest.mark.parametrize(
    "content_type",
    ["image/png", "image/jpeg", "image/*", "Image/JPEG; q=1", "application/octet-stream"],
)
def test_an_image_without_a_file_name_is_a_file_by_its_content_type(
    front_end: FrontEnd, content_type: str
) -> None:
    body = part("image", photo(), None, f"Content-Type: {content_type}") + ASYNC + END

    assert_taken(front_end, body)


@pytest.mark.parametrize("size", [MEGABYTE, 5 * MEGABYTE])
def test_a_large_image_without_a_file_name_is_a_file_by_its_content_type(
    front_end: FrontEnd, size: int
) -> None:
    body = part("image", padded(size), None, "Content-Type: image/bmp") + ASYNC + END

    assert_success(front_end.post_raw(body, MULTIPART), task_status=0)


TEXTS: dict[str, Callable[[bytes], bytes]] = {
    "base64": base64.b64encode,
    "data URL": lambda image: b"data:image/png;base64," + base64.b64encode(image),
    "bytes": lambda image: image,
    "URL": lambda image: b"https://example.com/?" + b"x" * len(image),
}


@pytest.mark.parametrize("size", [1000, MAX_TEXT_BYTES, MEGABYTE, 5 * MEGABYTE])
@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize(
    "headers", [[], ["Content-Type: text/plain"], ["Content-Type: application/json"]]
)
@pytest.mark.parametrize("before", [b"", ASYNC + part("cloth_class", b"tops")])
def test_an_image_sent_as_text_of_any_size_is_told_to_be_a_file(
    front_end: FrontEnd, size: int, kind: str, headers: list[str], before: bytes
) -> None:
    text = TEXTS[kind](photo(form="BMP").ljust(size, b"\0"))
    body = before + part("image", text, None, *headers) + END

    said = message(front_end, body, code=ErrorCode.MISSING_PARAMETERS)

    assert "text field" in said
    assert "file" in said


def test_a_body_that_is_too_large_with_a_file_in_it_is_told_so(front_end: FrontEnd) -> None:
    body = part("image", photo().ljust(MAX_BODY_BYTES, b"\0"), "x") + END

    assert_error(front_end.post_raw(body, MULTIPART), 413, ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE)


@pytest.mark.parametrize("before", [b"", b"\r\n", b" \t\n\n"])
@pytest.mark.parametrize(
    "text",
    [
        *(base64.b64encode(photo(form=form)) for form in ("PNG", "JPEG", "BMP")),
        base64.urlsafe_b64encode(photo(form="JPEG")),
        b"data:image/png;base64,iVBORw0K",
    ],
)
def test_a_file_that_holds_base64_is_unsupported_and_told_why(
    front_end: FrontEnd, text: bytes, before: bytes
) -> None:
    answer = front_end.post_raw(part("image", before + text, "x.png") + END, MULTIPART)

    body = assert_error(answer, 415, ErrorCode.UNSUPPORTED_FILE_TYPES)
    assert "base64" in body["error_msg"]


def test_a_file_packed_as_base64_is_told_to_come_as_it_is(front_end: FrontEnd) -> None:
    packed = base64.encodebytes(photo())

    said = message(front_end, part("image", packed, "x", "Content-Transfer-Encoding: base64") + END)

    assert "`image`" in said
    assert "Content-Transfer-Encoding" in said


@pytest.mark.parametrize("name", ["Image", "IMAGE", "image[]", "image[0]", " image "])
def test_the_image_in_another_spelling_is_taken(front_end: FrontEnd, name: str) -> None:
    assert_taken(front_end, part(name, photo(), "x") + ASYNC + END)


@pytest.mark.parametrize("first", [True, False])
def test_an_empty_field_beside_the_file_does_not_count(front_end: FrontEnd, first: bool) -> None:
    empty, file = part("image", b""), part("image", photo(), "x")

    assert_taken(front_end, (empty + file if first else file + empty) + ASYNC + END)


def test_an_empty_file_beside_the_file_does_not_count(front_end: FrontEnd) -> None:
    """As a browser sends a second file input in which nothing was chosen."""
    assert_taken(front_end, part("image", b"", "") + part("image", photo(), "x") + ASYNC + END)


@pytest.mark.parametrize(
    ("parts", "query"),
    [
        (part("image", photo(), "x") + part("image", b"https://example.com/x.png"), ""),
        (part("image[0]", photo(), "x") + part("image[1]", photo(), "y"), ""),
        (part("image", photo(), "x") + part("Image", photo(), "y"), ""),
        (part("image", photo(), "x"), "?image=https://example.com/x.png"),
    ],
)
def test_two_images_are_refused_in_every_spelling(
    front_end: FrontEnd, parts: bytes, query: str
) -> None:
    answer = front_end.post_raw(parts + ASYNC + END, MULTIPART, CUTOUT + query)

    assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)


@pytest.mark.parametrize(
    ("parts", "query"),
    [
        (part("image_url", b"https://example.com/x.png"), ""),
        (part("imageUrl", b"https://example.com/x.png"), ""),
        (part("image_base64", base64.b64encode(photo())), ""),
        (b"", "?image_url=https://example.com/x.png"),
        (b"", "?image=https://example.com/x.png"),
    ],
)
def test_an_image_by_its_url_or_in_base64_is_told_to_be_a_file(
    front_end: FrontEnd, parts: bytes, query: str
) -> None:
    answer = front_end.post_raw(parts + ASYNC + END, MULTIPART, CUTOUT + query)

    said = assert_error(answer, 400, ErrorCode.MISSING_PARAMETERS)["error_msg"]
    assert "URL" in said
    assert "file" in said


def test_a_file_under_another_name_is_told_its_right_one(front_end: FrontEnd) -> None:
    said = message(
        front_end, part("file", photo(), "x") + ASYNC + END, code=ErrorCode.MISSING_PARAMETERS
    )

    assert "`image`" in said


# Bodies that are no form


@pytest.mark.parametrize(
    ("content_type", "body", "word"),
    [
        (None, b"", "Content-Type"),
        ("", photo(), "Content-Type"),
        ("application/json", b'{"image": "https://example.com/x.png"}', "JSON"),
        ("application/json; charset=utf-8", b"x" * (MAX_BODY_BYTES + 1), "JSON"),
        ("application/x-www-form-urlencoded", b"image=x&cloth_class=tops", "URL-encoded"),
        ("image/png", photo(), "photo"),
        ("image/jpeg", b"", "photo"),
        ("application/octet-stream", photo(), "photo"),
        ("text/plain", b"x", "multipart/form-data"),
        ("multipart/mixed; boundary=cut-here", part("image", photo(), "x") + END, "form-data"),
        ("nonsense", b"x", "multipart/form-data"),
    ],
)
def test_a_body_of_another_type_is_told_what_to_send(
    front_end: FrontEnd, content_type: str | None, body: bytes, word: str
) -> None:
    said = message(front_end, body, content_type)

    assert word in said
    assert "multipart/form-data" in said


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data;",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        "multipart/form-data; charset=utf-8",
        "multipart/form-data; bundary=cut-here",
        "multipart/form-data; boundary=ü",
    ],
)
def test_a_content_type_without_a_boundary_is_told_so(
    front_end: FrontEnd, content_type: str
) -> None:
    said = message(front_end, part("image", photo(), "x") + END, content_type)

    assert "names no usable `boundary`" in said


@pytest.mark.parametrize("boundary", ["other", '"ü"', "cut-her", "--cut-here", '"cut here"'])
@pytest.mark.parametrize("size", [1000, 2 * MAX_TEXT_BYTES, 5 * MEGABYTE])
def test_a_boundary_that_is_not_in_the_body_is_told_so(
    front_end: FrontEnd, boundary: str, size: int
) -> None:
    body = part("image", padded(max(size, len(padded(0)))), "x") + END

    said = message(front_end, body, f"multipart/form-data; boundary={boundary}")

    assert "`boundary`" in said
    assert "does not occur" in said


def test_an_empty_body_is_told_so(front_end: FrontEnd) -> None:
    assert "empty" in message(front_end, b"")


@pytest.mark.parametrize(
    "body",
    [
        part("image", photo(), "x"),
        part("image", padded(5 * MEGABYTE), "x"),
        part("image", photo(), "x") + END[:-4],
        part("image", photo(), "x") + END[:-3],
        part("image", photo(), "x")[:-20],
        part("image", photo(), "x")[:50],
        f"--{BOUNDARY}\r\n".encode(),
    ],
)
def test_a_form_without_its_end_is_told_so(front_end: FrontEnd, body: bytes) -> None:
    assert "closing boundary" in message(front_end, body)


@pytest.mark.parametrize(
    "head",
    [
        b"no disposition",
        b"Content-Type: image/png",
        b"Content-Disposition: \xff\xfe",
        b"Content-Disposition: form-data",
        b"Content-Disposition: form-data; filename=x",
    ],
)
def test_a_part_without_a_name_is_told_so(front_end: FrontEnd, head: bytes) -> None:
    said = message(front_end, raw_part(head, photo()) + END)

    assert "Content-Disposition" in said


def test_a_part_that_begins_with_its_content_is_told_to_have_no_name(front_end: FrontEnd) -> None:
    said = message(front_end, f"--{BOUNDARY}\r\n\r\n".encode() + photo() + b"\r\n" + END)

    assert "has no name" in said


@pytest.mark.parametrize(
    ("content_type", "change"),
    [
        (MULTIPART, lambda body: b"".join(map(with_line_feeds, body.partition(photo())))),
        (MULTIPART, lambda body: b"This is a form in several parts.\r\n" + body),
        (MULTIPART, lambda body: b"\r\n\r\n" + body),
        (MULTIPART, lambda body: body + b"after the end"),
        (MULTIPART, lambda body: body + b"\0" * MEGABYTE),
        (MULTIPART, lambda body: body[:-2]),
        (MULTIPART, lambda body: body.replace(b"cut-here\r\n", b"cut-here \t\r\n")),
        ("Multipart/Form-Data; BOUNDARY=cut-here", bytes),
        ('multipart/form-data; charset=utf-8; boundary="cut-here"', bytes),
        ("multipart/form-data;boundary=cut-here;", bytes),
    ],
)
def test_a_form_that_is_written_in_another_way_is_read_all_the_same(
    front_end: FrontEnd, content_type: str, change: Callable[[bytes], bytes]
) -> None:
    body = part("image", photo(), "x") + ASYNC + END

    assert_taken(front_end, change(body), content_type)

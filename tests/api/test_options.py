"""Options in every place and spelling that clients use: honoured, or refused, and never passed over."""

from __future__ import annotations

import re
import uuid

import pytest
from werkzeug.test import TestResponse

from api.routes.cutout import PATH as CUTOUT
from api.routes.jobs import PATH as JOBS
from shared.errors import ErrorCode
from shared.job import CutoutOptions, Queue
from shared.wire.contract import Category, OutMode, ReturnForm
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error, assert_success
from tests.api.multipart_body import END, MULTIPART, form, part
from tests.api.photos import photo

TOPS_AND_COAT = (Category.TOPS, Category.COAT)


def send(front_end: FrontEnd, body: bytes, query: str = "") -> TestResponse:
    return front_end.post_raw(body, MULTIPART, CUTOUT + query)


def options(front_end: FrontEnd, answer: TestResponse) -> CutoutOptions:
    task_id = uuid.UUID(assert_success(answer, task_status=0)["task_id"])
    job = front_end.services.job_store.find(task_id, "shop")
    assert job is not None
    return job.options


def refusal(front_end: FrontEnd, answer: TestResponse, code: ErrorCode) -> str:
    """Return the message of a 400 after which nothing is stored."""
    message: str = assert_error(answer, 400, code)["error_msg"]
    assert front_end.count_rows() == 0
    assert not front_end.object_store.inputs
    return message


def test_options_sent_as_parts_with_a_file_name_count(front_end: FrontEnd) -> None:
    """As `requests.post(files={"image": photo, "cloth_class": "tops", …})` sends them."""
    body = b"".join(
        [
            part("image", photo(), "image"),
            part("cloth_class", b"tops,coat", "cloth_class"),
            part("return_form", b"mask", "return_form"),
            part("out_mode", b"1", "out_mode", "Content-Type: application/octet-stream"),
            part("task_type", b"async", "task_type"),
            END,
        ]
    )

    assert options(front_end, send(front_end, body)) == CutoutOptions(
        cloth_class=TOPS_AND_COAT,
        return_form=ReturnForm.MASK,
        out_mode=OutMode.REQUESTED_CATEGORIES,
    )
    assert front_end.broker.published == [Queue.BULK]


@pytest.mark.parametrize(
    "parts",
    [
        [part("cloth_class", b"tops"), part("cloth_class", b"coat")],
        [part("cloth_class[]", b"tops"), part("cloth_class[]", b"coat")],
        [part("cloth_class[0]", b"tops"), part("cloth_class[1]", b"coat")],
        [part("cloth_class.0", b"tops"), part("cloth_class.1", b"coat")],
        [part("cloth_class[]", b"tops,coat")],
        [part("cloth_class[]", b"tops", "a"), part("cloth_class[]", b"coat", "b")],
        [part("clothClass[]", b"tops"), part("clothClass[]", b"coat")],
        # The empty one is what makes a form of check boxes send anything at all.
        [
            part("cloth_class[]", b""),
            part("cloth_class[]", b"tops"),
            part("cloth_class[]", b"coat"),
        ],
    ],
)
def test_a_list_in_any_way_of_form_libraries_is_one_list(
    front_end: FrontEnd, parts: list[bytes]
) -> None:
    answer = send(front_end, form(*parts))

    assert options(front_end, answer).cloth_class == TOPS_AND_COAT


@pytest.mark.parametrize(
    "name",
    [
        "Cloth_Class",
        "CLOTH_CLASS",
        "clothClass",
        "ClothClass",
        "cloth-class",
        "cloth class",
        "cloth_class ",
        " cloth_class",
        "cloth_class\t",
        "cloth_class []",
        "cloth_class[ 0 ]",
        "'cloth_class'",
        "ｃｌｏｔｈ＿ｃｌａｓｓ",
    ],
)
def test_an_option_in_another_spelling_counts(front_end: FrontEnd, name: str) -> None:
    answer = send(front_end, form(part(name, b"tops,coat")))

    assert options(front_end, answer).cloth_class == TOPS_AND_COAT


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("?cloth_class=tops,coat", CutoutOptions(cloth_class=TOPS_AND_COAT)),
        ("?cloth_class=tops&cloth_class=coat", CutoutOptions(cloth_class=TOPS_AND_COAT)),
        ("?cloth_class%5B%5D=tops&cloth_class[]=coat", CutoutOptions(cloth_class=TOPS_AND_COAT)),
        ("?clothClass=tops%2C+coat", CutoutOptions(cloth_class=TOPS_AND_COAT)),
        ("?return_form=mask", CutoutOptions(return_form=ReturnForm.MASK)),
        ("?outMode=1", CutoutOptions(out_mode=OutMode.REQUESTED_CATEGORIES)),
        ("?scale=2&note=&=", CutoutOptions()),
    ],
)
def test_options_in_the_query_string_count(
    front_end: FrontEnd, query: str, wanted: CutoutOptions
) -> None:
    assert options(front_end, send(front_end, form(), query)) == wanted


def test_a_task_type_in_the_query_string_counts(front_end: FrontEnd) -> None:
    body = part("image", photo(), "x") + END

    assert_success(send(front_end, body, "?task_type=async"), task_status=0)
    assert front_end.broker.published == [Queue.BULK]


def test_the_modern_face_hears_the_same_spellings(front_end: FrontEnd) -> None:
    answer = front_end.post_raw(
        form(part("clothClass[]", b"tops", "x")), MULTIPART, f"{JOBS}?cloth_class=tops"
    )

    assert answer.status_code == 202
    job = front_end.services.job_store.find(uuid.UUID(answer.get_json()["task_id"]), "shop")
    assert job is not None
    assert job.options.cloth_class == (Category.TOPS,)


@pytest.mark.parametrize(
    "value", ["tops, coat", " tops ,coat\r\n", "\ttops,coat ", "tops,coat,tops"]
)
def test_blanks_around_a_value_and_repetitions_in_it_do_not_count(
    front_end: FrontEnd, value: str
) -> None:
    answer = send(front_end, form(part("cloth_class", value.encode()), part("out_mode", b" 1\n")))

    assert options(front_end, answer).cloth_class == TOPS_AND_COAT


@pytest.mark.parametrize(
    "parts",
    [
        [part("task_type", b"async")],
        [part("taskType", b"async")],
        [part("task_type[]", b"async")],
        [part("task_type", b"")],
    ],
)
def test_an_option_that_comes_twice_and_says_the_same_counts_once(
    front_end: FrontEnd, parts: list[bytes]
) -> None:
    assert_success(send(front_end, form(*parts)), task_status=0)


@pytest.mark.parametrize(
    ("parts", "query", "name"),
    [
        ([part("task_type", b"sync")], "", "task_type"),
        ([part("taskType", b"sync")], "", "task_type"),
        ([part("task_type", b"sync", "task_type")], "", "task_type"),
        ([], "?task_type=sync", "task_type"),
        ([], "?task_type=async&Task_Type=sync", "task_type"),
        ([part("out_mode", b"0"), part("outMode", b"1")], "", "out_mode"),
        ([part("return_form[]", b"mask"), part("return_form[]", b"whiteBK")], "", "return_form"),
        ([part("cloth_class", b"tops"), part("clothClass", b"coat")], "", "cloth_class"),
        ([part("cloth_class", b"tops")], "?cloth_class=tops,coat", "cloth_class"),
    ],
)
def test_an_option_that_comes_twice_and_says_two_things_is_refused(
    front_end: FrontEnd, parts: list[bytes], query: str, name: str
) -> None:
    answer = send(front_end, form(*parts), query)

    message = refusal(front_end, answer, ErrorCode.ERROR_INVALID_PARAMETER)
    assert f"`{name}`" in message
    assert "once" in message


@pytest.mark.parametrize(
    ("part_or_query", "name"),
    [
        (part("cloth_class[tops]", b"1"), "cloth_class"),
        (part("clothClass[0][name]", b"tops"), "cloth_class"),
        (part("task_type[value]", b"async"), "task_type"),
        (part("task_type[", b"async"), "task_type"),
        (part("image[file]", photo(), "x"), "image"),
        (part("data[cloth_class]", b"tops"), "cloth_class"),
        (part("data[attributes][clothClass]", b"tops"), "cloth_class"),
        (part("params.cloth_class", b"tops"), "cloth_class"),
        (part("params.cloth_class[]", b"tops"), "cloth_class"),
        (part("cloth_class.tops", b"1"), "cloth_class"),
        (part("[cloth_class]", b"tops"), "cloth_class"),
        ("?options[task_type]=async", "task_type"),
        ("?cloth_class[tops]=1", "cloth_class"),
    ],
)
def test_an_option_with_brackets_or_inside_another_name_is_told_to_come_plain(
    front_end: FrontEnd, part_or_query: bytes | str, name: str
) -> None:
    nested = isinstance(part_or_query, bytes)
    answer = send(
        front_end,
        form(part_or_query if isinstance(part_or_query, bytes) else b""),
        "" if nested else str(part_or_query),
    )

    message = refusal(front_end, answer, ErrorCode.ERROR_INVALID_PARAMETER)
    assert f"`{name}`" in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cloth_class", '["tops","coat"]'),
        ("cloth_class", "['tops', 'coat']"),
        ("cloth_class", '"tops"'),
        ("cloth_class", "null"),
        ("cloth_class", "undefined"),
        ("cloth_class[]", "shirt"),
        ("clothClass", "Tops"),
        ("return_form", "[object Object]"),
        ("out_mode", "1.0"),
    ],
)
@pytest.mark.parametrize("file_name", [None, "x"])
def test_a_value_that_is_none_is_refused_by_the_name_of_its_field_in_every_spelling(
    front_end: FrontEnd, name: str, value: str, file_name: str | None
) -> None:
    answer = send(front_end, form(part(name, value.encode(), file_name)))

    message = refusal(front_end, answer, ErrorCode.ERROR_INVALID_PARAMETER)
    assert re.match("`(cloth_class|return_form|out_mode)` must be ", message)


@pytest.mark.parametrize(
    "name",
    [
        "scale",
        "cloth_classes",
        "cloth_class_2",
        "cloth_class2",
        "image2",
        "images_url",
        "user[image]",
        "metadata[cloth_class]",
        "photo.size",
        "data[cloth_classes]",
        "task",
        "type",
        "x" * 5000,
        "[" * 5000,
        " " * 5000 + "x",
        "кофта",
    ],
)
def test_an_unknown_name_is_ignored(front_end: FrontEnd, name: str) -> None:
    answer = send(front_end, form(part(name, b"?"), part(name, b"?", "x")))

    assert options(front_end, answer) == CutoutOptions()


def test_an_option_packed_as_base64_is_told_to_come_as_it_is(front_end: FrontEnd) -> None:
    packed = part("cloth_class", b"dG9wcw==", None, "Content-Transfer-Encoding: base64")

    message = refusal(front_end, send(front_end, form(packed)), ErrorCode.ERROR_PARAMETERS)

    assert "`cloth_class`" in message
    assert "Content-Transfer-Encoding" in message


@pytest.mark.parametrize("encoding", ["binary", "8bit", "7bit", "8BIT "])
def test_a_transfer_encoding_that_changes_nothing_is_taken(
    front_end: FrontEnd, encoding: str
) -> None:
    words = part("cloth_class", b"tops,coat", None, f"Content-Transfer-Encoding: {encoding}")

    assert options(front_end, send(front_end, form(words))).cloth_class == TOPS_AND_COAT


def test_what_an_unknown_part_is_packed_in_does_not_matter(front_end: FrontEnd) -> None:
    packed = part("note", b"dG9wcw==", None, "Content-Transfer-Encoding: base64")

    assert_success(send(front_end, form(packed)), task_status=0)

"""What is refused of a batch: wrong lines, bodies that are none, and one batch too many."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from api.intake import batch as intake
from api.intake import lines
from api.intake.direct_upload import new_upload_id
from api.intake.lines import Line
from api.intake.options import MODERN
from api.intake.records import read_json_lines
from shared.errors import ErrorCode, Refused
from tests.api.batch_client import (
    CHANGES,
    CSV,
    JSON_LINES,
    PATH,
    count_items,
    item,
    jsonl,
    post,
    sent,
    taken,
    wrong_lines,
)
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error


@pytest.fixture
def changes() -> Mapping[str, Any]:
    return CHANGES


@pytest.mark.parametrize("query", ["preset=amazon-main", "Cloth-Class=tops", "metadata[a]=b"])
def test_an_option_of_items_in_the_url_of_a_batch_is_not_passed_over(
    front_end: FrontEnd, query: str
) -> None:
    answer = post(front_end, jsonl([item(1)]), query=f"?{query}")

    body = assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)
    assert "in each line" in body["error_msg"]
    assert count_items(front_end) == 0


def test_a_batch_with_wrong_lines_is_refused_as_a_whole_with_each_of_them(
    front_end: FrontEnd,
) -> None:
    upload, foreign = str(new_upload_id("shop")), str(new_upload_id("other"))
    body = jsonl(
        [
            item(1),
            item(2, cloth_class="socks"),
            {"reference": "no photo"},
            [1, 2],
            item(5, upload=upload),
            {"upload": upload},
            {"upload": upload},
            {"upload": foreign},
            {"image_url": "ftp://photos.example/"},
            item(10, metadata={"a": 1}),
            item(11, callback_url="http://10.0.0.1/"),
            item(12, cloth_class=[["tops"]]),
            item(13, image="aGVsbG8="),
        ]
    )

    answer = post(
        front_end,
        body + b"\xff\n" + b'{"image_url": NaN}\n{"image_url": "https://a.example/\\ud800"}\n',
    )

    assert wrong_lines(answer) == [
        (2, ErrorCode.ERROR_INVALID_PARAMETER),
        (3, ErrorCode.MISSING_PARAMETERS),
        (4, ErrorCode.ERROR_INVALID_PARAMETER),
        (5, ErrorCode.ERROR_INVALID_PARAMETER),
        (7, ErrorCode.ERROR_INVALID_PARAMETER),
        (8, ErrorCode.ERROR_RESOURCE_NOT_FOUND),
        (9, ErrorCode.IMAGE_URL_NOT_ALLOWED),
        (10, ErrorCode.ERROR_INVALID_PARAMETER),
        (11, ErrorCode.ERROR_INVALID_PARAMETER),
        (12, ErrorCode.ERROR_INVALID_PARAMETER),
        (13, ErrorCode.ERROR_INVALID_PARAMETER),
        (14, ErrorCode.ERROR_INVALID_PARAMETER),
        (15, ErrorCode.ERROR_INVALID_PARAMETER),
        (16, ErrorCode.ERROR_INVALID_PARAMETER),
    ]
    assert "Line 2" in answer.get_json()["error_msg"]
    assert (front_end.count_rows(), count_items(front_end)) == (0, 0)


def test_of_many_wrong_lines_a_hundred_are_told_and_all_are_counted(front_end: FrontEnd) -> None:
    answer = post(front_end, jsonl([item(1), *({} for _ in range(300))]))

    assert len(wrong_lines(answer)) == 100
    assert "299 more" in answer.get_json()["error_msg"]


def test_a_line_that_is_too_long_is_wrong_and_those_behind_it_keep_their_numbers(
    front_end: FrontEnd,
) -> None:
    long = json.dumps({"x": "y" * lines.MAX_LINE_BYTES}).encode()

    answer = post(front_end, jsonl([item(1)]) + long + b"\n{}\n")

    assert [line for line, _ in wrong_lines(answer)] == [2, 3]


@pytest.mark.parametrize("name", ["image_url", "metadata"])
@pytest.mark.parametrize("depth", [700, 5000])
def test_a_line_that_is_nested_too_deep_to_be_written_or_to_be_read_is_wrong(
    name: str, depth: int
) -> None:
    nested = '{"a":' * depth + "1" + "}" * depth

    [record] = read_json_lines([Line(1, f'{{"{name}": {nested}}}')], MODERN)

    assert isinstance(record.options, Refused)


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"", JSON_LINES, 400, ErrorCode.MISSING_PARAMETERS),
        (b"\n\n", JSON_LINES, 400, ErrorCode.MISSING_PARAMETERS),
        (b"image_url\n", CSV, 400, ErrorCode.MISSING_PARAMETERS),
        (b"a,b\n1,2\n", CSV, 400, ErrorCode.ERROR_INVALID_PARAMETER),
        (b"{}", "application/json", 400, ErrorCode.ERROR_PARAMETERS),
        (b"{}", "multipart/form-data; boundary=b", 400, ErrorCode.ERROR_PARAMETERS),
    ],
)
def test_a_body_that_is_no_batch_is_refused_and_told_what_to_send(
    front_end: FrontEnd, body: bytes, content_type: str, status: int, code: ErrorCode
) -> None:
    assert_error(post(front_end, body, content_type), status, code)
    assert count_items(front_end) == 0


def test_a_body_that_is_cut_off_leaves_nothing(front_end: FrontEnd) -> None:
    body = jsonl([item(1), item(2)])

    answer = front_end.client().post(
        PATH,
        data=body,
        content_type=JSON_LINES,
        headers=front_end.headers,
        environ_overrides={"CONTENT_LENGTH": str(len(body) + 1), "wsgi.input_terminated": True},
    )

    assert_error(answer, 400, ErrorCode.ERROR_PARAMETERS)
    assert count_items(front_end) == 0


def test_more_items_or_bytes_than_a_batch_may_have_are_refused(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = jsonl(item(number) for number in range(4))
    monkeypatch.setattr(intake, "MAX_ITEMS", 3)
    assert_error(post(front_end, body), 413, ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE)
    monkeypatch.undo()
    monkeypatch.setattr(lines, "MAX_BODY_BYTES", len(body) - 1)
    assert_error(post(front_end, body), 413, ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE)
    assert count_items(front_end) == 0


def test_a_packed_body_is_not_unpacked(front_end: FrontEnd) -> None:
    answer = post(front_end, jsonl([item(1)]), **{"Content-Encoding": "gzip"})

    assert_error(answer, 400, ErrorCode.ERROR_PARAMETERS)


@pytest.mark.parametrize("changes", [{**CHANGES, "max_batches_per_tenant": 2}])
def test_a_tenant_has_so_many_batches_at_work_and_a_repeated_one_is_none_more(
    front_end: FrontEnd,
) -> None:
    body = jsonl([item(1)])
    first = taken(post(front_end, body, **{"Idempotency-Key": "a"}))
    sent(front_end)

    answer = post(front_end, body)

    assert_error(answer, 429, ErrorCode.EXCEEDING_LIMITS)
    assert int(answer.headers["Retry-After"]) >= 1
    assert taken(post(front_end, body, **{"Idempotency-Key": "a"})) == first


@pytest.mark.parametrize("changes", [{**CHANGES, "max_queued_per_tenant": 1}])
def test_a_batch_is_taken_although_the_queue_has_no_room_for_it(front_end: FrontEnd) -> None:
    front_end.submit()
    front_end.clock.advance(seconds=10)

    assert sent(front_end)

"""What is sent in as a batch, and what each of its lines becomes; and what the same again is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from api.intake import batch as intake
from api.intake import lines
from api.intake.direct_upload import new_upload_id
from shared.errors import ErrorCode
from shared.wire.contract import Category
from tests.api.batch_client import (
    CHANGES,
    CSV,
    claim,
    count_items,
    data,
    get,
    item,
    jsonl,
    post,
    sent,
    sweep,
    taken,
    wrong_lines,
)
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error


@pytest.fixture
def changes() -> Mapping[str, Any]:
    return CHANGES


def test_lines_of_json_become_a_batch_of_which_nothing_is_in_the_queue_yet(
    front_end: FrontEnd,
) -> None:
    batch_id = sent(front_end)

    shown = data(get(front_end, batch_id))
    assert (shown["batch_id"], shown["status"], shown["total"]) == (batch_id, "running", 3)
    assert shown["counts"] == {
        "held": 3,
        "queued": 0,
        "processing": 0,
        "succeeded": 0,
        "failed": 0,
        "cancelled": 0,
    }
    assert front_end.count_rows() == 0


def test_an_item_has_the_options_that_a_job_has_in_the_words_of_json(front_end: FrontEnd) -> None:
    options = {
        "cloth_class": ["tops", "hat"],
        "outMode": 1,
        "crop": True,
        "margin": "5%",
        "quality": 80,
        "format": "jpeg",
        "metadata": {"colour": "red"},
        "background": None,
        "unheard-of": [1],
        "callback_url": "https://shop.example/hook",
    }
    taken(post(front_end, jsonl([item(1, **options)])))
    sweep(front_end)

    job = claim(front_end)

    assert job.options.cloth_class == (Category.TOPS, Category.HAT)
    assert job.options.out_mode == 1
    assert job.options.rendition_words == {
        "crop": "true",
        "margin": "5%",
        "quality": "80",
        "format": "jpeg",
    }
    assert (job.tags.reference, job.tags.metadata) == ("SKU-1", {"colour": "red"})
    assert job.image_url == "https://photos.example/1.jpg"


def test_an_item_is_the_same_job_as_if_it_had_been_sent_by_itself(front_end: FrontEnd) -> None:
    upload = str(new_upload_id("shop"))
    boundary = "b"
    form = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in (("upload", upload), ("cloth_class", "tops"), ("reference", "SKU-1"))
    )
    alone = front_end.post_raw(
        f"{form}--{boundary}--\r\n".encode(),
        f"multipart/form-data; boundary={boundary}",
        "/v1/jobs",
    )
    assert alone.status_code == 202, alone.text
    fields = {"upload": upload, "cloth_class": "tops", "reference": "SKU-1"}

    batch_id = taken(post(front_end, jsonl([fields])))
    sweep(front_end)

    assert front_end.count_rows() == 1
    [line] = data(get(front_end, f"{batch_id}/jobs"))["jobs"]
    assert (line["task_id"], line["status"]) == (upload, "queued")


def test_rows_of_csv_are_items_by_the_names_of_their_columns(front_end: FrontEnd) -> None:
    body = (
        "\ufeffimage_url,Reference,cloth_class,metadata[colour],shelf\r\n"
        'https://photos.example/1.jpg,"SKU, the first","tops,hat",red,7\r\n'
        "\r\n"
        "https://photos.example/2.jpg,SKU-2,,,\r\n"
    )
    batch_id = taken(post(front_end, body.encode(), f"{CSV}; charset=utf-8"))
    sweep(front_end)

    jobs = [claim(front_end), claim(front_end)]

    assert [job.tags.reference for job in jobs] == ["SKU, the first", "SKU-2"]
    assert [job.tags.metadata for job in jobs] == [{"colour": "red"}, {}]
    assert jobs[0].options.cloth_class == (Category.TOPS, Category.HAT)
    lines_of = [it["line"] for it in data(get(front_end, f"{batch_id}/jobs"))["jobs"]]
    assert lines_of == [2, 4]


def test_a_row_of_csv_may_hold_line_ends_and_is_known_by_its_first_line(
    front_end: FrontEnd,
) -> None:
    body = (
        "image_url,metadata[note]\n"
        'https://photos.example/1.jpg,"two\nlines"\n'
        "https://photos.example/2.jpg,one\n"
        "https://photos.example/3.jpg,one,too many\n"
    )

    assert wrong_lines(post(front_end, body.encode(), CSV)) == [
        (5, ErrorCode.ERROR_INVALID_PARAMETER)
    ]


def test_a_last_line_needs_no_end_and_empty_ones_are_none(front_end: FrontEnd) -> None:
    body = b"\n" + jsonl([item(1)]) + b"  \r\n" + jsonl([item(2)]).rstrip()

    batch_id = taken(post(front_end, body))

    assert [it["line"] for it in data(get(front_end, f"{batch_id}/jobs"))["jobs"]] == [2, 4]


def test_a_batch_is_stored_in_portions_and_whole(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_PORTION", 4)
    monkeypatch.setattr(lines, "_PIECE_BYTES", 100)

    batch_id = sent(front_end, 10)

    assert data(get(front_end, batch_id))["total"] == 10
    assert count_items(front_end) == 10


def test_the_same_key_and_body_are_the_same_batch(front_end: FrontEnd) -> None:
    body = jsonl([item(1), item(2)])

    answers = [post(front_end, body, **{"Idempotency-Key": "key"}) for _ in range(2)]

    assert taken(answers[0]) == taken(answers[1])
    assert count_items(front_end) == 2


@pytest.mark.parametrize("query", ["", "?reference=another", "?callback_url=https://a.example/"])
def test_the_same_key_for_another_batch_is_refused(front_end: FrontEnd, query: str) -> None:
    taken(post(front_end, jsonl([item(1)]), **{"Idempotency-Key": "key"}))
    body = jsonl([item(1)] if query else [item(2)])

    answer = post(front_end, body, query=query, **{"Idempotency-Key": "key"})

    assert_error(answer, 422, ErrorCode.ERROR_CONTENT_NON_COMPLIANCE)

"""What a client calls a job: taken on `/v1` in each spelling, and given back wherever the job is."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.intake.idempotency import fingerprint_of
from api.intake.tags import MAX_KEY, MAX_PAIRS, MAX_REFERENCE, MAX_VALUE
from api.routes.cutout import PATH as CUTOUT
from api.routes.jobs import PATH as JOBS
from shared.errors import ErrorCode
from shared.job import CutoutOptions, Tags
from shared.wire.contract import Category
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error
from tests.api.multipart_body import MULTIPART, form, part

RED = {"colour": "red", "size": "38"}


def create(front_end: FrontEnd, **fields: Any) -> TestResponse:
    return front_end.post(path=JOBS, **fields)


def tags(answer: TestResponse) -> tuple[str, dict[str, str]]:
    assert answer.status_code in {200, 202, 410}, answer.text
    body = answer.get_json()
    return body["reference"], body["metadata"]


def show(front_end: FrontEnd, job_id: object) -> TestResponse:
    return front_end.client().get(f"{JOBS}/{job_id}", headers=front_end.headers)


def test_what_a_client_calls_a_job_comes_back_with_every_answer(front_end: FrontEnd) -> None:
    answer = create(front_end, reference="SKU-4711 Größe 38", metadata=json.dumps(RED))
    expected = ("SKU-4711 Größe 38", RED)
    job_id = uuid.UUID(answer.get_json()["task_id"])
    [item] = front_end.client().get(JOBS, headers=front_end.headers).get_json()["data"]["jobs"]
    waiting = show(front_end, job_id)
    front_end.complete(job_id)
    finished = show(front_end, job_id)
    front_end.client().delete(f"{JOBS}/{job_id}", headers=front_end.headers)

    assert tags(answer) == tags(waiting) == tags(finished) == expected
    assert (item["reference"], item["metadata"]) == expected
    assert tags(show(front_end, job_id)) == expected


def test_a_failed_job_has_its_tags_too(front_end: FrontEnd) -> None:
    job_id = uuid.UUID(create(front_end, reference="A").get_json()["task_id"])
    code = ErrorCode.FILE_DECODING_FAILURE
    front_end.services.job_store.fail(front_end.claim(job_id).lease, code, "x")

    assert tags(show(front_end, job_id)) == ("A", {})


def test_who_calls_a_job_nothing_gets_nothing_back(front_end: FrontEnd) -> None:
    assert tags(create(front_end)) == tags(create(front_end, reference="", metadata="")) == ("", {})


def test_several_jobs_may_have_one_reference(front_end: FrontEnd) -> None:
    assert tags(create(front_end, reference="A")) == tags(create(front_end, reference="A"))
    assert front_end.count_rows() == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"metadata": json.dumps(RED)},
        {"metadata": ' { "size" : "38",\n"colour":"red" } '},
        {"metadata[colour]": "red", "metadata[size]": "38"},
        {"metadata": '{"colour": "red"}', "metadata[size]": "38"},
        {"metadata": json.dumps(RED), "metadata[size]": "38", "metadata[gone]": ""},
        {"Metadata[colour]": "red", "metadata[ size ]": "38"},
    ],
    ids=str,
)
def test_metadata_is_the_same_in_each_way_of_sending_it(
    front_end: FrontEnd, fields: dict[str, str]
) -> None:
    assert tags(create(front_end, **fields)) == ("", RED)


def test_tags_may_stand_in_the_url_and_come_as_parts_of_json(front_end: FrontEnd) -> None:
    body = form(part("metadata", b'{"size": "38"}', None, "Content-Type: application/json"))

    answer = front_end.post_raw(body, MULTIPART, f"{JOBS}?reference=A&metadata[colour]=red")

    assert tags(answer) == ("A", RED)


def test_the_longest_tags_there_may_be_are_taken(front_end: FrontEnd) -> None:
    longest = {f"{number:02}" + "k" * (MAX_KEY - 2): "ü" * MAX_VALUE for number in range(MAX_PAIRS)}

    one = create(front_end, reference="ü" * MAX_REFERENCE, metadata=json.dumps(longest))
    by_pairs = create(front_end, **{f"metadata[{key}]": longest[key] for key in longest})

    assert tags(one) == ("ü" * MAX_REFERENCE, longest)
    assert tags(by_pairs) == ("", longest)


@pytest.mark.parametrize(
    "fields",
    [
        {"reference": "r" * (MAX_REFERENCE + 1)},
        {"reference": "a\x00b"},
        {"reference": "a\nb"},
        {"reference": "a\u202eb"},
        {"reference": "a\u200bb"},
        {"metadata": "red"},
        {"metadata": "{"},
        {"metadata": "[]"},
        {"metadata": '["a", "b"]'},
        {"metadata": "null"},
        {"metadata": '{"size": 38}'},
        {"metadata": '{"size": null}'},
        {"metadata": '{"size": {"eu": "38"}}'},
        {"metadata": '{"size": ["38"]}'},
        {"metadata": '{"": "x"}'},
        {"metadata": '{"a\\u0000": "x"}'},
        {"metadata": '{"a": "\\u0000"}'},
        {"metadata": '{"a": "\\ud800"}'},
        {"metadata": '{"a": "1", "a": "2"}'},
        {"metadata": json.dumps({"k" * (MAX_KEY + 1): "x"})},
        {"metadata": json.dumps({"k": "x" * (MAX_VALUE + 1)})},
        {"metadata": json.dumps({str(n): "x" for n in range(MAX_PAIRS + 1)})},
        {"metadata": "[" * 100_000},
        {"metadata": '{"a": ' + "9" * 10_000 + "}"},
        {"metadata[]": "x"},
        {"metadata[a": "x"},
        {"metadata[a][b]": "x"},
        {"metadata[" + "k" * 3000 + "]": "x"},
        {"metadata": '{"size": "38"}', "metadata[size]": "40"},
    ],
    ids=lambda fields: str(fields)[:40],
)
def test_what_no_job_can_be_called_is_refused_by_name(
    front_end: FrontEnd, fields: dict[str, str]
) -> None:
    answer = create(front_end, **fields)

    body = assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)
    assert f"`{next(iter(fields)).partition('[')[0]}" in body["error_msg"]
    assert front_end.count_rows() == 0


@pytest.mark.parametrize("name", ["reference", "metadata[a]"])
def test_tags_that_are_not_utf_8_are_refused(front_end: FrontEnd, name: str) -> None:
    answer = front_end.post_raw(form(part(name, "Größe".encode("latin-1"))), MULTIPART, JOBS)

    assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)


def test_two_references_are_two_answers_to_one_question(front_end: FrontEnd) -> None:
    answer = front_end.post_raw(form(part("reference", b"A")), MULTIPART, f"{JOBS}?reference=B")

    assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)


@pytest.mark.parametrize("metadata", [json.dumps(RED), "no object", "["])
def test_the_hosted_path_knows_no_tags(front_end: FrontEnd, metadata: str) -> None:
    answer = front_end.post(
        path=CUTOUT,
        task_type="async",
        reference="a\x00",
        metadata=metadata,
        **dict[str, Any]({"metadata[]": "x", "reference[a]": "x"}),
    )

    assert answer.status_code == 200
    job = front_end.services.job_store.find(uuid.UUID(answer.get_json()["task_id"]), "shop")
    assert job is not None
    assert job.tags == Tags()


def test_a_key_that_is_used_again_for_other_tags_is_refused(front_end: FrontEnd) -> None:
    first = create(front_end, reference="A", metadata=json.dumps(RED), header_Idempotency_Key="k")
    same: dict[str, Any] = {"metadata[size]": "38", "metadata[colour]": "red"}
    again = create(front_end, reference="A", header_Idempotency_Key="k", **same)

    assert again.get_json()["task_id"] == first.get_json()["task_id"]
    others: list[dict[str, Any]] = [{"reference": "B", **same}, {"reference": "A"}, {}]
    for other in others:
        refused = create(front_end, header_Idempotency_Key="k", **other)
        assert_error(refused, 422, ErrorCode.ERROR_CONTENT_NON_COMPLIANCE)


def test_a_request_without_tags_has_the_fingerprint_that_the_release_before_gave_it() -> None:
    """Or a key would be another upload's while an installation is being upgraded."""
    options = CutoutOptions(cloth_class=(Category.TOPS, Category.HAT))

    fingerprint = fingerprint_of(b"photo", options, Tags())

    assert fingerprint == "cb7a12d2f8145b577770a482786e617a7572b828794ddfca81ff06a6bf12d2ae"

"""What `/v1/jobs` can ask of pictures beyond the hosted API, and what it then tells."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.routes.cutout import PATH as CUTOUT
from api.routes.jobs import PATH as JOBS
from shared.errors import ErrorCode
from shared.job import Job
from shared.wire.contract import Category, ReturnForm
from shared.wire.option_words import OptionWords
from shared.wire.rendition import PLAIN, Cropped, Format, Margin, OnCanvas, Shadow
from shared.wire.report import Report
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error, assert_success
from tests.factories import new_job

REPORT: Report = {
    "box": {"x": 1, "y": 2, "width": 3, "height": 4},
    "share": 0.5,
    "cut_sides": [],
    "scale": 1.0,
    "fill": 0.9,
    "white": None,
    "look": False,
    "reasons": [],
}


def created(front_end: FrontEnd, path: str = JOBS, **fields: Any) -> Job:
    answer = front_end.post(path=path, task_type="async", **fields)
    assert answer.status_code in {200, 202}, answer.text
    job = front_end.services.job_store.find(uuid.UUID(answer.get_json()["task_id"]), "shop")
    assert job is not None
    return job


def test_a_form_says_how_pictures_are_delivered(front_end: FrontEnd) -> None:
    job = created(front_end, format="webp", quality="80", crop="true", margin="5%")

    assert job.options.rendition.format is Format.WEBP
    assert job.options.rendition.quality == 80
    assert job.options.rendition.layout == Cropped(margin=Margin(5, is_percent=True))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"outputs": "white,cutout"},
        {"preset": "amazon-main", "outputs": "cutout", "background": "fff"},
    ],
)
def test_a_cut_out_may_have_a_shadow(front_end: FrontEnd, fields: dict[str, str]) -> None:
    assert created(front_end, shadow="Soft", **fields).options.rendition.shadow is Shadow.SOFT
    assert created(front_end, shadow="none", **fields).options.rendition.shadow is Shadow.NONE


def test_the_hosted_apis_path_knows_none_of_it(front_end: FrontEnd) -> None:
    """Names that are unknown there are ignored, as they always were."""
    job = created(front_end, CUTOUT, format="webp", crop="perhaps", outputs="video", preset="?")

    assert job.options.rendition == PLAIN
    assert not job.options.rendition_words


def test_pictures_of_a_newer_release_are_told_by_its_front_ends_and_listed_by_all(
    front_end: FrontEnd,
) -> None:
    """In the middle of an upgrade, a client that comes again meets another front end."""
    new = replace(new_job(), options=OptionWords(rendition={"frame": "gold"}))
    assert front_end.services.job_store.create(new)
    path = f"{JOBS}/{new.id}"
    assert front_end.client().get(path, headers=front_end.headers).status_code == 200
    lease = front_end.claim(new.id).lease
    assert front_end.services.job_store.complete(lease, {}, REPORT)

    answer = front_end.client().get(path, headers=front_end.headers)

    assert_error(answer, 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)
    assert answer.headers["Retry-After"] == "5"
    listed = front_end.client().get(JOBS, headers=front_end.headers).get_json()["data"]["jobs"]
    assert [job["status"] for job in listed] == ["succeeded"]


def test_a_preset_is_a_set_of_words_and_what_is_sent_beside_it_goes_first(
    front_end: FrontEnd,
) -> None:
    job = created(front_end, preset="amazon-main", quality="97")

    rendition = job.options.rendition
    assert rendition.format is Format.JPEG
    assert rendition.quality == 97
    assert isinstance(rendition.layout, OnCanvas)
    assert rendition.outputs == (ReturnForm.WHITE,)
    # What a worker of the release before makes of it.
    assert job.options.return_form is ReturnForm.WHITE


def test_the_same_request_is_the_same_job_after_its_preset_was_edited(
    front_end: FrontEnd, tmp_path: Path
) -> None:
    def edit(**words: str) -> None:
        lines = "".join(f'{name} = "{text}"\n' for name, text in words.items())
        file.write_text(f'[shop]\nchecked = 2026-11-26\nabout = "ours"\n[shop.words]\n{lines}')

    def post(**more: Any) -> TestResponse:
        return edited.post(
            path=JOBS, preset="shop", quality="97", header_Idempotency_Key="order-1", **more
        )

    file = tmp_path / "presets.toml"
    settings = front_end.settings.model_copy(update={"presets": file})
    edited = replace(front_end, settings=settings)
    edit(outputs="white", format="jpeg")
    first = post().get_json()["task_id"]
    edit(outputs="mask", canvas="500x500")

    assert post().get_json()["task_id"] == first
    assert_error(post(canvas="600x600"), 422, ErrorCode.ERROR_CONTENT_NON_COMPLIANCE)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"format": "gif"}, "`format` must be one of png, webp, jpeg, avif"),
        ({"crop": "1", "canvas": "300x300"}, "exclude each other"),
        ({"preset": "ebay"}, "`preset` must be one of amazon-main, google-shopping"),
        ({"outputs": "cutout", "return_form": "mask"}, "`return_form` and `outputs` contradict"),
        ({"outputs": "cutout,mask", "return_form": "mask"}, "`return_form` and `outputs`"),
        ({"shadow": "hard"}, "`shadow` must be one of none, soft"),
        ({"shadow": "soft", "outputs": "white,mask"}, "`outputs=cutout` and `background=ffffff`"),
        ({"shadow": "soft", "return_form": "whiteBK"}, "`outputs=cutout` and"),
        ({"shadow": "soft", "preset": "amazon-main"}, "`outputs=cutout` and"),
    ],
)
def test_what_cannot_be_meant_is_400_and_nothing_is_stored(
    front_end: FrontEnd, fields: dict[str, Any], named: str
) -> None:
    answer = front_end.post(path=JOBS, **fields)

    body = assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)
    assert named in body["error_msg"]
    assert front_end.count_rows() == 0


def test_every_output_has_its_urls_and_the_first_one_where_the_hosted_api_has_them(
    front_end: FrontEnd,
) -> None:
    job = created(front_end, outputs="white,mask", format="jpeg", cloth_class="tops,hat")
    lease = front_end.claim(job.id).lease
    shown = {Category.TOPS: True, Category.HAT: False}
    assert front_end.services.job_store.complete(lease, shown, REPORT)

    shown_job = front_end.client().get(f"{JOBS}/{job.id}", headers=front_end.headers)

    data = assert_success(shown_job, task_status=2)["data"]
    assert list(data["outputs"]) == ["white", "mask"]
    names = {
        output: [urls["image_url"], urls["class_url"]["tops"]]
        for output, urls in data["outputs"].items()
    }
    for output, ends in {
        "white": ["image.jpeg", "tops.jpeg"],
        "mask": ["image-mask.jpeg", "tops-mask.jpeg"],
    }.items():
        files = [url.partition("?")[0].rpartition("/")[2] for url in names[output]]
        assert files == ends
        assert data["outputs"][output]["class_url"]["hat"] == ""
    assert data["elements"][0]["image_url"] == names["white"][0]
    assert data["report"] == REPORT

    hosted = assert_success(front_end.query(job.id), task_status=2)["data"]
    assert hosted == {"elements": data["elements"]}


def test_what_a_worker_of_the_release_before_finished_is_shown_as_it_made_it(
    front_end: FrontEnd,
) -> None:
    """It writes no report, and plain PNGs in the form of the first output."""
    job = created(front_end, outputs="white,mask", format="jpeg")
    front_end.complete(job.id)

    shown_job = front_end.client().get(f"{JOBS}/{job.id}", headers=front_end.headers)

    data = assert_success(shown_job, task_status=2)["data"]
    assert "/image.png?" in data["elements"][0]["image_url"]
    assert list(data["outputs"]) == ["white"]


def test_a_key_used_again_with_another_delivery_is_another_request(front_end: FrontEnd) -> None:
    key: dict[str, Any] = {"header_Idempotency_Key": "order-1"}
    first = front_end.post(path=JOBS, format="webp", **key)
    again = front_end.post(path=JOBS, format="webp", **key)
    other = front_end.post(path=JOBS, format="avif", **key)

    assert first.get_json()["task_id"] == again.get_json()["task_id"]
    assert_error(other, 422, ErrorCode.ERROR_CONTENT_NON_COMPLIANCE)

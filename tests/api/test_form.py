"""Uploads: what is taken, what is refused, and with which words."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from api.intake.form import MAX_BODY_BYTES
from api.intake.multipart import MAX_PARTS, MAX_TEXT_BYTES
from shared.errors import ErrorCode
from shared.job import CutoutOptions, Job
from shared.wire.contract import MAX_IMAGE_BYTES, Category, OutMode, ReturnForm
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error, assert_success
from tests.api.multipart_body import END, MULTIPART, part
from tests.api.photos import padded, photo


def stored(front_end: FrontEnd, answer: TestResponse) -> Job:
    task_id = uuid.UUID(assert_success(answer, task_status=0)["task_id"])
    job = front_end.services.job_store.find(task_id, "shop")
    assert job is not None
    return job


def test_without_options_the_defaults_are_stored(front_end: FrontEnd) -> None:
    job = stored(front_end, front_end.post(task_type="async"))

    assert job.options == CutoutOptions()
    assert job.input_bytes == len(photo())
    assert front_end.object_store.inputs == {job.id: photo()}


def test_all_options_are_stored_in_the_clients_order_without_duplicates(
    front_end: FrontEnd,
) -> None:
    answer = front_end.post(
        cloth_class="hat, tops ,hat,bag", return_form="whiteBK", out_mode="1", task_type="async"
    )

    assert stored(front_end, answer).options == CutoutOptions(
        cloth_class=(Category.HAT, Category.TOPS, Category.BAG),
        return_form=ReturnForm.WHITE,
        out_mode=OutMode.REQUESTED_CATEGORIES,
    )


def test_empty_options_are_unset_ones(front_end: FrontEnd) -> None:
    front_end.settings = front_end.settings.model_copy(update={"inline_wait": 0.001})

    answer = front_end.post(cloth_class="", return_form="", out_mode="", task_type="")

    assert stored(front_end, answer).options == CutoutOptions()


def test_a_list_sent_as_repeated_fields_is_one_list(front_end: FrontEnd) -> None:
    answer = front_end.post(cloth_class=["tops", "coat,hat"], task_type="async")

    assert stored(front_end, answer).options.cloth_class == ("tops", "coat", "hat")


@pytest.mark.parametrize("image_first", [True, False])
def test_the_order_of_the_fields_does_not_matter(front_end: FrontEnd, image_first: bool) -> None:
    image = part("image", photo(), "upload")
    words = part("cloth_class", b"bag") + part("task_type", b"async") + part("return_form", b"mask")

    answer = front_end.post_raw((image + words if image_first else words + image) + END, MULTIPART)

    options = stored(front_end, answer).options
    assert options == CutoutOptions(cloth_class=(Category.BAG,), return_form=ReturnForm.MASK)


def test_unknown_fields_and_files_are_ignored(front_end: FrontEnd) -> None:
    extra: dict[str, Any] = {
        "scale": "2",
        "note": FileStorage(io.BytesIO(b"x"), "note.txt"),
        "": "nameless",
    }

    stored(front_end, front_end.post(task_type="async", **extra))


def test_a_file_with_an_empty_name_and_a_wrong_type_is_taken_by_its_bytes(
    front_end: FrontEnd,
) -> None:
    body = part("image", photo(), "") + part("task_type", b"async") + END

    assert stored(front_end, front_end.post_raw(body, MULTIPART)).input_bytes == len(photo())


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP"])
def test_each_format_of_the_contract_is_taken(front_end: FrontEnd, form: str) -> None:
    stored(front_end, front_end.post(photo(form=form), task_type="async"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cloth_class", "shirt"),
        ("cloth_class", "tops,shirt"),
        ("cloth_class", "tops,,hat"),
        ("cloth_class", "Tops"),
        ("cloth_class", "tops;hat"),
        ("return_form", "whitebk"),
        ("return_form", "png"),
        ("out_mode", "2"),
        ("out_mode", "-1"),
        ("out_mode", "01"),
        ("out_mode", "true"),
        ("task_type", "Async"),
        ("task_type", "later"),
        ("return_form", ["mask", "whiteBK"]),
        ("task_type", ["sync", "async"]),
        ("out_mode", "\0"),
    ],
)
def test_an_unknown_word_is_refused_by_the_name_of_its_field(
    front_end: FrontEnd, name: str, value: Any
) -> None:
    answer = front_end.post(**{name: value})

    body = assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)
    assert f"`{name}`" in body["error_msg"]
    assert front_end.count_rows() == 0


def test_a_missing_image_is_a_missing_parameter(front_end: FrontEnd) -> None:
    answer = front_end.post_raw(part("task_type", b"async") + END, MULTIPART)

    assert_error(answer, 400, ErrorCode.MISSING_PARAMETERS)


def test_an_image_sent_as_text_is_missing_and_says_so(front_end: FrontEnd) -> None:
    answer = front_end.post_raw(part("image", photo()) + END, MULTIPART)

    body = assert_error(answer, 400, ErrorCode.MISSING_PARAMETERS)
    assert "text field" in body["error_msg"]


def test_an_empty_file_part_is_a_missing_parameter(front_end: FrontEnd) -> None:
    assert_error(front_end.post(b""), 400, ErrorCode.MISSING_PARAMETERS)


def test_a_form_without_any_part_misses_the_image(front_end: FrontEnd) -> None:
    assert_error(front_end.post_raw(END, MULTIPART), 400, ErrorCode.MISSING_PARAMETERS)


def test_two_images_are_an_invalid_parameter(front_end: FrontEnd) -> None:
    twice = part("image", photo(), "a.png") + part("image", photo(), "b.png") + END

    assert_error(front_end.post_raw(twice, MULTIPART), 400, ErrorCode.ERROR_INVALID_PARAMETER)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", None),
        (b'{"image": "x"}', "application/json"),
        (b"image=x", "application/x-www-form-urlencoded"),
        (photo(), "image/png"),
        (part("image", photo(), "x") + END, "multipart/mixed; boundary=cut-here"),
        (part("image", photo(), "x") + END, "multipart/form-data"),
        (part("image", photo(), "x") + END, "multipart/form-data; boundary=other"),
        (part("image", photo(), "x") + END, "multipart/form-data; boundary=ü"),
        (part("image", photo(), "x"), MULTIPART),
        (part("image", padded(MAX_IMAGE_BYTES), "x"), MULTIPART),
        (b"", MULTIPART),
        (b"no form at all", MULTIPART),
        (b"--cut-here\r\n\r\nno disposition\r\n" + END, MULTIPART),
        (b"--cut-here\r\nContent-Disposition: \xff\xfe\r\n\r\nx\r\n" + END, MULTIPART),
    ],
)
def test_a_body_that_is_no_readable_form_is_told_so(
    front_end: FrontEnd, body: bytes, content_type: str | None
) -> None:
    assert_error(front_end.post_raw(body, content_type), 400, ErrorCode.ERROR_PARAMETERS)


def test_an_image_of_exactly_5_mb_is_taken(front_end: FrontEnd) -> None:
    image = padded(MAX_IMAGE_BYTES)

    assert stored(front_end, front_end.post(image, task_type="async")).input_bytes == 5_242_880


def test_an_image_of_5_mb_and_a_byte_is_too_large_a_file(front_end: FrontEnd) -> None:
    answer = front_end.post(padded(MAX_IMAGE_BYTES + 1))

    assert_error(answer, 413, ErrorCode.FILE_SIZE_EXCEEDS_LIMIT)
    assert not front_end.object_store.inputs


def test_a_body_over_its_limit_is_too_large_a_body(front_end: FrontEnd) -> None:
    answer = front_end.post(padded(MAX_BODY_BYTES))

    assert_error(answer, 413, ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE)


def test_too_many_parts_are_too_large_a_body(front_end: FrontEnd) -> None:
    fields: dict[str, Any] = {f"field{number}": "x" for number in range(MAX_PARTS)}

    assert_error(front_end.post(**fields), 413, ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE)


def test_too_long_a_text_field_is_too_large_a_body(front_end: FrontEnd) -> None:
    answer = front_end.post(note="x" * (MAX_TEXT_BYTES + 1))

    assert_error(answer, 413, ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP"])
@pytest.mark.parametrize("size", [(51, 51), (51, 2999), (2999, 51)])
def test_sides_just_within_the_limits_are_taken(
    front_end: FrontEnd, size: tuple[int, int], form: str
) -> None:
    stored(front_end, front_end.post(photo(*size, form=form), task_type="async"))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP"])
@pytest.mark.parametrize("size", [(50, 51), (51, 50), (1, 1), (50, 2999)])
def test_a_side_of_50_pixels_or_less_is_too_low_a_resolution(
    front_end: FrontEnd, size: tuple[int, int], form: str
) -> None:
    answer = front_end.post(photo(*size, form=form))

    assert_error(answer, 422, ErrorCode.ERROR_LOW_RESOLUTION)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP"])
@pytest.mark.parametrize("size", [(3000, 51), (51, 3000), (3000, 50)])
def test_a_side_of_3000_pixels_or_more_is_too_high_a_resolution(
    front_end: FrontEnd, size: tuple[int, int], form: str
) -> None:
    answer = front_end.post(photo(*size, form=form))

    assert_error(answer, 413, ErrorCode.FILE_RESOLUTION_EXCEEDS_LIMITS)


def animated_png() -> bytes:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    encoded = io.BytesIO()
    frames[0].save(encoded, "PNG", save_all=True, append_images=frames[1:])
    return encoded.getvalue()


@pytest.mark.parametrize(
    "image",
    [
        photo(form="GIF"),
        photo(form="WEBP"),
        photo(form="TIFF"),
        animated_png(),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"x",
    ],
    ids=["gif", "webp", "tiff", "apng", "svg", "pdf", "text"],
)
def test_a_file_of_another_type_is_unsupported(front_end: FrontEnd, image: bytes) -> None:
    assert_error(front_end.post(image), 415, ErrorCode.UNSUPPORTED_FILE_TYPES)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP"])
def test_a_header_that_is_cut_off_is_a_decoding_failure(front_end: FrontEnd, form: str) -> None:
    answer = front_end.post(photo(form=form)[:20])

    assert_error(answer, 422, ErrorCode.FILE_DECODING_FAILURE)


def test_who_sends_the_photo_under_another_name_is_told_so(front_end: FrontEnd) -> None:
    boundary, body = encode_multipart({"file": FileStorage(io.BytesIO(photo()), "a.jpg")})

    answer = front_end.post_raw(body, f"multipart/form-data; boundary={boundary}")

    told = assert_error(answer, 400, ErrorCode.MISSING_PARAMETERS)["error_msg"]
    assert told.startswith("A file came as `file`. Send the photo as a file `image`")

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from shared.errors import ErrorCode, Refused
from shared.image_files.header import ImageFormat, read_header
from tests import pictures


def code_of(data: bytes) -> ErrorCode:
    with pytest.raises(Refused) as refused:
        read_header(data)
    return refused.value.code


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "BMP"])
def test_the_format_and_the_size_are_read_from_the_bytes(file_format: str) -> None:
    header = read_header(pictures.encoded(pictures.photo(120, 80), file_format))
    assert (header.format, header.width, header.height) == (ImageFormat(file_format), 120, 80)
    assert header.orientation == 1


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "TIFF", "PPM", "ICO", "JPEG2000"])
def test_other_image_formats_are_not_supported(file_format: str) -> None:
    data = pictures.encoded(pictures.photo(), file_format)
    assert code_of(data) is ErrorCode.UNSUPPORTED_FILE_TYPES


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7\n",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        b"\x89PNG\n\x1a\n",
        b"PK\3\4",
    ],
)
def test_what_is_no_image_is_not_supported(data: bytes) -> None:
    assert code_of(data) is ErrorCode.UNSUPPORTED_FILE_TYPES


def test_several_pictures_in_one_jpeg_are_not_supported() -> None:
    assert code_of(pictures.mpo()) is ErrorCode.UNSUPPORTED_FILE_TYPES


def test_a_gain_map_beside_the_picture_is_no_second_picture() -> None:
    gain_map = b'http://ns.adobe.com/xap/1.0/\0<x hdrgm:Version="1.0"/>'
    assert read_header(pictures.with_segment(pictures.mpo(), 0xE1, gain_map)).width == 120


def test_an_animated_png_is_not_supported() -> None:
    assert code_of(pictures.apng()) is ErrorCode.UNSUPPORTED_FILE_TYPES


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "BMP"])
@pytest.mark.parametrize("size", [(51, 51), (51, 2999), (2999, 51)])
def test_sides_within_the_limits_pass(file_format: str, size: tuple[int, int]) -> None:
    header = read_header(pictures.encoded(Image.new("RGB", size), file_format))
    assert (header.width, header.height) == size


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "BMP"])
@pytest.mark.parametrize(
    ("size", "code"),
    [
        ((50, 51), ErrorCode.ERROR_LOW_RESOLUTION),
        ((51, 50), ErrorCode.ERROR_LOW_RESOLUTION),
        ((1, 1), ErrorCode.ERROR_LOW_RESOLUTION),
        ((3000, 2999), ErrorCode.FILE_RESOLUTION_EXCEEDS_LIMITS),
        ((51, 3000), ErrorCode.FILE_RESOLUTION_EXCEEDS_LIMITS),
        ((20, 3000), ErrorCode.FILE_RESOLUTION_EXCEEDS_LIMITS),
    ],
)
def test_sides_beyond_the_limits_are_refused(
    file_format: str, size: tuple[int, int], code: ErrorCode
) -> None:
    assert code_of(pictures.encoded(Image.new("RGB", size), file_format)) is code


def test_a_bomb_is_refused_by_its_header_alone() -> None:
    assert code_of(pictures.png_header(2**31 - 1, 2**31 - 1)) is (
        ErrorCode.FILE_RESOLUTION_EXCEEDS_LIMITS
    )


def test_the_message_says_what_to_change() -> None:
    with pytest.raises(Refused) as refused:
        read_header(pictures.png_header(3024, 4032))
    assert refused.value.message == (
        "The image is 3024 x 4032 pixels; each side must be shorter than 3000 pixels."
    )


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "BMP"])
@pytest.mark.parametrize("length", [8, 16, 20, 24])
def test_a_header_cut_off_is_a_decoding_failure(file_format: str, length: int) -> None:
    data = pictures.encoded(pictures.photo(), file_format)[:length]
    assert code_of(data) is ErrorCode.FILE_DECODING_FAILURE


def test_a_png_without_pixels_is_a_decoding_failure() -> None:
    data = pictures.encoded(pictures.photo())
    assert code_of(data[: data.index(b"IDAT") - 4]) is ErrorCode.FILE_DECODING_FAILURE


def test_a_png_whose_header_was_changed_on_the_way_is_a_decoding_failure() -> None:
    data = bytearray(pictures.encoded(pictures.photo()))
    data[18] ^= 1
    assert code_of(bytes(data)) is ErrorCode.FILE_DECODING_FAILURE


@pytest.mark.parametrize("size", [(0, 100), (100, 0)])
def test_no_pixels_at_all_are_a_decoding_failure(size: tuple[int, int]) -> None:
    assert code_of(pictures.png_header(*size)) is ErrorCode.FILE_DECODING_FAILURE


def test_millions_of_empty_segments_are_not_all_walked_through() -> None:
    data = pictures.jpeg()
    assert code_of(data[:2] + b"\xff\xe5\0\2" * 100_000 + data[2:]) is (
        ErrorCode.FILE_DECODING_FAILURE
    )


def test_rows_stored_from_the_top_down_are_no_negative_height() -> None:
    data = bytearray(pictures.encoded(pictures.photo(120, 80), "BMP"))
    struct.pack_into("<i", data, 22, -80)
    assert read_header(bytes(data)).height == 80


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_a_jpeg_is_read(orientation: int, order: str) -> None:
    data = pictures.with_orientation(pictures.jpeg(), orientation, order)
    assert read_header(data).orientation == orientation


def test_the_orientation_of_a_png_is_read() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert read_header(pictures.encoded(pictures.photo(), exif=exif)).orientation == 6


def test_the_orientation_of_a_png_is_read_behind_its_pixels_too() -> None:
    whole = pictures.encoded(pictures.photo())
    exif = pictures.png_chunk(b"eXIf", pictures.tiff({0x0112: 6}))
    assert read_header(whole[:-12] + exif + whole[-12:]).orientation == 6


def test_a_png_of_thousands_of_chunks_before_its_pixels_is_taken() -> None:
    whole = pictures.encoded(pictures.photo())
    comments = pictures.png_chunk(b"tEXt", b"Comment\0words") * 9000
    assert read_header(whole[:33] + comments + whole[33:]).width == 120


def test_a_png_of_too_many_chunks_is_refused_for_them() -> None:
    whole = pictures.encoded(pictures.photo())
    comments = pictures.png_chunk(b"tEXt", b"Comment\0words") * 11_000
    with pytest.raises(Refused, match="10,000 chunks") as refused:
        read_header(whole[:33] + comments + whole[33:])
    assert refused.value.code is ErrorCode.UNSUPPORTED_FILE_TYPES


@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"MM",
        b"MM\0*\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08\xff\xff" + bytes(7),
        pictures.tiff({0x0112: 9}),
        pictures.tiff({0x0112: 0}),
        b"\xff" * 40,
    ],
)
def test_damaged_exif_costs_the_orientation_and_not_the_photo(exif: bytes) -> None:
    data = pictures.with_segment(pictures.jpeg(), 0xE1, b"Exif\0\0" + exif)
    assert read_header(data).orientation == 1


def test_the_thumbnail_in_the_exif_is_not_taken_for_the_photo() -> None:
    thumbnail = pictures.jpeg(pictures.photo(60, 60))
    exif = b"Exif\0\0" + pictures.tiff({0x0112: 3}) + thumbnail
    header = read_header(pictures.with_segment(pictures.jpeg(), 0xE1, exif))
    assert (header.width, header.height, header.orientation) == (120, 80, 3)


def test_pillow_agrees_on_every_mode() -> None:
    for mode in ("1", "L", "P", "RGB", "RGBA", "LA", "I;16"):
        data = pictures.encoded(Image.new(mode, (70, 60)))
        assert Image.open(io.BytesIO(data)).size == (read_header(data).width, 60)

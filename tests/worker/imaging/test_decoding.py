from __future__ import annotations

import contextlib
import io

import cv2
import numpy as np
import pytest
import simplejpeg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from shared.errors import ErrorCode, Refused
from tests import pictures
from worker.imaging.decoding import decode
from worker.imaging.photo import Photo


def assert_undecodable(data: bytes) -> None:
    with pytest.raises(Refused) as refused:
        decode(data)
    assert refused.value.code is ErrorCode.FILE_DECODING_FAILURE


def close(photo: Photo, image: Image.Image, tolerance: float = 1.5) -> bool:
    expected = np.asarray(image.convert("RGB"), np.int16)
    return bool(np.abs(photo.rgb - expected).mean() < tolerance)


def grey_ramp() -> np.ndarray:
    return np.tile(np.linspace(0, 255, 64).astype(np.uint8), (60, 1))


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "BMP"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_ordinary_photos_come_back_as_they_were(file_format: str, mode: str) -> None:
    image = pictures.photo().convert(mode)
    photo = decode(pictures.encoded(image, file_format))
    assert close(photo, image, tolerance=6)
    assert photo.alpha is None
    assert photo.rgb.flags.c_contiguous
    assert photo.rgb.dtype == np.uint8


def test_progressive_jpegs_are_decoded() -> None:
    assert close(decode(pictures.jpeg(progressive=True)), pictures.photo(), tolerance=4)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_photo_is_stood_upright(orientation: int) -> None:
    data = pictures.with_orientation(pictures.jpeg(), orientation)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    photo = decode(data)
    assert photo.rgb.shape[1::-1] == expected.size
    assert close(photo, expected)
    assert photo.rgb.flags.c_contiguous


def test_the_opacity_is_stood_upright_too() -> None:
    image = pictures.photo().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = decode(pictures.encoded(image, exif=exif))
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, np.rot90(np.asarray(image)[..., 3], -1))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_truncated_jpeg_is_a_decoding_failure(share: float) -> None:
    data = pictures.jpeg()
    assert_undecodable(data[: int(len(data) * share)])


def test_a_truncated_progressive_jpeg_is_a_decoding_failure() -> None:
    data = pictures.jpeg(progressive=True)
    assert_undecodable(data[: len(data) * 2 // 3])


def test_the_end_of_the_thumbnail_is_not_the_end_of_a_truncated_jpeg() -> None:
    exif = b"Exif\0\0" + pictures.tiff({0x0112: 1}) + pictures.jpeg(pictures.photo(60, 60))
    data = pictures.with_segment(pictures.jpeg(), 0xE1, exif)
    assert_undecodable(data[:-100])


def test_bytes_after_the_end_of_a_jpeg_are_no_harm() -> None:
    assert close(decode(pictures.jpeg() + b"<script>" * 100), pictures.photo(), tolerance=4)


@pytest.mark.parametrize("file_format", ["PNG", "BMP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_truncated_png_or_bmp_is_a_decoding_failure(file_format: str, share: float) -> None:
    data = pictures.encoded(pictures.photo(), file_format)
    assert_undecodable(data[: int(len(data) * share)])


def test_a_corrupt_png_is_a_decoding_failure() -> None:
    data = bytearray(pictures.encoded(pictures.photo()))
    data[len(data) // 2] ^= 0xFF
    assert_undecodable(bytes(data))


def test_sixteen_bit_grey_is_scaled_and_not_clipped() -> None:
    ramp = np.tile(np.arange(0, 65536, 1024, dtype=np.uint16), (60, 1))
    ramp[:, -1] = 65535
    photo = decode(pictures.raw_png(ramp, bits=16, colour=0))
    assert np.array_equal(photo.rgb[0, :, 0], np.rint(ramp[0] / 257))
    assert photo.rgb.max() == 255


def test_sixteen_bit_colour_is_scaled_and_not_clipped() -> None:
    ramp = np.tile(np.repeat(np.arange(0, 65536, 1024, dtype=np.uint16), 3), (60, 1))
    photo = decode(pictures.raw_png(ramp, bits=16, colour=2))
    assert np.abs(photo.rgb[0, :, 1] - ramp[0, ::3] / 257).max() <= 1


def test_hidden_colours_under_transparency_are_not_seen() -> None:
    image = pictures.photo().convert("RGBA")
    image.putalpha(0)
    photo = decode(pictures.encoded(image))
    assert photo.alpha is not None
    assert not photo.alpha.any()
    assert (photo.on_white() == 255).all()


def test_an_opaque_alpha_channel_is_none() -> None:
    assert decode(pictures.encoded(pictures.photo().convert("RGBA"))).alpha is None


def test_grey_with_alpha_keeps_its_alpha() -> None:
    image = pictures.photo().convert("LA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    photo = decode(pictures.encoded(image))
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, np.asarray(image)[..., 1])
    assert np.array_equal(photo.rgb[..., 2], np.asarray(image)[..., 0])


@pytest.mark.parametrize("transparency", [3, bytes([0, 128, 255, 10])])
def test_palettes_keep_their_colours_and_their_transparency(transparency: int | bytes) -> None:
    image = pictures.photo().quantize(16)
    data = pictures.encoded(image, transparency=transparency)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
    photo = decode(data)
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, expected[..., 3])
    assert np.array_equal(photo.rgb, expected[..., :3])


def test_one_bit_pictures_are_black_and_white() -> None:
    photo = decode(pictures.encoded(pictures.photo().convert("1")))
    assert set(np.unique(photo.rgb)) == {0, 255}


@pytest.mark.parametrize(
    ("bits", "key", "transparent"), [(8, 100, 100), (16, 25700, 25700), (4, 6, 0x66), (1, 1, 0xFF)]
)
def test_a_grey_colour_key_makes_its_pixels_transparent(
    bits: int, key: int, transparent: int
) -> None:
    rows = np.zeros((60, 64), np.uint16)
    rows[10:20] = transparent
    photo = decode(
        pictures.raw_png(rows, bits=bits, colour=0, chunks={b"tRNS": key.to_bytes(2, "big")})
    )
    assert photo.alpha is not None
    assert not photo.alpha[10:20].any()
    assert (photo.alpha[:10] == 255).all()


@pytest.mark.parametrize(("bits", "value"), [(8, 90), (16, 90 * 257)])
def test_an_rgb_colour_key_makes_its_pixels_transparent(bits: int, value: int) -> None:
    rows = np.zeros((60, 64 * 3), np.uint16)
    rows[10:20] = value
    key = value.to_bytes(2, "big") * 3
    photo = decode(pictures.raw_png(rows, bits=bits, colour=2, chunks={b"tRNS": key}))
    assert photo.alpha is not None
    assert not photo.alpha[10:20].any()
    assert (photo.alpha[20:] == 255).all()


def test_cmyk_jpegs_look_like_the_photo_they_were_made_of() -> None:
    data = pictures.encoded(pictures.photo().convert("CMYK"), "JPEG", quality=95)
    assert close(decode(data), pictures.photo(), tolerance=6)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_other_colour_spaces_become_srgb(file_format: str) -> None:
    profile = pictures.swapped_profile()
    photo = decode(pictures.encoded(pictures.photo(), file_format, icc_profile=profile))
    plain = np.asarray(pictures.photo(), np.int16)
    # The astronaut's suit is orange; with red and blue swapped it is blue.
    assert np.abs(photo.rgb - plain[..., ::-1]).mean() < np.abs(photo.rgb - plain).mean() / 2


@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    "profile", [b"no profile", pictures.icc_profile("LAB"), pictures.icc_profile()[:200]]
)
def test_a_useless_profile_is_ignored(file_format: str, profile: bytes) -> None:
    photo = decode(pictures.encoded(pictures.photo(), file_format, icc_profile=profile))
    assert close(photo, pictures.photo(), tolerance=6)


@pytest.mark.parametrize(
    "heads",
    [
        [b"\1\2"],
        [b"\2\2"],
        [b"\1\1", b"\1\1"],
        [b"\0\1"],
        [b"\1\0"],
        [b"\3\2", b"\1\2"],
        [b"\1"],
        [b""],
    ],
)
def test_pieces_of_a_profile_that_do_not_fit_are_no_damage(heads: list[bytes]) -> None:
    data = pictures.jpeg()
    for head in heads:
        content = b"ICC_PROFILE\0" + head + (pictures.icc_profile() if len(head) > 1 else b"")
        data = pictures.with_segment(data, 0xE2, content)
    assert close(decode(data), pictures.photo(), tolerance=4)


def test_an_srgb_profile_changes_nothing() -> None:
    with_profile = decode(pictures.jpeg(icc_profile=pictures.icc_profile()))
    assert np.array_equal(with_profile.rgb, decode(pictures.jpeg()).rgb)


def test_damaged_exif_is_no_warning_on_pillows_way_either() -> None:
    cmyk = pictures.encoded(pictures.photo().convert("CMYK"), "JPEG")
    exif = b"Exif\0\0" + pictures.tiff({0x011A: 5})[:-7] + b"\xff\xff"
    assert decode(pictures.with_segment(cmyk, 0xE1, exif)).rgb.shape == (80, 120, 3)


def test_the_unused_fourth_byte_of_a_bmp_is_no_transparency() -> None:
    photo = decode(pictures.encoded(pictures.photo().convert("RGBA"), "BMP"))
    assert photo.alpha is None
    assert close(photo, pictures.photo())


SEEDS = [
    pictures.with_orientation(pictures.jpeg(), 6),
    pictures.jpeg(progressive=True),
    pictures.jpeg(icc_profile=pictures.swapped_profile()),
    pictures.encoded(pictures.photo(64, 64).convert("CMYK"), "JPEG"),
    pictures.mpo(),
    pictures.encoded(pictures.photo(64, 64)),
    pictures.apng(),
    pictures.encoded(pictures.photo(64, 64).convert("RGBA"), icc_profile=pictures.icc_profile()),
    pictures.encoded(pictures.photo(64, 64).quantize(16), transparency=bytes(range(16))),
    pictures.raw_png(np.zeros((60, 64), np.uint16), bits=16, colour=0, chunks={b"tRNS": b"\0\0"}),
    pictures.raw_png(np.zeros((60, 192), np.uint16), bits=8, colour=2, chunks={b"tRNS": bytes(6)}),
    pictures.encoded(pictures.photo(64, 64), "BMP"),
    pictures.encoded(pictures.photo(64, 64).quantize(16), "BMP"),
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 4))):
        # Most of what can go wrong is in the first bytes.
        end = draw(st.sampled_from([60, 300, len(data)]))
        at = draw(st.integers(0, min(end, len(data)) - 1)) if data else 0
        kind = draw(st.sampled_from(["set", "cut", "delete", "insert", "splice"]))
        if kind == "set":
            data[at : at + 1] = draw(st.binary(min_size=1, max_size=4))
        elif kind == "cut":
            del data[max(at, 4) :]
        elif kind == "delete":
            del data[at : at + draw(st.integers(1, 20))]
        elif kind == "insert":
            data[at:at] = draw(st.binary(max_size=12))
        else:
            other = draw(st.sampled_from(SEEDS))
            data[at:] = other[draw(st.integers(0, len(other) - 1)) :]
    return bytes(data)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_a_damaged_file_is_a_photo_or_refused_and_nothing_else(data: bytes) -> None:
    photo = None
    with contextlib.suppress(Refused):
        photo = decode(data)
    assert photo is None or min(photo.rgb.shape[:2]) > 50


def test_want_of_memory_says_nothing_of_the_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no damage: another attempt may have the memory."""

    def fail(*_: object, **__: object) -> None:
        raise ValueError("Insufficient memory (case 4)")

    monkeypatch.setattr(simplejpeg, "decode_jpeg", fail)
    with pytest.raises(MemoryError):
        decode(pictures.jpeg())


def test_want_of_memory_for_turning_says_nothing_of_the_photo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        error = cv2.error("Failed to allocate 36000000 bytes")
        error.code = cv2.Error.StsNoMem
        raise error

    monkeypatch.setattr(cv2, "cvtColor", fail)
    with pytest.raises(MemoryError):
        decode(pictures.jpeg(pictures.photo().convert("L")))

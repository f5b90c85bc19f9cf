"""Which photos are taken out of packages."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from training.gather import LISTING, gather


def webp(content: bytes) -> bytes:
    rest = b"WEBP" + content
    return b"RIFF" + len(rest).to_bytes(4, "little") + rest


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    folder = tmp_path / "packages"
    folder.mkdir()
    return folder


def write_listing(folder: Path, **photos: bytes) -> Path:
    file = folder / "listing"
    lines = [f"{hashlib.sha256(photo).hexdigest()}  {name}" for name, photo in photos.items()]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_photos_are_found_by_what_they_are_wherever_they_lie(
    packages: Path, tmp_path: Path
) -> None:
    (packages / "deep").mkdir()
    (packages / "deep" / "renamed.JPG").write_bytes(b"sea")
    (packages / "other.jpg").write_bytes(b"not wanted")
    listing = write_listing(tmp_path, **{"water/sea.jpg": b"sea"})

    assert gather(packages, tmp_path / "scenes", listing) == []

    copied = [file for file in (tmp_path / "scenes").rglob("*") if file.is_file()]
    assert copied == [tmp_path / "scenes" / "water" / "sea.jpg"]
    assert copied[0].read_bytes() == b"sea"


def test_photos_are_taken_out_of_compiled_resources(packages: Path, tmp_path: Path) -> None:
    fish, bird = webp(b"fish"), webp(b"a bird\nRIFF")
    (packages / "game.rcc").write_bytes(b"qres" + fish + b"\0\0" + bird + b"rest")
    listing = write_listing(tmp_path, **{"fish.webp": fish, "bird.webp": bird})

    assert gather(packages, tmp_path / "scenes", listing) == []

    assert (tmp_path / "scenes" / "fish.webp").read_bytes() == fish
    assert (tmp_path / "scenes" / "bird.webp").read_bytes() == bird


def test_a_photo_listed_twice_is_copied_twice(packages: Path, tmp_path: Path) -> None:
    (packages / "sea.jpg").write_bytes(b"sea")
    listing = write_listing(tmp_path, **{"a.jpg": b"sea", "b.jpg": b"sea"})

    assert gather(packages, tmp_path / "scenes", listing) == []

    assert len(list((tmp_path / "scenes").iterdir())) == 2


def test_what_is_missing_is_named(packages: Path, tmp_path: Path) -> None:
    listing = write_listing(tmp_path, **{"sea.jpg": b"sea"})

    assert gather(packages, tmp_path / "scenes", listing) == ["sea.jpg"]


def test_no_scene_of_ours_leaves_the_folder() -> None:
    names = [line.split(maxsplit=1)[1] for line in LISTING.read_text(encoding="utf-8").splitlines()]

    assert len(set(names)) == len(names) > 500
    assert not any(Path(name).is_absolute() or ".." in Path(name).parts for name in names)

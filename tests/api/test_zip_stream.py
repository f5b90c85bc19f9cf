"""An archive that is written while it is sent: what others read of it, and what it keeps meanwhile."""

from __future__ import annotations

import io
import random
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from api.answers.zip_directory import ZipDirectory
from api.answers.zip_stream import Member, zip_stream

NOON = datetime(2026, 11, 27, 12, 30, 59, tzinfo=UTC)
CHANCE = random.Random(27)
PICTURES = {
    "00001/coat.cutout.png": CHANCE.randbytes(5000),
    "00002/Mäntel & 外套.cutout.png": CHANCE.randbytes(77),
    "00003/nothing.txt": b"",
}
#: More than the directory of a zip file without its later extension may count.
MANY = 70_000
FAR = 5 * 2**30


def members(count: int) -> Iterator[Member]:
    for number in range(count):
        yield Member(f"{number:05}/SKU-{CHANCE.random()}.cutout.png", NOON, CHANCE.randbytes(60))


def pictures() -> Iterator[Member]:
    return (Member(name, NOON, content) for name, content in PICTURES.items())


def test_each_member_is_read_as_it_was_written() -> None:
    with zipfile.ZipFile(io.BytesIO(b"".join(zip_stream(pictures())))) as archive:
        assert {it.filename: archive.read(it) for it in archive.infolist()} == PICTURES
        assert {it.date_time for it in archive.infolist()} == {(2026, 11, 27, 12, 30, 58)}
        assert {it.compress_type for it in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {it.external_attr >> 16 for it in archive.infolist()} == {0o600}


def test_an_archive_of_nothing_is_one() -> None:
    with zipfile.ZipFile(io.BytesIO(b"".join(zip_stream([])))) as archive:
        assert archive.namelist() == []


def test_nothing_is_read_before_it_is_asked_for() -> None:
    read: list[str] = []

    def noted() -> Iterator[Member]:
        for member in pictures():
            read.append(member.name)
            yield member

    pieces = zip_stream(noted())
    assert read == []
    assert b"coat.cutout.png" in next(pieces)
    assert read == ["00001/coat.cutout.png"]


def test_a_member_says_itself_how_long_it_is() -> None:
    """So an archive can be unpacked while it comes, without its directory."""
    first = next(zip_stream(pictures()))

    assert struct.unpack_from("<HH", first, 4) == (20, 0x800)
    content = PICTURES["00001/coat.cutout.png"]
    assert struct.unpack_from("<LLL", first, 14) == (zlib.crc32(content), 5000, 5000)


def test_what_is_known_of_a_member_is_kept_in_little_memory() -> None:
    few, many = 2_000, 20_000

    assert (most_memory_of(many) - most_memory_of(few)) / (many - few) < 60


def most_memory_of(count: int) -> int:
    tracemalloc.start()
    try:
        for _ in zip_stream(members(count)):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_more_members_than_a_short_directory_counts_are_all_there(tmp_path: Path) -> None:
    file = tmp_path / "many.zip"
    with file.open("wb") as archive:
        archive.writelines(zip_stream(members(MANY)))

    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        assert [int(name[:5]) for name in names] == list(range(MANY))
        assert len(archive.read(names[-1])) == 60


def test_members_behind_four_gigabytes_are_found(tmp_path: Path) -> None:
    """What is before them is a hole in the file, for which a file system needs no room."""
    file = tmp_path / "long.zip"
    directory = ZipDirectory()
    directory._place = FAR
    with file.open("wb") as archive:
        archive.seek(FAR)
        for name, changed_at, content in pictures():
            archive.write(directory.enter(name, changed_at, content) + content)
        archive.writelines(directory.pieces())

    with zipfile.ZipFile(file) as archive:
        assert archive.infolist()[0].header_offset == FAR
        assert {it.filename: archive.read(it) for it in archive.infolist()} == PICTURES

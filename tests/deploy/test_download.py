from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from deploy import download
from deploy.download import DownloadFailed, Wanted, is_there, opened, store
from tests.file_server import Answer, FileServer, running_file_server

CONTENT = bytes(range(256)) * 9000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
RIGHT = Wanted(SHA256, len(CONTENT))


@pytest.fixture
def files() -> Iterator[FileServer]:
    with running_file_server() as server:
        yield server


def fetch(url: str, target: Path, wanted: Wanted = RIGHT) -> None:
    with opened(url) as body:
        store(body.chunks, target, wanted)


def is_empty(folder: Path) -> bool:
    return not folder.exists() or not any(folder.iterdir())


def test_the_right_file_arrives_whole(files: FileServer, tmp_path: Path) -> None:
    target = tmp_path / "new" / "model.onnx"

    with opened(files.serve("/model", CONTENT)) as body:
        assert body.size_bytes == len(CONTENT)
        store(body.chunks, target, RIGHT)

    assert target.read_bytes() == CONTENT
    assert [*target.parent.iterdir()] == [target]


def test_a_file_of_unknown_size_is_known_by_its_hash(files: FileServer, tmp_path: Path) -> None:
    url = files.answer("/model", Answer(CONTENT))

    fetch(url, tmp_path / "model.onnx", Wanted(SHA256, None))

    assert (tmp_path / "model.onnx").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("sent", "announced", "size_bytes", "complaint"),
    [
        pytest.param(CONTENT[:-1], len(CONTENT), len(CONTENT), "broke off", id="cut off"),
        pytest.param(CONTENT[:-1], None, len(CONTENT), "There are .* not", id="short"),
        pytest.param(CONTENT[:-1], None, None, "The SHA-256 is", id="short, size unknown"),
        pytest.param(CONTENT + b"!", None, len(CONTENT), "There are more than", id="long"),
        pytest.param(b"?" + CONTENT[1:], None, len(CONTENT), "The SHA-256 is", id="changed"),
        pytest.param(b"", 0, len(CONTENT), "There are 0 bytes", id="empty"),
    ],
)
def test_what_is_not_the_right_file_leaves_nothing_behind(
    files: FileServer,
    tmp_path: Path,
    sent: bytes,
    announced: int | None,
    size_bytes: int | None,
    complaint: str,
) -> None:
    url = files.answer("/model", Answer(sent, announced_bytes=announced))

    with pytest.raises(DownloadFailed, match=complaint):
        fetch(url, tmp_path / "model.onnx", Wanted(SHA256, size_bytes))

    assert is_empty(tmp_path)


def test_a_failed_download_leaves_what_was_there(files: FileServer, tmp_path: Path) -> None:
    target = tmp_path / "model.onnx"
    target.write_bytes(b"what was there")

    with pytest.raises(DownloadFailed):
        fetch(files.serve("/model", CONTENT[:-1]), target)

    assert target.read_bytes() == b"what was there"
    assert [*tmp_path.iterdir()] == [target]


def test_no_more_is_read_than_the_right_file_has(tmp_path: Path) -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 1000
            yield bytes(1000)

    with pytest.raises(DownloadFailed, match="more than 2500 bytes"):
        store(endless(), tmp_path / "model.onnx", Wanted(SHA256, 2500))

    assert read == 3000


def test_a_size_that_nobody_knows_is_bounded_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "MOST_BYTES", len(CONTENT) - 1)

    with pytest.raises(DownloadFailed, match="more than"):
        store([CONTENT], tmp_path / "model.onnx", Wanted(SHA256, None))


def test_a_redirect_is_followed(files: FileServer, tmp_path: Path) -> None:
    files.serve("/there", CONTENT)
    url = files.answer("/here", Answer(status=302, location="/there"))

    fetch(url, tmp_path / "model.onnx")

    assert files.asked == ["/here", "/there"]
    assert is_there(tmp_path / "model.onnx", RIGHT)


def test_redirects_have_an_end(files: FileServer, tmp_path: Path) -> None:
    url = files.answer("/here", Answer(status=302, location="/here"))

    with pytest.raises(DownloadFailed, match="again and again"):
        fetch(url, tmp_path / "model.onnx")

    assert len(files.asked) < 10


@pytest.mark.parametrize("location", ["http://example.com/model", "ftp://127.0.0.1/model"])
def test_a_redirect_leads_to_nothing_that_may_not_be_asked(
    files: FileServer, tmp_path: Path, location: str
) -> None:
    url = files.answer("/here", Answer(status=302, location=location))

    with pytest.raises(DownloadFailed, match="is not https"):
        fetch(url, tmp_path / "model.onnx")


def test_a_redirect_never_leads_from_the_world_to_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def redirect(_: urllib3.PoolManager, __: str, url: str, **___: object) -> urllib3.HTTPResponse:
        asked.append(url)
        headers = {"Location": "http://127.0.0.1/model"}
        return urllib3.HTTPResponse(status=302, headers=headers, preload_content=False)

    monkeypatch.setattr(urllib3.PoolManager, "request", redirect)

    with (
        pytest.raises(DownloadFailed, match="is not https"),
        opened("https://example.com/model"),
    ):
        pass
    assert asked == ["https://example.com/model"]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/model",
        "http://127.0.0.1.example.com/model",
        "file:///etc/passwd",
        "https:///model",
        "model.onnx",
    ],
)
def test_only_https_is_fetched_from_elsewhere(url: str) -> None:
    with pytest.raises(DownloadFailed, match="is not https"), opened(url):
        pass


def test_an_address_that_is_none_is_one_line() -> None:
    with pytest.raises(DownloadFailed, match="is not an address"), opened("https://[::1/model"):
        pass


def test_a_server_that_has_no_such_file_is_named(files: FileServer) -> None:
    with pytest.raises(DownloadFailed, match="/none answers with 404"), opened(f"{files.url}/none"):
        pass


def test_a_server_that_is_not_there_is_named() -> None:
    with (
        pytest.raises(DownloadFailed, match=r"127\.0\.0\.1:1/model does not answer"),
        opened("http://127.0.0.1:1/model"),
    ):
        pass


def test_a_server_that_takes_too_long_is_given_up(
    files: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_WHOLE_SECONDS", -1)

    with pytest.raises(DownloadFailed, match="took more than"):
        fetch(files.serve("/model", CONTENT), tmp_path / "model.onnx")

    assert is_empty(tmp_path)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(DownloadFailed, match=r"model\.onnx cannot be written"):
        store([CONTENT], tmp_path / "file" / "model.onnx", RIGHT)


@pytest.mark.parametrize("there", [None, b"", CONTENT[:-1], b"?" + CONTENT[1:]])
def test_only_the_right_file_is_there(tmp_path: Path, there: bytes | None) -> None:
    target = tmp_path / "model.onnx"
    if there is not None:
        target.write_bytes(there)

    assert not is_there(target, RIGHT)
    target.write_bytes(CONTENT)
    assert is_there(target, RIGHT)

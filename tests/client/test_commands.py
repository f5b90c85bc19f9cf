"""`cutwork cut`, `status`, `erase` and `login`: what they print, and how they end."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from cutwork import patience
from cutwork.access import store_path
from deploy.local.servers.ports import LOOPBACK, free_port
from shared.errors import ErrorCode
from tests.client.conftest import Command
from tests.client.fake_service import KEY, PNG, FakeService, refusal


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"a photo")
    return path


def test_cut_writes_the_pictures_beside_the_photo_and_names_them(
    service: FakeService, command: Command, photo: Path
) -> None:
    ended = command("cut", photo, "--classes", "tops,hat", "--form", "mask", "--set", "reference=A")

    names = [photo.with_name(name) for name in ("photo.mask.png", "photo.tops.mask.png")]
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == list(map(str, names))
    assert all(name.read_bytes().startswith(PNG) for name in names)
    [job] = service.jobs.values()
    assert job.fields == {"cloth_class": "tops,hat", "outputs": "mask", "reference": "A"}


def test_cut_writes_over_nothing_unasked(
    service: FakeService, command: Command, photo: Path
) -> None:
    there = photo.with_name("photo.cutout.png")
    there.write_text("mine")

    refused = command("cut", photo)
    forced = command("cut", photo, "--force")

    assert refused.code == 2
    assert "--force" in refused.err
    assert forced.code == 0
    assert there.read_bytes().startswith(PNG)


def test_cut_goes_on_past_a_photo_that_fails_and_says_which(
    service: FakeService, command: Command, photo: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"bad")
    service.fate = lambda content: (
        ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED if content == b"bad" else None
    )

    ended = command("cut", bad, photo, "-o", tmp_path / "out")

    assert ended.code == 1
    assert f"{bad}: ERROR_NO_RECOGNITION_TARGET_DETECTED" in ended.err
    assert ended.out == f"{tmp_path}/out/photo.cutout.png\n"


def test_a_name_that_is_no_text_is_kept_byte_by_byte(
    service: FakeService, command: Command, tmp_path: Path
) -> None:
    odd = tmp_path / "caf\udce9.jpg"
    odd.write_bytes(b"a photo")

    ended = command("cut", odd)

    assert ended.code == 0
    assert ended.out == f"{tmp_path}/caf\udce9.cutout.png\n"


@pytest.mark.parametrize(
    "arguments",
    [("cut",), ("cut", "no-such.jpg"), ("nothing",), ("status", "--url", "no address")],
)
def test_what_cannot_be_meant_ends_with_2(command: Command, arguments: tuple[str, ...]) -> None:
    ended = command(*arguments)

    assert (ended.code, ended.out) == (2, "")
    assert "Traceback" not in ended.err


def test_an_unknown_category_is_named_before_anything_is_sent(
    service: FakeService, command: Command, photo: Path
) -> None:
    ended = command("cut", photo, "--classes", "tops,sock")

    assert ended.code == 2
    assert "sock" in ended.err
    assert service.asked == []


def test_a_folder_that_cannot_be_written_ends_with_3(
    service: FakeService, command: Command, photo: Path
) -> None:
    ended = command("cut", photo, "-o", photo / "out")

    assert ended.code == 3
    assert "photo.jpg" in ended.err


def test_a_refused_key_ends_with_4(
    service: FakeService, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUTWORK_KEY", "another")

    ended = command("status")

    assert ended.code == 4
    assert "cutwork login" in ended.err


def test_no_key_ends_with_4(command: Command) -> None:
    assert command("status", "--url", "https://cutwork.example").code == 4


def test_a_service_that_is_not_there_ends_with_5(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_FIRST", 1000)
    monkeypatch.setattr(patience, "_LONGEST", 1000)

    assert command("status", "--url", f"http://{LOOPBACK}:{free_port()}").code == 5


def test_status_tells_of_the_service(service: FakeService, command: Command) -> None:
    ended = command("status")

    assert ended == (0, f"{service.url} is there, and takes your key.\n", "")


def test_status_tells_of_each_job(service: FakeService, command: Command, photo: Path) -> None:
    service.fate = lambda _: ErrorCode.PROCESSING_FAILURE
    command("cut", photo)
    [task_id] = service.jobs

    text = command("status", task_id, "no-job")
    told = command("status", task_id, "--json")

    assert text.code == told.code == 1
    failed, unknown = text.out.splitlines()
    assert failed == f"{task_id}  failed: This is PROCESSING_FAILURE. [PROCESSING_FAILURE]"
    assert unknown.startswith("no-job  unknown")
    assert json.loads(told.out)["status"] == "failed"


def test_status_says_in_words_why_somebody_should_look(
    service: FakeService, command: Command, photo: Path
) -> None:
    photo.write_bytes(b"doubtful")
    command("cut", photo)

    [line] = command("status", *service.jobs).out.splitlines()

    assert line.endswith("Look at it: the network was not sure of much of it.")


def test_erase_deletes_and_tells_of_what_was_not_there(
    service: FakeService, command: Command, photo: Path
) -> None:
    command("cut", photo)
    [task_id] = service.jobs

    ended = command("erase", task_id, "no-job")

    assert ended.code == 1
    assert ended.out == f"{task_id} is deleted.\n"
    assert "no-job: ERROR_RESOURCE_NOT_FOUND" in ended.err
    assert service.jobs == {}


def test_login_keeps_a_key_that_it_read_from_its_input_and_tried(
    service: FakeService, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUTWORK_KEY")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{KEY}\n"))

    ended = command("login", "--url", service.url)

    assert ended.code == 0
    assert KEY not in ended.out + ended.err
    assert json.loads(store_path().read_text()) == {"url": service.url, "key": KEY}
    assert command("status").code == 0


def test_login_keeps_no_key_that_is_refused(
    service: FakeService, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("another\n"))

    assert command("login").code == 4
    assert not store_path().exists()


def test_no_command_has_an_option_for_the_key(command: Command) -> None:
    for name in ("cut", "status", "erase", "login"):
        assert "--key" not in command(name, "--help").out


def test_what_the_service_says_of_options_is_passed_on(
    service: FakeService, command: Command, photo: Path
) -> None:
    service.intercept = lambda: refusal(ErrorCode.ERROR_INVALID_PARAMETER)

    ended = command("cut", photo, "--canvas", "1x1")

    assert ended.code == 1
    assert "This is ERROR_INVALID_PARAMETER." in ended.err

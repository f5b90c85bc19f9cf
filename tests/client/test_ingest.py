"""`cutwork ingest`: a folder in, its tree of pictures out, and a line about every file."""

from __future__ import annotations

import csv
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Response, request

from cutwork import patience
from cutwork.ingest import pace, waiting
from cutwork.ingest.ledger import opened
from shared.errors import ErrorCode
from tests.client.conftest import Command, Ended
from tests.client.fake_service import PNG, FakeService, refusal
from tests.pictures import jpeg, photo

Lines = dict[str, dict[str, object]]
JPEG = b"\xff\xd8\xff"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_FIRST", 0.001)
    monkeypatch.setattr(waiting, "_BETWEEN", 0.01)
    monkeypatch.setattr(waiting, "_LONGEST_PAUSE", 0.05)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "in"
    path.mkdir()
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def put(folder: Path, *names: str) -> None:
    """Lay photos into a folder, each another one."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(JPEG + os.fsencode(name))


def pictures_in(out: Path) -> set[str]:
    return {
        str(path.relative_to(out))
        for path in out.rglob("*")
        if path.is_file() and ".cutwork" not in path.parts and path.name != "report.jsonl"
    }


def report_of(out: Path) -> Lines:
    lines = [json.loads(line) for line in (out / "report.jsonl").read_text().splitlines()]
    return {line["path"]: line for line in lines}


def test_the_tree_is_mirrored_and_every_file_has_its_line(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    put(folder, "a.jpg", "women/coats/a.jpg", "women/b.PNG")
    (folder / "notes.txt").write_text("not a photo")
    (folder / "later.heic").write_bytes(b"....ftypheic")
    (folder / "empty.jpg").touch()
    (folder / "named-like-nothing").write_bytes(JPEG + b"x")
    (folder / ".hidden.jpg").write_bytes(JPEG)

    ended = command(
        "ingest", folder, "--out", out, "--classes", "tops,hat", "--form", "cutout,mask"
    )

    stems = ("a", "named-like-nothing", "women/b", "women/coats/a")
    ends = (".cutout.png", ".mask.png", ".tops.cutout.png", ".tops.mask.png")
    assert pictures_in(out) == {stem + end for stem in stems for end in ends}
    lines = report_of(out)
    assert {name: (line["status"], line["code"]) for name, line in lines.items()} == {
        "a.jpg": ("done", ""),
        "empty.jpg": ("failed", "MISSING_PARAMETERS"),
        "later.heic": ("failed", "UNSUPPORTED_FILE_TYPES"),
        "named-like-nothing": ("done", ""),
        "notes.txt": ("skipped", ""),
        "women/b.PNG": ("done", ""),
        "women/coats/a.jpg": ("done", ""),
    }
    a = lines["women/coats/a.jpg"]
    assert a["outputs"] == sorted(f"women/coats/a{end}" for end in ends)
    assert (a["classes"], a["tries"]) == (["tops"], 1)
    assert a["task_id"] in service.jobs
    assert ended.code == 1
    assert "4 of 6 photos done, 2 failed; 1 other files." in ended.err


def test_run_again_it_sends_nothing_and_says_the_same(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    put(folder, "a.jpg", "b.jpg")
    first = command("ingest", folder, "-o", out)
    lines = report_of(out)

    second = command("ingest", folder, "-o", out)

    assert (first.code, second.code) == (0, 0)
    assert sum(service.posts.values()) == 2
    assert report_of(out) == lines


def test_pictures_are_called_as_cut_calls_them(
    service: FakeService, command: Command, folder: Path, out: Path, tmp_path: Path
) -> None:
    put(folder, "a.jpg")
    options = ("--classes", "tops,hat", "--form", "mask,cutout")

    command("ingest", folder, "-o", out, *options)
    command("cut", folder / "a.jpg", "-o", tmp_path / "one", *options)

    assert pictures_in(out) == pictures_in(tmp_path / "one")


def test_a_folder_that_an_earlier_release_began_goes_on_with_its_names(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    out.mkdir()
    with opened(out) as ledger:
        ledger.set_fact("version", "1")
    for name in ("a.jpg", "b.jpg"):
        put(folder, name)
        assert command("ingest", folder, "-o", out, "--form", "mask,cutout").code == 0

    assert pictures_in(out) == {"a.png", "a.cutout.png", "b.png", "b.cutout.png"}
    assert set(service.posts.values()) == {1}
    assert command("verify", out).code == 0


def test_a_folder_without_photos_is_no_failure_and_says_what_is_looked_for(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    (folder / "notes.txt").write_text("not a photo")

    ended = command("ingest", folder, "-o", out)

    assert ended.code == 0
    assert f"No photos in {folder}, but 1 other files." in ended.err
    assert ".jpg, .jpeg, .png or .bmp" in ended.err
    assert "--include" in command("ingest", folder, "-o", out, "--include", "*.tif").err


def test_what_is_new_or_changed_is_done_and_nothing_else(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    put(folder, "a.jpg", "b.jpg")
    command("ingest", folder, "-o", out)
    before = (out / "b.cutout.png").read_bytes()
    (folder / "b.jpg").write_bytes(JPEG + b"another b")
    put(folder, "c.jpg")

    assert command("ingest", folder, "-o", out).code == 0

    assert sum(service.posts.values()) == 4
    assert (out / "b.cutout.png").read_bytes() != before


def test_equal_bytes_are_sent_once_and_written_twice(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    for name in ("a.jpg", "copies/b.jpg", "copies/c.jpg"):
        put(folder, name)
        (folder / name).write_bytes(JPEG + b"the same")
    command("ingest", folder, "-o", out)
    (folder / "d.jpg").write_bytes(JPEG + b"the same")

    assert command("ingest", folder, "-o", out).code == 0

    assert sum(service.posts.values()) == 1
    assert pictures_in(out) == {f"{stem}.cutout.png" for stem in ("a", "copies/b", "copies/c", "d")}
    assert len({(out / name).read_bytes() for name in pictures_in(out)}) == 1


@pytest.mark.parametrize(
    ("names", "more"),
    [
        (("a.jpg", "a.png"), ()),
        (("a.jpg", "a.tops.jpg"), ("--form", "cutout,mask", "--classes", "tops")),
    ],
)
def test_two_inputs_that_would_write_one_picture_are_an_error_before_anything_is_sent(
    service: FakeService,
    command: Command,
    folder: Path,
    out: Path,
    names: tuple[str, str],
    more: tuple[str, ...],
) -> None:
    put(folder, *names, "other.jpg")

    ended = command("ingest", folder, "-o", out, *more)

    assert ended.code == 2
    assert all(name in ended.err for name in names)
    assert service.posts == {}


@pytest.mark.parametrize(
    ("names", "more"),
    [
        (("A.jpg", "a.jpg"), ()),
        (("É.jpg", "e\N{COMBINING ACUTE ACCENT}.jpg"), ()),
        (("A.Tops.jpg", "a.jpg"), ("--classes", "tops")),
    ],
)
def test_names_that_differ_in_capitals_alone_are_told_before_anything_is_sent(
    service: FakeService,
    command: Command,
    folder: Path,
    out: Path,
    names: tuple[str, str],
    more: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(folder, *names)
    counted = command("ingest", folder, "-o", out, "--dry-run", *more)
    with monkeypatch.context() as patch:
        patch.setattr("cutwork.ingest.preparation._ignores_case", lambda _: True)
        refused = command("ingest", folder, "-o", out, *more)
    assert (counted.code, refused.code, service.posts) == (0, 2, {})

    done = command("ingest", folder, "-o", out, *more)

    assert done.code == 0
    assert all(name in ended.err for ended in (counted, refused, done) for name in names)
    assert len(service.posts) == 2


def test_a_file_beside_a_photo_that_is_no_picture_is_in_nobodys_way(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    put(folder, "a.jpg")
    (folder / "a.json").write_text("{}")

    assert command("ingest", folder, "-o", out).code == 0


@pytest.mark.parametrize("inner", [".", ".."])
def test_a_folder_in_which_pictures_could_be_taken_for_inputs_is_refused(
    service: FakeService, command: Command, folder: Path, inner: str
) -> None:
    assert command("ingest", folder, "-o", folder / inner).code == 2


def test_pictures_that_lie_below_the_folder_are_no_inputs(
    service: FakeService, command: Command, folder: Path
) -> None:
    put(folder, "a.jpg")

    for _ in range(2):
        assert command("ingest", folder, "-o", folder / "out").code == 0

    assert pictures_in(folder / "out") == {"a.cutout.png"}


def test_names_that_are_no_text_are_kept_byte_by_byte(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    put(folder, "caf\udce9/\udcff\udcfe.jpg", "日本.jpg", 'line\nbreak "quoted".jpg')

    ended = command("ingest", folder, "-o", out)

    assert ended.code == 0
    assert pictures_in(out) == {
        "caf\udce9/\udcff\udcfe.cutout.png",
        "日本.cutout.png",
        'line\nbreak "quoted".cutout.png',
    }
    assert report_of(out)["caf\udce9/\udcff\udcfe.jpg"]["status"] == "done"


def test_what_fails_is_told_and_is_not_sent_again_until_that_is_asked_for(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    put(folder, "a.jpg", "bad.jpg")
    service.fate = lambda it: ErrorCode.PROCESSING_FAILURE if it.endswith(b"bad.jpg") else None
    assert command("ingest", folder, "-o", out).code == 1
    assert report_of(out)["bad.jpg"]["message"] == "This is PROCESSING_FAILURE."
    assert command("ingest", folder, "-o", out).code == 1
    assert sum(service.posts.values()) == 2

    service.fate = lambda _: None
    assert command("ingest", folder, "-o", out, "--retry-failed").code == 0

    assert pictures_in(out) == {"a.cutout.png", "bad.cutout.png"}
    assert sorted(service.posts.values()) == [1, 1, 1]


def test_a_job_that_is_gone_is_sent_anew_under_a_key_of_its_own(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    put(folder, "a.jpg")
    service.lag = 1

    def forget() -> Response | None:
        if len(service.jobs) == 1 and service.lag:
            service.jobs.clear()
            service.lag = 0
        return None

    service.intercept = forget

    assert command("ingest", folder, "-o", out).code == 0

    assert len(service.posts) == 2
    assert pictures_in(out) == {"a.cutout.png"}


def test_all_workers_wait_as_long_as_the_service_says_and_that_is_said_once(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    put(folder, *(f"{number}.jpg" for number in range(12)))
    refused = [refusal] * 3
    # Otherwise one may be sent after the pause that the others were told of, and be told of another.
    together = threading.Barrier(len(refused))

    def limit() -> Response | None:
        if request.method == "POST" and refused:
            refuse = refused.pop()
            together.wait(10)
            return refuse(ErrorCode.EXCEEDING_LIMITS, 1)
        return None

    service.intercept = limit

    ended = command("ingest", folder, "-o", out)

    assert ended.code == 0
    assert ended.err.count("EXCEEDING_LIMITS: This is EXCEEDING_LIMITS. Going on at ") == 1
    assert set(service.posts.values()) == {1}


def test_options_that_the_service_refuses_end_the_run_with_the_first_photo(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    put(folder, *(f"{number}.jpg" for number in range(20)))
    service.intercept = only_posts(lambda: refusal(ErrorCode.ERROR_INVALID_PARAMETER))

    ended = command("ingest", folder, "-o", out, "--jobs", 1, "--preset", "no-such")

    assert ended.code == 2
    assert "The service refuses these options" in ended.err
    assert service.asked.count("POST /v1/jobs") == 1
    assert {line["status"] for line in report_of(out).values()} == {"waiting"}


def test_a_photo_that_the_service_refuses_fails_alone(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    put(folder, "a.jpg")
    service.intercept = only_posts(lambda: refusal(ErrorCode.ERROR_LOW_RESOLUTION))

    assert command("ingest", folder, "-o", out).code == 1
    assert report_of(out)["a.jpg"]["code"] == "ERROR_LOW_RESOLUTION"


def test_a_photo_at_which_the_service_breaks_fails_after_some_tries(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    put(folder, "a.jpg")
    service.intercept = only_posts(lambda: refusal(ErrorCode.UNKNOWN_ERROR))

    assert command("ingest", folder, "-o", out).code == 1
    assert service.asked.count("POST /v1/jobs") == 5


def test_a_photo_that_never_arrives_while_others_do_fails_and_the_others_are_done(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    put(folder, "a.jpg", *(f"b{number}.jpg" for number in range(9)))

    def lose() -> Response | None:
        if request.method == "POST" and request.files["image"].read().endswith(b"a.jpg"):
            return Response("Bad gateway", 502, mimetype="text/html")
        return None

    service.intercept = lose

    assert command("ingest", folder, "-o", out, "--jobs", 2).code == 1
    lines = report_of(out)
    assert [name for name, line in lines.items() if line["status"] == "failed"] == ["a.jpg"]


def test_a_refused_key_ends_with_4_before_the_folder_is_read(
    service: FakeService, command: Command, folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUTWORK_KEY", "another")

    assert command("ingest", folder, "-o", out).code == 4


def test_a_service_that_goes_away_ends_with_5_and_the_next_run_goes_on(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    put(folder, "a.jpg", "b.jpg")
    service.intercept = only_posts(lambda: refusal(ErrorCode.ERROR_RESOURCE_UNAVAILABLE, 1))

    gone = command("ingest", folder, "-o", out, "--give-up-after", "1s")
    service.intercept = lambda: None
    back = command("ingest", folder, "-o", out)

    assert (gone.code, back.code) == (5, 0)
    assert "2 left" in gone.err


def test_a_result_that_cannot_be_had_at_once_is_asked_for_again(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    put(folder, "a.jpg")
    answers = [Response(status=503), Response(status=403), Response("<p>", mimetype="text/html")]

    def fail() -> Response | None:
        return answers.pop() if answers and request.path.startswith("/results/") else None

    service.intercept = fail

    assert command("ingest", folder, "-o", out).code == 0
    assert sum(service.posts.values()) == 1
    assert (out / "a.cutout.png").read_bytes().startswith(PNG)


def test_one_folder_holds_pictures_of_one_kind_and_of_one_folder(
    service: FakeService, command: Command, folder: Path, out: Path, tmp_path: Path
) -> None:
    put(folder, "a.jpg")
    command("ingest", folder, "-o", out)
    moved = folder.rename(tmp_path / "moved")

    other = command("ingest", moved, "-o", out, "--form", "mask")
    elsewhere = command("ingest", moved, "-o", out)
    meant = command("ingest", moved, "-o", out, "--moved")

    assert (other.code, elsewhere.code, meant.code) == (2, 2, 0)
    assert "without options for pictures, and now it is to go on with `--form mask`" in other.err
    assert "name another --out" in other.err
    assert sum(service.posts.values()) == 1


def test_only_what_is_meant_is_sent(
    service: FakeService, command: Command, folder: Path, out: Path, tmp_path: Path
) -> None:
    put(folder, "a.jpg", "b.jpg", "old/c.jpg", "old/d.jpg")
    names = tmp_path / "names"
    names.write_bytes(b"a.jpg\0old/c.jpg\0")

    chosen = ("--include", "*.jpg", "--exclude", "old/*", "--exclude", "b*")
    command("ingest", folder, "-o", out, *chosen)
    assert pictures_in(out) == {"a.cutout.png"}
    command("ingest", folder, "-o", out, "--files-from", names, "-0")

    assert pictures_in(out) == {"a.cutout.png", "old/c.cutout.png"}


def test_a_list_leads_to_nothing_outside_of_the_folder(
    service: FakeService, command: Command, folder: Path, out: Path, tmp_path: Path
) -> None:
    names = tmp_path / "names"
    names.write_text("../secret.jpg\n")

    assert command("ingest", folder, "-o", out, "--files-from", names).code == 2


def test_a_dry_run_counts_and_leaves_nothing_behind(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    put(folder, "a.jpg")
    (folder / "empty.jpg").touch()

    ended = command("ingest", folder, "-o", out, "--dry-run")

    assert ended.code == 0
    assert ended.err.startswith("2 photos, 0.0 MB, of which 1 would be refused unsent; 0 other")
    assert not out.exists()
    assert service.asked == []


def test_programs_are_told_in_json(
    service: FakeService, command: Command, folder: Path, out: Path, tmp_path: Path
) -> None:
    put(folder, "a.jpg")
    report = tmp_path / "report.csv"

    ended = command("ingest", folder, "-o", out, "--json", "--report", report)

    assert ended.err == ""
    [end] = [json.loads(line) for line in ended.out.splitlines()]
    assert (end["event"], end["total"], end["done"], end["failed"]) == ("end", 1, 1, 0)
    [line] = csv.DictReader(report.read_text().splitlines())
    assert (line["path"], line["status"], line["outputs"]) == ("a.jpg", "done", "a.cutout.png")


def test_quiet_says_nothing(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    put(folder, "a.jpg")

    assert command("ingest", folder, "-o", out, "-q") == Ended(0, "", "")


def test_where_there_is_no_terminal_a_line_comes_now_and_then(
    service: FakeService,
    command: Command,
    folder: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cutwork.ingest.progress._EVERY", 0)
    monkeypatch.setattr("cutwork.commands.ingest._TICK", 0.001)
    put(folder, "a.jpg")

    ended = command("ingest", folder, "-o", out)

    assert "0 of 1, 0 failed, " in ended.err
    assert "\r" not in ended.err


def test_two_at_once_do_not_work_on_one_folder(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    out.mkdir()
    with opened(out):
        ended = command("ingest", folder, "-o", out)

    assert ended.code == 2
    assert "Another cutwork works on" in ended.err


def test_a_finished_folder_is_proved_and_what_is_damaged_is_named_and_mended(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    put(folder, "a.jpg", "b.jpg", "c.jpg")
    command("ingest", folder, "-o", out)
    assert command("verify", out).code == 0
    (out / "a.cutout.png").unlink()
    (out / "b.cutout.png").write_bytes(b"torn")

    ended = command("verify", out, "--mend")

    assert ended.code == 1
    assert ended.out.splitlines()[:2] == ["missing  a.cutout.png", "changed  b.cutout.png"]
    assert command("ingest", folder, "-o", out).code == 0
    assert command("verify", out, "--json").out == (
        '{"good": 3, "bad": 0, "left": 0, "failed": 0}\n'
    )


def test_a_folder_without_a_ledger_is_proved_by_nothing(command: Command, folder: Path) -> None:
    assert command("verify", folder).code == 2


def test_the_sheet_holds_all_in_one_file_and_the_doubtful_ones_first(
    service: FakeService, command: Command, folder: Path, out: Path
) -> None:
    for name, mark in (("a.jpg", b""), ("z <b>.jpg", b"doubtful")):
        (folder / name).write_bytes(jpeg(photo()) + name.encode() + mark)
    (folder / "bad.jpg").touch()

    command("ingest", folder, "-o", out, "--sheet", out / "sheet.html")

    page = (out / "sheet.html").read_text()
    places = [
        page.index(text) for text in ("the network was not sure", "The file is empty.", ">a.jpg<")
    ]
    assert places == sorted(places)
    assert page.count("data:image/webp;base64,") == 4
    assert 'href="z%20%3Cb%3E.cutout.png">z &lt;b&gt;.jpg<' in page
    assert "http" not in page
    assert "<script" not in page


def only_posts(make: Callable[[], Response]) -> Callable[[], Response | None]:
    """Answer all uploads otherwise."""
    return lambda: make() if request.method == "POST" else None


def test_the_pace_starts_low() -> None:
    assert pace.Pace(64, 1, lambda *_: None).limit == 4

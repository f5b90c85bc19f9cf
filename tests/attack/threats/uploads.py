"""Files that are not what they seem."""

from __future__ import annotations

import time
from typing import Any

import httpx

from tests.attack.attempt import Attempt, hold
from tests.attack.photos import small_photo
from tests.attack.target import Target
from tests.end_to_end.client import CUTOUT
from tests.fault import bombs
from tests.pictures import apng, mpo, png_header

THREAT = "a hostile upload: bomb, polyglot, malformed file"

_MEGABYTE = 1 << 20
_JOB_SECONDS, _GROWTH = 30.0, 300 * _MEGABYTE
_HTML = b"<html><script>alert(1)</script></html>"


def bombs_are_refused_and_cost_little(target: Target) -> str:
    workers = target.pids("-m worker")
    before = target.memory_of(workers)
    slowest = 0.0
    files = {
        "comment": bombs.text_bomb(),
        "profile": bombs.profile_bomb(),
        "rows": bombs.row_bomb(),
        "scans": bombs.scan_bomb(),
        "hidden scans": bombs.scan_bomb(hidden_end=True),
        "sides": png_header(60_000, 60_000),
    }
    for name, file in files.items():
        began = time.monotonic()
        status = _fate(target, file)
        slowest = max(slowest, time.monotonic() - began)
        hold(status < 500, f"a bomb of {name} was answered {status}")
    hold(target.pids("-m worker") == workers, "a bomb ended the worker")
    grown = target.memory_of(workers) - before
    hold(slowest < _JOB_SECONDS, f"a bomb took {slowest:.1f} s")
    hold(grown < _GROWTH, f"the worker grew by {grown // _MEGABYTE} MB")
    return (
        f"{len(files)} bombs, slowest {slowest:.1f} s from upload to answer, the worker lives "
        f"and holds {max(0, grown) // _MEGABYTE} MB more"
    )


def other_types_and_polyglots_come_back_as_pictures_or_not_at_all(target: Target) -> str:
    photo = small_photo()
    files = {
        "html": _HTML,
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        "gif": b"GIF89a" + bytes(500),
        "postscript": b"%!PS\n(/etc/passwd) (r) file",
        "mvg": b"push graphic-context\nfill 'url(https://example.com/\"|ls \"-la)'\npop graphic-context",
        "several pictures": apng(),
        "burst": mpo(),
        "cut off": photo[: len(photo) // 2],
        "nothing": b"",
    }
    statuses = {name: _fate(target, file) for name, file in files.items()}
    taken = [name for name, status in statuses.items() if not 400 <= status < 500]
    hold(not taken, f"not refused: {', '.join(taken)}")
    url = str(_cut(target, photo + _HTML)["data"]["elements"][0]["image_url"])
    answer = target.get(url)
    hold(_HTML not in answer.content, "the script came back")
    hold(answer.headers["content-type"] == "image/png", answer.headers["content-type"])
    return f"{len(files)} files refused; a photo with a script behind it came back as a PNG without"


def file_names_and_types_go_nowhere(target: Target) -> str:
    names = (
        "../../etc/cron.d/x",
        "/etc/passwd",
        "a\\..\\b",
        "x" * 5000,
        "x.php",
        "\u202egnp.exe",
        "$(id)",
    )
    for name in names:
        with target.client("owner") as client:
            answer = client.post(
                CUTOUT,
                files={"image": (name, small_photo(), "text/html")},
                data={"task_type": "async"},
            )
            hold(answer.status_code == httpx.codes.OK, f"{name!r}: {answer.status_code}")
            hold(name not in answer.text, f"{name!r} came back")
    strangers = [
        path for path in target.directory.rglob("*") if path.name in {"x.php", "b", "$(id)"}
    ]
    hold(not strangers, f"files appeared: {strangers}")
    return f"{len(names)} names, none in an answer or on the disk"


def _cut(target: Target, file: bytes) -> dict[str, Any]:
    return target.wait_for("owner", target.submit("owner", file))


def _fate(target: Target, file: bytes) -> int:
    """The status that a file is refused with: at once, or when its job has run."""
    with target.client("owner") as client:
        answer = client.post(CUTOUT, files={"image": file}, data={"task_type": "async"})
    if answer.status_code != httpx.codes.OK:
        return answer.status_code
    done = target.wait_for("owner", answer.json()["task_id"])
    return int(done["error_code"] or httpx.codes.OK)


ATTEMPTS: tuple[Attempt, ...] = (
    bombs_are_refused_and_cost_little,
    other_types_and_polyglots_come_back_as_pictures_or_not_at_all,
    file_names_and_types_go_nowhere,
)

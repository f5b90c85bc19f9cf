"""Somebody who was passed the URL of a result."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx

from tests.attack.attempt import Attempt, hold
from tests.attack.target import V1, Target

THREAT = "a result's URL is passed on"


def it_opens_one_picture_for_reading_and_nothing_else(target: Target) -> str:
    task_id, url = target.result_url("owner")
    other, _ = target.result_url("owner")
    results, inputs = (target.environment[f"CUTWORK_{it}_BUCKET"] for it in ("RESULTS", "INPUTS"))
    good = target.get(url)
    hold(good.headers["content-type"] == "image/png", "the URL itself opens no picture")
    tries = {
        **{verb: (verb, url) for verb in ("PUT", "POST", "DELETE", "PATCH")},
        "another job's result": ("GET", url.replace(task_id, other)),
        "another name": ("GET", url.replace("image.png", "tops.png")),
        "the upload": (
            "GET",
            url.replace(f"{results}/{task_id}/1/image.png", f"{inputs}/{task_id}"),
        ),
        "the bucket": ("GET", url.replace(f"/{task_id}/1/image.png", "/")),
        "a path up": ("GET", url.replace(f"/{task_id}/1/", f"/{task_id}/1/../../{other}/1/")),
        "without its query": ("GET", url.partition("?")[0]),
        "a longer life": ("GET", _with(url, {"X-Amz-Expires": "604800"})),
        "another date": ("GET", _with(url, {"X-Amz-Date": "20300101T000000Z"})),
        "as a page": ("GET", _with(url, {"response-content-type": "text/html"})),
        "as a download": ("GET", _with(url, {"response-content-disposition": "attachment"})),
        "another answer": ("GET", _with(url, {"response-cache-control": "public"})),
        "its rule": ("GET", f"{url}&lifecycle"),
        "its rights": ("GET", f"{url}&acl"),
        "its versions": ("GET", f"{url}&versions"),
        "a copy": ("PUT", url.replace("image.png", "copy.png")),
    }
    for name, (verb, changed) in tries.items():
        hold(changed != url or verb != "GET", f"{name}: nothing was changed")
        answer = target.get(changed, verb, content=b"<html>" if verb != "GET" else None)
        hold(answer.status_code >= 400, f"{name}: {answer.status_code}")
    hold(target.get(url).content == good.content, "the picture is another one now")
    return f"{len(tries)} changed URLs, none opened anything; the picture is unchanged"


def it_ends_when_its_job_is_erased(target: Target) -> str:
    task_id, url = target.result_url("owner")
    before = target.get(url).status_code
    with target.client("owner") as client:
        erased = client.delete(f"{V1}/{task_id}").status_code
    after = target.get(url).status_code
    hold((before, erased) == (200, 204), f"{before}, {erased}")
    hold(after >= 400, f"{after} after the job was erased")
    return f"{before} before, {after} after"


def nobody_keeps_or_refers_to_it(target: Target) -> str:
    task_id, url = target.result_url("owner")
    with target.client("owner") as client:
        answer = client.get(f"{V1}/{task_id}")
    hold(answer.headers["cache-control"] == "no-store", "the answer may be cached")
    hold(answer.headers["referrer-policy"] == "no-referrer", "the page may be referred to")
    signature = dict(parse_qsl(urlsplit(url).query))["X-Amz-Signature"]
    hold(signature not in target.said(), "the signature stands in a log")
    hold(int(dict(parse_qsl(urlsplit(url).query))["X-Amz-Expires"]) <= 86_400, "longer than a day")
    assert answer.status_code == httpx.codes.OK
    return "`no-store`, `no-referrer`, in no log, no longer than a day"


def _with(url: str, changes: dict[str, str]) -> str:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query)) | changes
    return urlunsplit(parts._replace(query=urlencode(query)))


ATTEMPTS: tuple[Attempt, ...] = (
    it_opens_one_picture_for_reading_and_nothing_else,
    it_ends_when_its_job_is_erased,
    nobody_keeps_or_refers_to_it,
)

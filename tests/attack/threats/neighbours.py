"""A tenant that wants another's jobs."""

from __future__ import annotations

import base64
import io
import re
import uuid
import zipfile
from collections.abc import Mapping

import httpx

from tests.attack.attempt import Attempt, hold
from tests.attack.batches import BATCHES, as_lines
from tests.attack.photos import small_photo
from tests.attack.routes import UNKNOWN, routes_of
from tests.attack.target import KEY_HEADER, V1, Target
from tests.end_to_end.client import CUTOUT, QUERY

UPLOADS = "/v1/uploads"
THREAT = "a neighbour tenant reads, lists or erases"

_SCOPES = ("--scope", "submit", "--scope", "read", "--scope", "admin")
#: Where an id stands in the query and not in the path.
_BY_QUERY = (f"{QUERY}?task_id={{}}", f"{V1}?ids={{}}", "/v1/results.zip?ids={}")
_OF_THIS_REQUEST = re.compile(r'"(?:request_id|log_id)":\s*"[^"]*"')
_VERBS = ("GET", "HEAD", "DELETE", "PUT", "PATCH", "POST", "OPTIONS")


def anothers_job_is_answered_like_an_unknown_one(target: Target) -> str:
    task_id, _ = target.result_url("owner")
    unknown = str(uuid.uuid4())
    compared = 0
    with target.client("other") as client:
        for path in (f"{V1}/{{}}", f"{QUERY}?task_id={{}}", f"{QUERY}?task_id={{}}&wait=1"):
            for verb in _VERBS:
                theirs, nobodys = (
                    client.request(verb, path.format(it)) for it in (task_id, unknown)
                )
                hold(_shape(theirs) == _shape(nobodys), f"{verb} {path}: {_shape(theirs)[:2]}")
                hold(task_id not in theirs.text, f"{verb} {path} names the job")
                compared += 1
    with target.client("owner") as owner:
        still = owner.get(f"{V1}/{task_id}").json()["task_status"]
    hold(still == 2, "a neighbour's DELETE did something")
    return f"{compared} pairs of answers differ in nothing but their request ids; the job is still there"


def no_route_tells_anothers_id_from_an_unknown_one(target: Target) -> str:
    """Every route with an id in its path, by its own method, with a key that may do all that a tenant's may."""
    ids = _things_of(target, "owner")
    compared = 0
    with target.client(**{KEY_HEADER: target.new_key("other", *_SCOPES)}) as client:
        tries = [
            (route.method, route.at(**ids), route.at())
            for route in routes_of(target)
            if route.names
        ]
        tries += [("GET", it.format(ids["job_id"]), it.format(UNKNOWN)) for it in _BY_QUERY]
        for method, own, unknown in tries:
            theirs, nobodys = (_without(client.request(method, it), ids) for it in (own, unknown))
            hold(theirs == nobodys, f"{method} {own}: {theirs} and not {nobodys}")
            compared += 1
    with target.client("owner") as owner:
        job = owner.get(f"{V1}/{ids['job_id']}").json()["task_status"]
        batch = owner.get(f"{BATCHES}/{ids['batch_id']}").json()["data"]
    hold(job == 2, f"afterwards the job is in state {job}")
    hold(not batch["counts"]["cancelled"], "the batch was cancelled")
    return f"{compared} routes answer as to an id that nothing has; key, job and batch are as they were"


def forged_cursors_and_lists_show_own_jobs_only(target: Target) -> str:
    theirs = target.submit("owner")
    own = target.submit("other")
    cursors = [
        base64.urlsafe_b64encode(microseconds.to_bytes(8, "big") + job.bytes).decode()
        for microseconds in (2**55 - 1, 4 * 10**15, 1)
        for job in (uuid.UUID(int=2**128 - 1), uuid.UUID(theirs))
    ]
    with target.client("other") as client:
        questions: list[dict[str, str]] = [{"cursor": cursor} for cursor in cursors]
        questions += [
            {"limit": "100"},
            {"tenant": "owner"},
            {"status": "succeeded"},
            {"task_id": theirs},
        ]
        for question in questions:
            answer = client.get(V1, params=question)
            hold(theirs not in answer.text, f"{question} shows another's job")
        hold(own in client.get(V1, params={"limit": "100"}).text, "the own job is not in the list")
    return f"{len(questions)} lists, none with another's job"


def anothers_idempotency_key_finds_no_job(target: Target) -> str:
    word, ids = uuid.uuid4().hex, []
    for tenant in ("owner", "other"):
        with target.client(tenant, **{"Idempotency-Key": word}) as client:
            answer = client.post(
                CUTOUT, files={"image": small_photo()}, data={"task_type": "async"}
            )
            hold(answer.status_code == httpx.codes.OK, f"{tenant}: {answer.status_code}")
            ids.append(answer.json()["task_id"])
    hold(ids[0] != ids[1], "the same idempotency key found the neighbour's job")
    return "one word, two tenants, two jobs"


def anothers_upload_makes_no_job(target: Target) -> str:
    with target.client("owner") as client:
        form = client.post(UPLOADS).json()["data"]
    seen = []
    with target.client("other") as client:
        for upload in (form["upload"], str(uuid.uuid4())):
            answer = client.post(V1, files={"upload": (None, upload)})
            hold(answer.status_code == httpx.codes.NOT_FOUND, f"answered {answer.status_code}")
            seen.append(_OF_THIS_REQUEST.sub("", answer.text))
    hold(seen[0] == seen[1], "it is answered otherwise than an unknown one")
    return "answered as an unknown one: 404"


def a_form_for_one_photo_takes_nothing_else(target: Target) -> str:
    with target.client("owner") as client:
        form = client.post(UPLOADS).json()["data"]
    fields, photo = form["fields"], small_photo()
    results = form["url"].replace(
        target.environment["CUTWORK_INPUTS_BUCKET"], target.environment["CUTWORK_RESULTS_BUCKET"]
    )
    tries = {
        "another key": (form["url"], {**fields, "key": str(uuid.uuid4())}, photo),
        "a path": (form["url"], {**fields, "key": f"{form['upload']}/../x"}, photo),
        "another bucket": (results, fields, photo),
        "a byte more": (form["url"], fields, bytes(form["max_bytes"] + 1)),
        "nothing": (form["url"], fields, b""),
        "no signature": (form["url"], {"key": form["upload"]}, photo),
        "another policy": (form["url"], {**fields, "policy": fields["policy"][:-8]}, photo),
    }
    for name, (url, data, file) in tries.items():
        answer = target.get(url, "POST", data=data, files={"file": file})
        hold(answer.is_error, f"{name}: answered {answer.status_code}")
    return f"{len(tries)} changed forms, none was taken"


def _things_of(target: Target, tenant: str) -> dict[str, str]:
    """Let a tenant have one of everything that has an id, called as in the paths of the document."""
    told = {"callback_url": "https://shop.invalid/hook"}
    with target.client(tenant) as client:
        posted = client.post(V1, files={"image": small_photo()}, data=told).raise_for_status()
        job_id = str(posted.json()["task_id"])
        target.wait_for(tenant, job_id)
        log = client.get(f"{V1}/{job_id}/deliveries").raise_for_status().json()["data"]
        lines = as_lines([{"image_url": "https://photos.invalid/a.jpg"}])
        batch = client.post(BATCHES, **lines).raise_for_status().json()["data"]
    return {
        "job_id": job_id,
        "batch_id": str(batch["batch_id"]),
        "key_id": target.key(tenant).split("_")[1],
        "delivery_id": str(log["deliveries"][0]["id"]),
        "file_name": "image.png",
    }


def _without(answer: httpx.Response, ids: Mapping[str, str]) -> tuple[object, ...]:
    """What can be told from an answer, but for the ids that were asked for."""
    status, text, headers = _shape(answer)
    if answer.headers["content-type"] == "application/zip":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            text = str([(name, archive.read(name)) for name in archive.namelist()])
        headers = {}
    for one in (*ids.values(), UNKNOWN):
        text = str(text).replace(one, "…")
    return status, text, headers


def _shape(answer: httpx.Response) -> tuple[object, ...]:
    own = {"date", "x-request-id", "ratelimit"}
    headers = {name: answer.headers[name] for name in answer.headers if name not in own}
    return answer.status_code, _OF_THIS_REQUEST.sub("", answer.text), headers


ATTEMPTS: tuple[Attempt, ...] = (
    anothers_job_is_answered_like_an_unknown_one,
    no_route_tells_anothers_id_from_an_unknown_one,
    forged_cursors_and_lists_show_own_jobs_only,
    anothers_idempotency_key_finds_no_job,
    anothers_upload_makes_no_job,
    a_form_for_one_photo_takes_nothing_else,
)

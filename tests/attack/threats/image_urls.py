"""A client whose photo has an address that only this machine can reach."""

from __future__ import annotations

import secrets
import socket

import httpx

from deploy.local.servers.ports import LOOPBACK
from tests.attack.attempt import Attempt, hold
from tests.attack.batches import BATCHES, as_lines
from tests.attack.target import V1, Target

THREAT = "a photo's URL that leads inside"

_REFUSED = "IMAGE_URL_NOT_ALLOWED"
#: What a front end refuses by the URL alone.
TRICKS = (
    "http://127.0.0.1/",
    "http://0.0.0.0/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.100.100.200/latest/meta-data/",
    "http://168.63.129.16/machine?comp=goalstate",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://①②⑦.0.0.1/",
    "http://127.0.0.1./",
    "http://example.com@127.0.0.1/",
    "http://127.0.0.1\\@example.com/",
    "http://localhost:6379/",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "file:///etc/passwd",
)
#: Names that mean this machine: a worker finds that out.
NAMES = ("localhost", "LOCALHOST", socket.gethostname())


def no_url_that_says_so_makes_a_job(target: Target) -> str:
    ports = {f"http://{LOOPBACK}:{port}/" for port in _ports(target)}
    with target.client("owner") as client:
        for url in (*TRICKS, *ports):
            answer = _post(client, url)
            code = answer.json()["error_detail"]["code"]
            hold(code == _REFUSED, f"{url} was answered {answer.status_code} {code}")
    return f"{len(TRICKS)} spellings and {len(ports)} ports of its own, each {_REFUSED}"


def no_line_of_a_batch_that_says_so_is_taken(target: Target) -> str:
    good = {"image_url": "https://photos.invalid/a.jpg"}
    with target.client("owner") as client:
        before = client.get(BATCHES).json()["data"]["batches"]
        answer = client.post(BATCHES, **as_lines([good, *({"image_url": it} for it in TRICKS)]))
        after = client.get(BATCHES).json()["data"]["batches"]
    refused = {it["line"]: it["code"] for it in answer.json().get("lines", ())}
    hold(answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY, f"answered {answer.status_code}")
    hold(set(refused) == set(range(2, len(TRICKS) + 2)), f"refused lines: {sorted(refused)}")
    hold(set(refused.values()) == {_REFUSED}, f"refused with {sorted(set(refused.values()))}")
    hold(len(after) == len(before), "a part of the batch was kept")
    return f"{len(TRICKS)} lines, each {_REFUSED}; nothing of the batch is kept"


def no_name_that_means_this_machine_is_called(target: Target) -> str:
    with target.client("owner") as client:
        for name in NAMES:
            answer = _post(client, f"http://{name}/a.jpg")
            code = answer.json()["error_detail"]["code"]
            if answer.is_success:
                ended = target.wait_for("owner", answer.json()["task_id"])
                code = ended["error_detail"]["code"]
            hold(code == _REFUSED, f"{name} ended with {code or 'a picture'}")
    return f"{len(NAMES)} names, each {_REFUSED}"


def the_signature_in_a_url_is_written_nowhere(target: Target) -> str:
    secret = secrets.token_hex(16)
    with target.client("owner") as client:
        answer = _post(client, f"https://photos.invalid/a.jpg?X-Amz-Signature={secret}")
        hold(answer.is_success, f"answered {answer.status_code}")
        ended = target.wait_for("owner", answer.json()["task_id"])
        heard = [answer.text, str(ended), client.get(V1).text]
    hold(not any(secret in text for text in heard), "it stands in an answer")
    hold(secret not in target.said(), "it stands in a log")
    return f"a job that ended with {ended['error_detail']['code']}: not in its logs and answers"


def _ports(target: Target) -> list[int]:
    urls = [target.url, *target.environment.values()]
    found = (httpx.URL(url).port for url in urls if url.startswith(("http://", "https://")))
    return [port for port in found if port]


def _post(client: httpx.Client, url: str) -> httpx.Response:
    return client.post(V1, files={"image_url": (None, url)})


ATTEMPTS: tuple[Attempt, ...] = (
    no_url_that_says_so_makes_a_job,
    no_line_of_a_batch_that_says_so_is_taken,
    no_name_that_means_this_machine_is_called,
    the_signature_in_a_url_is_written_nowhere,
)

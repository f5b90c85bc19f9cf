"""A client whose webhooks go where only this machine can reach."""

from __future__ import annotations

import secrets
from typing import Any

import httpx

from tests.attack.attempt import Attempt, hold
from tests.attack.batches import BATCHES, as_lines
from tests.attack.photos import small_photo
from tests.attack.target import KEY_HEADER, V1, Target
from tests.attack.threats.image_urls import NAMES, TRICKS
from tests.conditions import eventually

THREAT = "a webhook that leads inside"


def no_callback_that_says_so_makes_a_job(target: Target) -> str:
    with target.client("owner") as client:
        for url in TRICKS:
            answer = _post(client, url)
            hold(answer.status_code == httpx.codes.BAD_REQUEST, f"{url} was {answer.status_code}")
    return f"{len(TRICKS)} spellings, each 400"


def no_key_or_batch_that_says_so_is_made(target: Target) -> str:
    """Who is told of all jobs of a key, of a whole batch, or of one of its lines."""
    admin = {KEY_HEADER: target.new_key("owner", "--scope", "admin")}
    line = {"image_url": "https://photos.invalid/a.jpg"}
    with target.client("owner") as client:
        for url in TRICKS:
            terms = {"scopes": ["read"], "callback_url": url}
            answers = (
                client.post("/v1/keys", json=terms, headers=admin),
                client.post(BATCHES, params={"callback_url": url}, **as_lines([line])),
                client.post(BATCHES, **as_lines([{**line, "callback_url": url}])),
            )
            seen = [answer.status_code for answer in answers]
            hold(seen == [400, 400, 422], f"{url} was answered {seen}")
    return f"{len(TRICKS)} spellings for a key, a batch and a line of one, each refused"


def no_name_that_means_this_machine_is_told(target: Target) -> str:
    told = 0
    with target.client("owner") as client:
        for name in NAMES:
            answer = _post(client, f"http://{name}/hook")
            if answer.is_success:
                tried = _first_try(client, answer.json()["task_id"])
                hold("not public" in tried["reason"], f"{name}: {tried['status']} {tried}")
                told += 1
    return f"{len(NAMES)} names: {told} found out when it was to be told, none told"


def the_secret_in_a_callback_is_written_nowhere(target: Target) -> str:
    secret = secrets.token_hex(16)
    with target.client("owner") as client:
        answer = _post(client, f"https://shop.invalid/hook?token={secret}")
        hold(answer.is_success, f"answered {answer.status_code}")
        tried = _first_try(client, answer.json()["task_id"])
        heard = [answer.text, str(tried), client.get(V1).text]
    hold(not any(secret in text for text in heard), "it stands in an answer")
    hold(secret not in target.said(), "it stands in a log")
    return f"tried once ({tried['reason']}): not in logs and answers"


def _first_try(client: httpx.Client, task_id: str) -> dict[str, Any]:
    def tried() -> dict[str, Any] | None:
        log = client.get(f"{V1}/{task_id}/deliveries").json()["data"]["deliveries"]
        return next((it for it in log if it["tries"]), None)

    return eventually(tried, 90)


def _post(client: httpx.Client, url: str) -> httpx.Response:
    return client.post(V1, files={"image": small_photo()}, data={"callback_url": url})


ATTEMPTS: tuple[Attempt, ...] = (
    no_callback_that_says_so_makes_a_job,
    no_key_or_batch_that_says_so_is_made,
    no_name_that_means_this_machine_is_told,
    the_secret_in_a_callback_is_written_nowhere,
)

"""Somebody who reads logs, errors, arguments and files for what they should not say."""

from __future__ import annotations

import httpx

from tests.attack.attempt import Attempt, hold
from tests.attack.target import KEY_HEADER, V1, Target
from tests.end_to_end.client import CUTOUT, QUERY

THREAT = "secrets in logs or errors"

#: Whoever owns these files is the operator, and nobody else can open them.
_MEANT_TO = {"environment", "credentials.json", "identities.json"}
_LARGEST = 64 * 1024 * 1024
_SOFTWARE = ("gunicorn", "werkzeug", "python", "traceback", "nginx", "sqlalchemy", "flask")


def no_secret_is_said_or_written_anywhere(target: Target) -> str:
    key = target.key("owner")
    heard = _make_mistakes(target, key)
    secrets = target.secrets()
    said = target.said()
    hold("request.refused" in said, "the logs that were searched are not those of the front end")
    for name, secret in secrets.items():
        hold(secret not in said, f"{name} stands in a log")
        hold(secret not in heard, f"{name} stands in an answer")
        guilty = [command for command in target.processes().values() if secret in command]
        hold(not guilty, f"{name} is an argument of a process")
    searched = 0
    for file in target.directory.rglob("*"):
        if not file.is_file() or file.name in _MEANT_TO or file.stat().st_size > _LARGEST:
            continue
        searched += 1
        content = file.read_bytes()
        for name, secret in secrets.items():
            hold(secret.encode() not in content, f"{name} stands in {file.name}")
    return f"{len(secrets)} secrets; not in {len(said) // 1000} KB of logs, {searched} files, answers, or arguments"


def no_answer_names_the_software_behind_it(target: Target) -> str:
    heard = _make_mistakes(target, "wrong").lower()
    words = [word for word in _SOFTWARE if word != target.proxy]
    named = [word for word in words if word in heard]
    hold(not named, f"answers name {', '.join(named)}")
    return f"{len(heard) // 1000} KB of answers to mistakes name none of {', '.join(words)}"


def _make_mistakes(target: Target, key: str) -> str:
    """Put a key where it does not belong, and return all that was answered."""
    heard: list[httpx.Response] = []
    with target.client() as client:
        mistaken = (
            {KEY_HEADER: key + "x"},
            {"Authorization": f"Basic {key}"},
            {KEY_HEADER: key, "Idempotency-Key": f"{key} {key}"},
            {KEY_HEADER: key, "Content-Type": f"multipart/form-data; boundary={key}"},
            {KEY_HEADER: key, "Prefer": key, "Expect": key},
        )
        heard += [client.post(CUTOUT, headers=it, content=key.encode()) for it in mistaken]
        for path in (
            f"/{key}",
            f"{QUERY}?task_id={key}",
            f"{V1}/{key}",
            f"{V1}?cursor={key}",
            "/%ff",
        ):
            heard += [
                client.request(verb, path, headers={KEY_HEADER: key})
                for verb in ("GET", "DELETE", "X")
            ]
        form = {"task_type": key, "cloth_class": key}
        heard.append(client.post(CUTOUT, headers={KEY_HEADER: key}, data=form, files={key: b"x"}))
    raw = [
        target.say(
            f"GET /healthz HTTP/1.1\r\nHost: x\r\nailabapi-api-key {key}\r\n\r\n".encode(), 5
        ),
        target.say(f"{key} /healthz HTTP/1.1\r\nHost: x\r\n\r\n".encode(), 5),
        target.say(f"GET /{key * 100} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), 5),
    ]
    answers = [f"{answer.headers} {answer.text}" for answer in heard]
    return "\n".join([*answers, *(it.decode("latin-1") for it in raw)])


ATTEMPTS: tuple[Attempt, ...] = (
    no_secret_is_said_or_written_anywhere,
    no_answer_names_the_software_behind_it,
)

"""Doing with a key what it was not made for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import httpx

from shared.tenants.api_key import Scope
from tests.attack.attempt import Attempt, hold
from tests.attack.photos import small_photo
from tests.attack.routes import routes_of
from tests.attack.target import KEY_HEADER, V1, Target
from tests.end_to_end.client import CUTOUT, QUERY

KEYS = "/v1/keys"
THREAT = "a key that was made for less than is tried with it"


def a_key_does_no_more_than_its_scopes(target: Target) -> str:
    """A key that only sends may pass on to a browser or a script: it must not read what others of its tenant sent."""
    task_id = target.submit("owner")
    sender = {KEY_HEADER: target.new_key("owner", "--scope", "submit")}
    reader = {KEY_HEADER: target.new_key("owner", "--scope", "read")}
    one = f"{V1}/{task_id}"
    reads = (f"{QUERY}?task_id={task_id}", V1, f"{V1}?ids={task_id}", one, f"{one}/deliveries")
    sends = (
        *(("POST", CUTOUT), ("POST", V1), ("POST", "/v1/uploads"), ("DELETE", one)),
        ("POST", f"{one}/deliveries/msg_0/redeliver"),
    )
    seen: Counter[int] = Counter()
    with target.client() as client:
        for verb in ("GET", "HEAD"):
            for path in reads:
                answer = client.request(verb, path, headers=sender)
                seen[answer.status_code] += 1
                hold(task_id not in answer.text, f"{verb} {path} showed a job")
        for verb, path in sends:
            files = {"image": small_photo()}
            answer = client.request(verb, path, headers=reader, files=files)
            seen[answer.status_code] += 1
        still = client.get(one, headers=reader).status_code
    hold(set(seen) == {httpx.codes.FORBIDDEN}, f"answered {dict(seen)}")
    hold(still == httpx.codes.OK, f"the job was {still} afterwards")
    return f"{seen.total()} requests, each 403; the job is still there"


def no_route_serves_a_key_that_lacks_its_scope_alone(target: Target) -> str:
    """A key that may do everything but that, on every route there is."""
    keys = {
        missing: {KEY_HEADER: target.new_key("intruder", *_words(set(Scope) - {missing}))}
        for missing in Scope
    }
    count = 0
    with target.client() as client:
        for route in routes_of(target):
            if not route.scope:
                continue
            answer = client.request(route.method, route.at(), headers=keys[Scope(route.scope)])
            count += 1
            hold(
                answer.status_code == httpx.codes.FORBIDDEN,
                f"{route.method} {route.path} without `{route.scope}`: {answer.status_code}",
            )
    return f"{count} routes, each 403 to a key that has all scopes but the one"


def an_administrator_reaches_no_other_tenant(target: Target) -> str:
    own = {KEY_HEADER: target.new_key("intruder", "--scope", "admin")}
    foreign = target.key("owner").split("_")[1]
    one = f"{KEYS}/{foreign}"
    with target.client() as client:
        asked = [
            client.request(verb, path, headers=own).status_code
            for verb, path in (("GET", one), ("DELETE", one), ("POST", f"{one}/rotate"))
        ]
        seen = client.get(KEYS, headers=own).text + client.get("/v1/audit", headers=own).text
        reach = [
            client.post(KEYS, headers=own, json=body).status_code
            for body in (
                {"tenant": "owner"},
                {"scopes": ["operator"]},
                {"rate_per_minute": 2**31 - 1, "max_queued": 2**31 - 1},
                {"name": "x", "created_at": "2020-01-01T00:00:00Z"},
            )
        ]
        made = client.post(KEYS, headers=own, json={"scopes": ["read"]}).json()["data"]["secret"]
        shown = client.get(f"{V1}/{target.submit('owner')}", headers={KEY_HEADER: made}).status_code
        still = client.get(V1, headers={KEY_HEADER: target.key("owner")}).status_code
    hold(set(asked) == {httpx.codes.NOT_FOUND}, f"another's key was answered {asked}")
    hold(foreign not in seen, "another's key was listed")
    hold(set(reach) == {httpx.codes.BAD_REQUEST}, f"a key for more was answered {reach}")
    hold(shown == httpx.codes.NOT_FOUND, f"the key that was made saw another's job: {shown}")
    hold(still == httpx.codes.OK, f"the other's key was {still} afterwards")
    return f"{len(asked) + len(reach)} requests refused; a key that was made sees its own tenant's jobs"


def _words(scopes: Iterable[Scope]) -> list[str]:
    return [word for scope in scopes for word in ("--scope", scope.value)]


ATTEMPTS: tuple[Attempt, ...] = (
    a_key_does_no_more_than_its_scopes,
    no_route_serves_a_key_that_lacks_its_scope_alone,
    an_administrator_reaches_no_other_tenant,
)

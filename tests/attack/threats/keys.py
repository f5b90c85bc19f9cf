"""Getting in without a key, or with one that is not, or no longer, good."""

from __future__ import annotations

from collections import Counter
from itertools import product

import httpx

from tests.attack.attempt import Attempt, hold
from tests.attack.routes import UNKNOWN, routes_of
from tests.attack.target import KEY_HEADER, V1, Target
from tests.end_to_end.client import CUTOUT, QUERY

THREAT = "no key, a guessed one, a revoked one"

#: What is read without a key; tests/house holds it to the routes that there are.
OPEN = {
    *("/healthz", "/readyz", "/openapi.json", "/", "/ops", "/page/ops/main.js"),
    *("/docs", "/docs.md", "/docs/", "/docs/start/five-minutes", "/llms.txt"),
}
#: Beside all routes of the document.
_PATHS = (
    *(
        f"{QUERY}?task_id={UNKNOWN}",
        f"{V1}/",
        f"{V1}?ids={UNKNOWN}",
        f"/{CUTOUT}",
        f"{V1}%2f{UNKNOWN}",
    ),
    *(f"{V1}/../../healthz/../v1/jobs", f"{V1};x=/healthz", "/OPS", "/v1/ops/", "/ops/../v1/ops"),
    *("/page/../app.py", "/page/%2e%2e/app.py", "/docs/../SECURITY.md", "/docs/%2e%2e/Makefile"),
    *("/static/x", "/admin", "/metrics", "/console", "/.git/config"),
    *OPEN,
)
_VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "COPY")
_NOT_FOUND = {401, 403, 404, 405, 400, 501}


def no_path_or_verb_opens_without_a_key(target: Target) -> str:
    target.key("owner")
    seen: Counter[int] = Counter()
    paths = {route.at() for route in routes_of(target)}.union(_PATHS)
    with target.client() as client:
        for path, verb in product(sorted(paths), _VERBS):
            answer = client.request(verb, path)
            seen[answer.status_code] += 1
            is_open = path in OPEN and verb in {"GET", "HEAD"}
            expected = answer.status_code in _NOT_FOUND or is_open
            hold(expected, f"{verb} {path} without a key: {answer.status_code}")
    return f"{len(paths)} paths, {len(_VERBS)} verbs: {_counts(seen)}"


def no_malformed_or_guessed_key_opens(target: Target) -> str:
    good = target.key("owner")
    prefix, key_id, secret = good.split("_", 2)
    guesses = [
        *("", "any", "null", "cw_", "cw__", "admin", "' OR 1=1 --", "%", "_", "cw_%_%", "*"),
        *(good[:-1], good + "x", good.upper(), good[::-1], f"{prefix}_{key_id}_", f"{good},{good}"),
        *(f"{prefix}_{key_id}_{'0' * len(secret)}", f"{prefix}_000000000000_{secret}"),
        *(f"{prefix}_{key_id}_{secret[:n]}" for n in range(1, len(secret))),
        "k" * 8000,
    ]
    headers = [{KEY_HEADER: guess} for guess in guesses]
    headers += [{"Authorization": f"Bearer {guess}".strip()} for guess in guesses]
    headers += [
        {"Authorization": text} for text in (f"Basic {good}", good, f"Token {good}", "Bearer")
    ]
    headers += [
        {name: good} for name in ("X-Api-Key", "Cookie", "ailabapi_api_key", "X-Original-Key")
    ]
    seen: Counter[int] = Counter()
    with target.client() as client:
        for each in headers:
            answer = client.get(V1, headers=each)
            seen[answer.status_code] += 1
            hold(
                answer.status_code in {400, 401}, f"a guessed key was answered {answer.status_code}"
            )
        in_url = client.get(V1, params={KEY_HEADER: good, "api_key": good, "key": good})
    seen[in_url.status_code] += 1
    hold(in_url.status_code == httpx.codes.UNAUTHORIZED, "a key in the URL was taken")
    raw = (b"Basic \xff\xfe==", b"Bearer \xff\xfe", b"Digest a", b"\xc3\x28")
    for text in raw:
        said = target.say(
            b"GET /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            b"Authorization: " + text + b"\r\n\r\n"
        )
        hold(
            b" 401 " in said[:20] or b" 400 " in said[:20], f"Authorization {text!r}: {said[:40]!r}"
        )
        seen[int(said[9:12])] += 1
    return f"{seen.total()} keys that are none: {_counts(seen)}"


def two_keys_in_one_request_open_no_more_than_the_first(target: Target) -> str:
    """Proxies and servers must not disagree about whose request it is."""
    one, other = target.key("owner"), target.key("other")
    task_id = target.submit("owner")
    statuses = []
    for first, second in ((other, one), ("wrong", one), ("", one)):
        said = target.say(
            f"GET {V1}/{task_id} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            f"{KEY_HEADER}: {first}\r\n{KEY_HEADER}: {second}\r\n\r\n".encode()
        )
        status = said[9:12].decode()
        statuses.append(status)
        hold(status in {"400", "401", "404"}, f"a second key header was answered {status}")
    return f"answered {', '.join(statuses)}"


def a_revoked_or_expired_key_opens_nothing(target: Target) -> str:
    key = target.new_key("short-lived")
    header = {KEY_HEADER: key}
    with target.client() as client:
        before = client.get(V1, headers=header).status_code
        target.revoke(key)
        after = client.get(V1, headers=header).status_code
        again = client.post(CUTOUT, headers=header, files={"image": b"x"}).status_code
    hold(before == httpx.codes.OK, f"a fresh key was answered {before}")
    hold(after == again == httpx.codes.UNAUTHORIZED, f"a revoked key was answered {after}, {again}")
    return f"{before} before, {after} from the next request on"


def _counts(seen: Counter[int]) -> str:
    return ", ".join(f"{count} × {status}" for status, count in sorted(seen.items()))


ATTEMPTS: tuple[Attempt, ...] = (
    no_path_or_verb_opens_without_a_key,
    no_malformed_or_guessed_key_opens,
    two_keys_in_one_request_open_no_more_than_the_first,
    a_revoked_or_expired_key_opens_nothing,
)

"""A web page that is open in a browser on the machine, or in the operator's network."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from api.routes import ops
from tests.attack.attempt import Attempt, hold
from tests.attack.photos import small_photo
from tests.attack.target import KEY_HEADER, NAMED_ORIGIN, V1, Target
from tests.end_to_end.client import CUTOUT

THREAT = "a web page in somebody's browser"

_OPS = (ops.PATH, ops.SERIES, ops.JOBS, f"{ops.FIND}?q=any")
_UNAUTHORIZED = httpx.codes.UNAUTHORIZED
_ANY = {KEY_HEADER: "any"}
#: What a browser sends along for a page of another site.
_FOREIGN = {
    "Origin": "https://evil.example",
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "no-cors",
}


def a_page_of_another_site_makes_no_job_and_reads_none(target: Target) -> str:
    hosts = {"Host": urlsplit(target.url).netloc}
    tries = {
        "a form": _FOREIGN,
        "a form of an old browser": {"Referer": "https://evil.example/"},
        "a form without an origin": {"Origin": "null"},
        "fetch, as if allowed": {**_FOREIGN, **_ANY},
        "only the origin": {"Origin": "https://evil.example", **_ANY},
        "another port": {"Origin": "http://127.0.0.1:1", **_ANY},
        "only Sec-Fetch-Site": {"Sec-Fetch-Site": "cross-site", **_ANY},
        "a neighbouring site": {"Sec-Fetch-Site": "same-site", **_ANY},
    }
    with target.client() as client:
        for name, headers in tries.items():
            posted = client.post(
                CUTOUT, headers={**hosts, **headers}, files={"image": small_photo()}
            )
            listed = client.get(V1, headers={**hosts, **headers})
            seen = posted.status_code, listed.status_code
            hold(seen == (_UNAUTHORIZED, _UNAUTHORIZED), f"{name}: {seen}")
            names = " ".join(posted.headers).lower()
            hold(
                "access-control" not in names and "set-cookie" not in names,
                f"{name}: CORS or cookies",
            )
    return f"{len(tries)} kinds of page, each 401, no CORS, no cookie"


def a_page_of_another_site_sees_and_withdraws_nothing_of_all_tenants(target: Target) -> str:
    """Before there is a key, whoever is on the machine is the operator too."""
    hosts = {"Host": urlsplit(target.url).netloc}
    body = b'{"status": "queued", "until": "2100-01-01T00:00:00Z"}'
    asked = 0
    with target.client() as client:
        for own in (_FOREIGN, {**_FOREIGN, **_ANY}, {"Origin": "null", **_ANY}):
            seen = {client.get(path, headers={**hosts, **own}).status_code for path in _OPS}
            for kind in ("application/json", "text/plain"):
                headers = {**hosts, **own, "Content-Type": kind}
                seen.add(client.post(ops.ERASE, headers=headers, content=body).status_code)
                asked += 1
            asked += len(_OPS)
            hold(seen == {_UNAUTHORIZED}, f"{own}: {sorted(seen)}")
        framed = client.get("/ops").headers["content-security-policy"]
    hold("frame-ancestors 'none'" in framed, f"may be framed: {framed}")
    return f"{asked} requests, each 401; the page is shown in no frame"


def a_name_that_was_made_to_point_here_gets_nothing(target: Target) -> str:
    """DNS rebinding: to the browser the page and the service are one site, so it may add any header."""
    lines = (
        *(
            "GET /v1/jobs HTTP/1.1\r\nHost: evil.example",
            "GET /v1/jobs HTTP/1.1\r\nHost: evil.example:8000",
        ),
        *("GET /v1/jobs HTTP/1.1\r\nHost:", "GET /v1/jobs HTTP/1.0\r\nX: y"),
        *(
            "GET /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1.evil.example",
            "GET /v1/jobs HTTP/1.1\r\nHost: localhost.evil.example",
        ),
        "GET http://evil.example/v1/jobs HTTP/1.1\r\nHost: 127.0.0.1",
        "GET http://127.0.0.1@evil.example/v1/jobs HTTP/1.1\r\nHost: 127.0.0.1",
        "GET /v1/ops/jobs HTTP/1.1\r\nHost: evil.example",
        "GET /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example",
        "GET /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 127.0.0.1",
        "GET /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Host: evil.example",
    )
    for line in lines:
        said = target.say(f"{line}\r\n{KEY_HEADER}: any\r\nConnection: close\r\n\r\n".encode())
        status = said[9:12]
        hold(status in {b"401", b"400", b"403", b"404"}, f"{line!r}: {status!r}")
        hold(b'"jobs"' not in said, f"{line!r}: a list of jobs")
    return f"{len(lines)} names, none is served"


def no_page_but_a_named_one_is_granted_a_preflight(target: Target) -> str:
    nearly = (
        *("https://evil.example", "null", "*", ""),
        *(f"{NAMED_ORIGIN}.evil.example", f"{NAMED_ORIGIN}:8443", f"{NAMED_ORIGIN}/"),
        *(NAMED_ORIGIN.replace("https", "http"), NAMED_ORIGIN.replace("//", "//www.")),
        f"{NAMED_ORIGIN}, https://evil.example",
    )
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": KEY_HEADER,
        "Access-Control-Request-Private-Network": "true",
    }
    with target.client() as client:
        for path in (CUTOUT, V1, "/healthz"):
            named = client.options(path, headers={**asked, "Origin": NAMED_ORIGIN})
            granted = named.headers.get("Access-Control-Allow-Origin")
            hold(granted == NAMED_ORIGIN, f"OPTIONS {path} of a named page: {granted}")
            hold(
                "access-control-allow-credentials" not in named.headers,
                f"OPTIONS {path} lets cookies along",
            )
            for origin in nearly:
                answer = client.options(path, headers={**asked, "Origin": origin})
                hold(answer.status_code >= 400, f"OPTIONS {path}: {answer.status_code}")
                hold(
                    "access-control" not in str(answer.headers).lower(),
                    f"OPTIONS {path} grants {origin!r} something",
                )
    return f"three routes, {len(nearly)} origins, no `Access-Control-Allow-…`; a named one is granted, without cookies"


def no_page_but_a_named_one_reads_a_result(target: Target) -> str:
    _, url = target.result_url("owner")
    for origin in ("https://evil.example", "null", f"{NAMED_ORIGIN}.evil.example"):
        answer = target.get(url, headers={"Origin": origin})
        hold(
            "access-control-allow-origin" not in answer.headers,
            f"the object store lets {origin} read",
        )
    answer = target.get(url, headers={"Origin": NAMED_ORIGIN})
    granted = answer.headers.get("access-control-allow-origin")
    hold(granted == NAMED_ORIGIN, f"a named page: {granted}")
    return "3 origins are let read nothing by the object store, a named one is"


def programs_of_this_machine_are_served_as_long_as_there_is_no_key(target: Target) -> str:
    """Not an attack: shows that what was refused above was refused for what it is."""
    expected = httpx.codes.OK if target.keyless else _UNAUTHORIZED
    with target.client() as client:
        answer = client.get(V1, headers=_ANY)
    hold(answer.status_code == expected, f"any key was answered {answer.status_code}")
    return f"any key: {answer.status_code}, {'as long as there is none' if target.keyless else 'there are keys'}"


def results_are_pictures_of_another_host(target: Target) -> str:
    _, url = target.result_url("owner")
    answer = target.get(url)
    hold(
        urlsplit(url).netloc != urlsplit(target.url).netloc,
        "results come from the service's own host",
    )
    hold(answer.headers["content-type"] == "image/png", answer.headers["content-type"])
    with target.client("owner") as client:
        headers = client.get(V1).headers
    hold(headers["x-content-type-options"] == "nosniff", "no nosniff")
    hold(headers["content-security-policy"] == "default-src 'none'", "another policy")
    return f"{answer.headers['content-type']}, from another host; answers are `nosniff`, `default-src 'none'`"


ATTEMPTS: tuple[Attempt, ...] = (
    programs_of_this_machine_are_served_as_long_as_there_is_no_key,
    a_page_of_another_site_makes_no_job_and_reads_none,
    a_page_of_another_site_sees_and_withdraws_nothing_of_all_tenants,
    a_name_that_was_made_to_point_here_gets_nothing,
    no_page_but_a_named_one_is_granted_a_preflight,
    no_page_but_a_named_one_reads_a_result,
    results_are_pictures_of_another_host,
)

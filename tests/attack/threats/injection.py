"""Text that would be code to a careless reader."""

from __future__ import annotations

import httpx

from tests.attack.attempt import Attempt, hold
from tests.attack.photos import small_photo
from tests.attack.target import KEY_HEADER, V1, Target
from tests.end_to_end.client import CUTOUT, QUERY

THREAT = "injection"

_WORDS = (
    *(
        "' OR '1'='1",
        "'; DROP TABLE jobs; --",
        "%",
        "_",
        "\\",
        '"',
        "${7*7}",
        "{{7*7}}",
        "$(id)",
        "`id`",
        "|id",
    ),
    *(
        "../../../../etc/passwd",
        "..%2f..%2f",
        "\u202e",
        "\u0000",
        "\ud7ff",
        "١٢٣",
        "1e999",
        "-1",
        "0x10",
        "NaN",
    ),
    *(
        "a" * 3000,
        "\r\nX-Injected: yes",
        "%0d%0aX-Injected:%20yes",
        "<script>alert(1)</script>",
        "%s%n%x",
    ),
)


def words_of_any_kind_are_words(target: Target) -> str:
    target.submit("owner")
    count = 0
    with target.client("other") as client:
        for word in _WORDS:
            answers = [
                client.get(QUERY, params={"task_id": word}),
                client.get(V1, params={"status": word}),
                client.get(V1, params={"cursor": word}),
                client.get(V1, params={"limit": word}),
                client.post(
                    CUTOUT,
                    files={"image": small_photo()},
                    data={"task_type": "async", "cloth_class": word},
                ),
                client.post(CUTOUT, files={"image": small_photo()}, data={"task_type": word}),
                client.post(CUTOUT, files={word: small_photo()}),
                client.get(f"{V1}/{httpx.QueryParams({'': word})}"),
            ]
            for answer in answers:
                count += 1
                hold(
                    answer.status_code < 500,
                    f"{word!r}: {answer.status_code} for {answer.request.url.path}",
                )
                hold("x-injected" not in answer.headers, f"{word!r} became a header")
                hold("49" not in _message_of(answer), f"{word!r} was run")
        hold(client.get(V1).status_code == httpx.codes.OK, "the table is gone")
    return f"{count} requests, none a 5xx, a header or a result"


def _message_of(answer: httpx.Response) -> str:
    if answer.headers["content-type"] != "application/json":
        return ""  # a proxy's own words
    return str(answer.json().get("error_detail", {}).get("message", ""))


def an_idempotency_key_of_any_kind_is_a_word(target: Target) -> str:
    seen = set()
    for word in (
        b"' OR '1'='1",
        b"%",
        b"_",
        b"\xff\xfe",
        b"x" * 256,
        b"\xe2\x80\xae",
        b"../..",
        b'"',
        b"a b",
    ):
        said = target.say(
            f"POST {CUTOUT} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 0\r\n"
            f"{KEY_HEADER}: {target.key('owner')}\r\n".encode()
            + b"Idempotency-Key: "
            + word
            + b"\r\n\r\n"
        )
        seen.add(said[9:12].decode())
    hold(seen <= {"400", "200"}, f"answered {sorted(seen)}")
    return f"9 keys: {', '.join(sorted(seen))}"


ATTEMPTS: tuple[Attempt, ...] = (
    words_of_any_kind_are_words,
    an_idempotency_key_of_any_kind_is_a_word,
)

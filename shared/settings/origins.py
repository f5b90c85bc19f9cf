"""Origins of web pages, as an operator names them and browsers send them (RFC 6454)."""

from __future__ import annotations

import re

#: Scheme, host and port, the latter only where it is not the scheme's own.
_ORIGIN = re.compile(
    r"(?:http://(?!.*:80$)|https://(?!.*:443$))"
    r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?"
)


def read_origins(text: str) -> tuple[str, ...]:
    """Read origins with commas between them.

    Raises:
        ValueError: One is not an origin; `*` and `null` are refused too, since they mean any page.
    """
    origins = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(
                f"{origin!r} is not the origin of a page: write it as browsers send it, such as https://shop.example"
            )
    return origins

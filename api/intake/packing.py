"""Bodies that come packed are refused: how large one becomes would be the client's to say."""

from __future__ import annotations

from flask import Request

from shared.errors import ErrorCode, Refused

_AS_IT_IS = frozenset({"", "identity"})
#: gunicorn takes the chunks apart; what is in them it leaves as it is (RFC 9112, 6.1).
_IN_CHUNKS = _AS_IT_IS | {"chunked"}


def refuse_packed(received: Request) -> None:
    """Let pass what is sent as it is.

    Raises:
        Refused: ERROR_PARAMETERS.
    """
    if not _codings(received, "Content-Encoding") <= _AS_IT_IS:
        raise _packed("without `Content-Encoding`")
    if not _codings(received, "Transfer-Encoding") <= _IN_CHUNKS:
        raise _packed("without any `Transfer-Encoding` but `chunked`")


def _codings(received: Request, header: str) -> set[str]:
    return {coding.strip().lower() for coding in received.headers.get(header, "").split(",")}


def _packed(how: str) -> Refused:
    return Refused(ErrorCode.ERROR_PARAMETERS, f"Send the body as it is, {how}.")

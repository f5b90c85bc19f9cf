"""Lines of a body that hold nothing: they cost as much as others to look at, and nobody counts them as items."""

from __future__ import annotations

import time

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from api.intake import lines
from api.intake.lines import Lines
from shared.errors import ErrorCode, Refused


def lines_of(body: bytes) -> Lines:
    return Lines(Request(EnvironBuilder(method="POST", data=body).get_environ()))


def test_others_get_a_turn_while_empty_lines_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[float] = []
    monkeypatch.setattr(time, "sleep", turns.append)

    count = sum(1 for _ in lines_of(b"\n" * 10_000))

    assert count == 10_000
    assert turns == [0] * 20


def test_a_body_of_more_lines_than_any_batch_needs_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines, "MAX_LINES", 3)
    assert len(list(lines_of(b"\n\n\n"))) == 3

    with pytest.raises(Refused) as refused:
        list(lines_of(b"\n\n\n\n"))

    assert refused.value.code is ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE

"""Why somebody should look at a picture is said in the same words everywhere."""

from __future__ import annotations

import cutwork.reasons
from shared.documents import FOLDER
from shared.wire.report import REASONS, Reason


def test_the_command_has_the_words_of_the_service() -> None:
    assert set(REASONS) == set(Reason)
    assert REASONS == cutwork.reasons.REASONS


def test_the_documents_have_the_words_of_the_service() -> None:
    page = (FOLDER / "reference" / "api.md").read_text()

    assert [it for it in REASONS if f"`{it}` ({REASONS[it]}" not in page] == []

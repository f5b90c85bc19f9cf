"""Whose service it is, and which key goes there."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from cutwork import Access, NoKey, Unusable, find_access
from cutwork.access import store, store_path

SHOP = "https://cutwork.shop.example"


def test_the_environment_says_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTWORK_URL", f"{SHOP}/cutout/")
    monkeypatch.setenv("CUTWORK_KEY", "mine")

    assert find_access() == Access(f"{SHOP}/cutout", "mine")


def test_what_was_stored_is_for_its_owner_alone() -> None:
    path = store(Access(SHOP, "stored"))

    assert find_access() == Access(SHOP, "stored")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_stored_key_goes_to_no_other_service() -> None:
    store(Access(SHOP, "stored"))

    with pytest.raises(NoKey, match="cutwork login"):
        find_access("https://elsewhere.example")


def test_a_service_on_this_machine_needs_no_key_as_long_as_it_has_none() -> None:
    assert find_access() == Access("http://127.0.0.1:8000", "any")


def test_a_stored_key_that_others_can_read_is_not_used() -> None:
    store(Access(SHOP, "stored")).chmod(0o644)

    with pytest.raises(Unusable, match="chmod 600"):
        find_access()


@pytest.mark.parametrize("content", ["", "[]", json.dumps({"url": SHOP})])
def test_a_broken_login_says_so(content: str) -> None:
    path: Path = store_path()
    path.parent.mkdir(parents=True)
    path.touch(0o600)
    path.write_text(content)

    with pytest.raises(Unusable, match="cutwork login"):
        find_access()


@pytest.mark.parametrize(
    "url",
    ["cutwork.example", "ftp://a", "https://", "https://me:pw@a", "https://a/?key=b", "http://[:"],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Unusable):
        find_access(url, "key")


@pytest.mark.parametrize("key", ["two\nlines", "schlüssel", " "])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(Unusable):
        find_access(SHOP, key)

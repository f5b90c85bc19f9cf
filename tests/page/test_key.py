"""Where a key is needed it is asked for once, and stands in no URL."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from shared.sql.database import Database
from shared.tenants.key_store import KeyStore
from tests.end_to_end.installation import Installation
from tests.page.visitor import Visitor


def test_a_key_is_asked_for_once_and_stands_in_no_url(
    visitor: Visitor, photo_file: Path, site: Installation
) -> None:
    database = Database(site.settings.database_url)
    key = KeyStore(database).create("shop")[1]
    database.close()
    visitor.come()
    visitor.choose(photo_file)
    dialog = visitor.page.get_by_role("dialog", name="Your API key")

    for reason, said in {"This service asks for one": "wrong", "not valid": key}.items():
        expect(dialog).to_contain_text(reason)
        dialog.get_by_label("Key", exact=True).fill(said)
        dialog.get_by_role("button", name="Use this key").click()
    visitor.wait_for("jacket.jpg")
    visitor.page.reload()
    visitor.wait_for("jacket.jpg")

    expect(dialog).not_to_be_visible()
    assert not [it.url for it in visitor.requests if key in it.url]
    assert visitor.page.evaluate("localStorage.getItem('cutwork.key')") is None

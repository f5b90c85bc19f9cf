"""Where a key is needed it is asked for once, and stands in no URL; who has none at hand finds a way on.

The service of this file has no key before its first test makes one.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, expect

from shared.sql.database import Database
from shared.tenants.key_store import KeyStore
from tests.end_to_end.installation import Installation
from tests.page.visitor import Visitor


def make_key(site: Installation, tenant: str) -> str:
    database = Database(site.settings.database_url)
    key = KeyStore(database).create(tenant)[1]
    database.close()
    return key


def dialog_of(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("dialog", name="Your API key")


def give(dialog: Locator, key: str) -> None:
    dialog.get_by_label("Key", exact=True).fill(key)
    dialog.get_by_role("button", name="Use this key").click()


def test_a_service_that_gets_its_first_key_meanwhile_leaves_a_way_on(
    visitor: Visitor, photo_file: Path, site: Installation
) -> None:
    dialog = dialog_of(visitor)
    site.close_gate()
    visitor.come()
    visitor.choose(photo_file)
    visitor.wait_for("jacket.jpg", "Being cut out")

    key = make_key(site, "local")
    expect(dialog).to_contain_text("This service asks for a key", timeout=60_000)
    dialog.get_by_role("button", name="Not now").click()
    card = visitor.wait_for("jacket.jpg", "This service asks for a key")
    card.get_by_role("button", name="Enter a key and try again").click()
    give(dialog, key)
    site.open_gate()

    visitor.wait_for("jacket.jpg")
    expect(card.get_by_role("button", name="Enter a key")).to_be_hidden()


def test_who_has_no_key_at_hand_can_give_it_later(
    visitor: Visitor, photo_file: Path, site: Installation, tmp_path: Path
) -> None:
    dialog, second = dialog_of(visitor), tmp_path / "coat.jpg"
    second.write_bytes(photo_file.read_bytes())
    key = make_key(site, "shop")
    visitor.come()
    visitor.choose(photo_file, second)
    dialog.get_by_role("button", name="Not now").click()
    for name in ("jacket.jpg", "coat.jpg"):
        visitor.wait_for(name, "A key is needed.")

    visitor.card("jacket.jpg").get_by_role("button", name="Enter a key and try again").click()
    give(dialog, key)

    expect(visitor.card("jacket.jpg")).to_be_focused()
    for name in ("jacket.jpg", "coat.jpg"):
        visitor.wait_for(name)


def test_a_key_is_asked_for_once_and_stands_in_no_url(
    visitor: Visitor, photo_file: Path, site: Installation
) -> None:
    key, dialog = make_key(site, "shop"), dialog_of(visitor)
    visitor.come()
    visitor.choose(photo_file)

    for reason, said in {"This service asks for a key": "wrong", "not valid": key}.items():
        expect(dialog).to_contain_text(reason)
        give(dialog, said)
    visitor.wait_for("jacket.jpg")
    visitor.page.reload()
    visitor.wait_for("jacket.jpg")

    expect(dialog).not_to_be_visible()
    assert not [it.url for it in visitor.requests if key in it.url]
    assert visitor.page.evaluate("localStorage.getItem('cutwork.key')") is None

"""The page for everybody: by keyboard alone, read aloud, in the dark, on a small screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.page.visitor import Visitor


def test_a_keyboard_is_enough(visitor: Visitor, photo_file: Path) -> None:
    visitor.come()
    page = visitor.page
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the photos")).to_be_focused()
    for role, name in {"link": "Documentation", "button": "Key"}.items():
        page.keyboard.press("Tab")
        expect(page.get_by_role(role, name=name, exact=True)).to_be_focused()  # type: ignore[arg-type]
    page.keyboard.press("Tab")
    expect(page.locator("#choose-photos")).to_be_focused()
    # What it opens is the system's own, and belongs to no page.
    visitor.choose(photo_file)
    card = visitor.wait_for("jacket.jpg")

    slider = card.get_by_role("slider", name="Before and after")
    slider.focus()
    for key, value in {"3": "100", "2": "50", "1": "0", "End": "100", "Home": "0"}.items():
        page.keyboard.press(key)
        expect(slider).to_have_value(value)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(card.get_by_label("White", exact=True)).to_be_checked()
    card.get_by_role("button", name="100 %").focus()
    page.keyboard.press("Space")
    expect(card.get_by_role("region", name="Picture at 100 %")).to_be_visible()
    card.get_by_role("button", name="Delete").focus()
    page.keyboard.press("Enter")
    expect(card.get_by_role("button", name="Delete for good?")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#choose-photos")).to_be_focused()


def test_what_happens_is_told_politely(visitor: Visitor, photo_file: Path) -> None:
    visitor.come()
    visitor.choose(photo_file)

    region = visitor.page.get_by_role("status")
    expect(region).to_have_text("jacket.jpg is done.", timeout=60_000)
    assert region.get_attribute("aria-live") in {None, "polite"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_finding_of_axe(
    visitor: Visitor, photo_file: Path, tmp_path: Path, scheme: str
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_text("no picture")
    visitor.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    visitor.come()
    assert visitor.serious_findings() == []

    visitor.page.locator("#options summary").click()
    visitor.choose(photo_file, bad)
    card = visitor.wait_for("jacket.jpg")
    card.get_by_text("The same request as code").click()

    assert visitor.serious_findings() == []

"""A visit: from a photo to its cut-out, at a desk and on a phone, over reloads, until it is deleted."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import expect

from shared.wire.report import REASONS, Reason
from tests.conditions import eventually
from tests.end_to_end.client import HEADERS
from tests.end_to_end.installation import Installation
from tests.page.visitor import Visitor


@pytest.mark.parametrize("who", ["visitor", "caller"])
def test_a_photo_goes_from_upload_to_download(
    who: str, photo_file: Path, request: pytest.FixtureRequest
) -> None:
    visitor: Visitor = request.getfixturevalue(who)
    visitor.come()
    visitor.choose(photo_file)
    card = visitor.wait_for("jacket.jpg")

    expect(card.locator(".after")).to_be_visible()
    expect(card.get_by_role("radio", name="all")).to_be_checked()
    download = visitor.download(card.get_by_role("button", name="Download"))

    assert download.suggested_filename == "jacket.cutout.png"
    with Image.open(download.path()) as picture:
        assert (picture.mode, picture.size) == ("RGBA", (512, 512))
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_piece_is_looked_at_alone_and_says_its_share(visitor: Visitor, photo_file: Path) -> None:
    visitor.come()
    visitor.choose(photo_file)
    card = visitor.wait_for("jacket.jpg")
    whole = card.locator(".after").get_attribute("src")
    piece = card.locator(".found .chip").nth(1)

    assert "%" in piece.inner_text()
    piece.locator("input").check(force=True)

    name = piece.locator("input").get_attribute("value")
    expect(card.locator(".after")).not_to_have_attribute("src", whole or "")
    expect(card.locator(".after")).to_have_attribute("alt", f"{name} of jacket.jpg")
    assert visitor.download(card.get_by_role("button", name="Download")).suggested_filename == (
        f"jacket.{name}.cutout.png"
    )


def test_a_result_is_copied_into_the_clipboard(visitor: Visitor, photo_file: Path) -> None:
    visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.come()
    visitor.choose(photo_file)
    button = visitor.wait_for("jacket.jpg").locator("[data-do=copy]")
    button.click()

    expect(button).to_have_text("Copied")
    assert visitor.page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          const bitmap = await createImageBitmap(await item.getType("image/png"));
          return [bitmap.width, bitmap.height];
        }"""
    ) == [512, 512]


def test_a_bad_file_is_refused_in_words_before_it_is_sent_and_its_neighbours_go_on(
    visitor: Visitor, photo_file: Path, tmp_path: Path
) -> None:
    text, large, small, damaged = (
        tmp_path / f"{name}.jpg" for name in ["text", "large", "small", "damaged"]
    )
    text.write_text("no picture")
    large.write_bytes(photo_file.read_bytes() + bytes(5 * 1024 * 1024))
    Image.new("RGB", (40, 400)).save(small)
    damaged.write_bytes(photo_file.read_bytes()[:20_000])
    visitor.come()

    visitor.choose(text, photo_file, large, small, damaged)

    for name, reason in {
        "text.jpg": "This is no JPEG, PNG or BMP file.",
        "large.jpg": "The file is too large.",
        "small.jpg": "The photo is too small.",
        "damaged.jpg": "File decoding failed.",
    }.items():
        card = visitor.wait_for(name, reason)
        assert card.locator(".cure").inner_text()
        expect(card.get_by_role("button", name="Try again")).to_be_hidden()
    help_for = card.get_by_role("link", name="What helps")
    assert visitor.page.request.get(f"{visitor.url}/{help_for.get_attribute('href')}").ok
    visitor.wait_for("jacket.jpg")
    assert len(visitor.sent("POST", "/v1/jobs")) == 2
    expect(visitor.page.locator("#tally")).to_have_text("5 photos · 1 done · 4 failed")


def test_all_results_come_as_one_zip_file(
    visitor: Visitor, photo_file: Path, tmp_path: Path
) -> None:
    second = tmp_path / "coat.jpg"
    second.write_bytes(photo_file.read_bytes())
    visitor.come()
    visitor.choose(photo_file, second)
    visitor.wait_for("jacket.jpg")
    visitor.wait_for("coat.jpg")

    download = visitor.download(visitor.page.get_by_role("button", name="Download all"))

    with zipfile.ZipFile(download.path()) as archive:
        assert archive.testzip() is None
        assert {"jacket.cutout.png", "coat.cutout.png"} <= set(archive.namelist())
        picture = Image.open(io.BytesIO(archive.read("coat.cutout.png")))
    assert picture.size == (512, 512)


def test_what_is_pasted_or_dropped_is_taken(visitor: Visitor, photo_file: Path) -> None:
    visitor.come()
    for event in ("paste", "drop"):
        visitor.page.evaluate(
            """async (kind) => {
              const bytes = await (await fetch("page/sample.jpg")).blob();
              const data = new DataTransfer();
              data.items.add(new File([bytes], `${kind}.jpg`, { type: "image/jpeg" }));
              const event = kind === "paste"
                ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true })
                : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
              document.body.dispatchEvent(event);
            }""",
            event,
        )
        visitor.wait_for(f"{event}.jpg")


def test_the_newest_photos_stand_first_and_are_seen(caller: Visitor, tmp_path: Path) -> None:
    """By no picture at all, so that nothing is sent."""
    files = [tmp_path / f"{name}.jpg" for name in "abcdef"]
    for file in files:
        file.write_text("no picture")
    names = caller.page.locator("article .name")
    caller.come()

    caller.choose(*files[:4])
    expect(names).to_have_text(["a.jpg", "b.jpg", "c.jpg", "d.jpg"])
    caller.card("d.jpg").scroll_into_view_if_needed()
    caller.choose(*files[4:])

    expect(names).to_have_text(["e.jpg", "f.jpg", "a.jpg", "b.jpg", "c.jpg", "d.jpg"])
    expect(caller.card("e.jpg")).to_be_in_viewport()
    caller.page.reload()
    expect(names).to_have_text(["e.jpg", "f.jpg", "a.jpg", "b.jpg", "c.jpg", "d.jpg"])


def test_doubts_are_told_in_the_words_of_the_service(visitor: Visitor) -> None:
    visitor.come()
    told = visitor.page.evaluate(
        "import('./page/words.js').then((words) => words.doubtsOf({ reasons: ['small', 'empty'] }))"
    )

    assert told == f"Look at it: {REASONS[Reason.SMALL]}; {REASONS[Reason.EMPTY]}."


def test_a_reload_finds_the_result_and_the_photo_again(visitor: Visitor, photo_file: Path) -> None:
    visitor.come()
    visitor.choose(photo_file)
    visitor.wait_for("jacket.jpg")

    visitor.page.reload()

    card = visitor.wait_for("jacket.jpg")
    expect(card.locator(".after")).to_be_visible()
    expect(card.get_by_role("slider", name="Before and after")).to_be_visible()
    assert len(visitor.sent("POST", "/v1/jobs")) == 1


def test_a_reload_while_the_job_runs_makes_no_second_job(
    visitor: Visitor, photo_file: Path, site: Installation
) -> None:
    site.close_gate()
    visitor.come()
    visitor.choose(photo_file)
    visitor.wait_for("jacket.jpg", "Being cut out")
    eventually(site.count_at_gate)

    visitor.page.reload()
    visitor.wait_for("jacket.jpg", "Being cut out")
    site.open_gate()

    visitor.wait_for("jacket.jpg")
    assert len(visitor.sent("POST", "/v1/jobs")) == 1


def test_delete_deletes_with_the_service_and_stays_deleted(
    visitor: Visitor, photo_file: Path, site: Installation
) -> None:
    visitor.come()
    visitor.choose(photo_file)
    card = visitor.wait_for("jacket.jpg")
    [shown] = visitor.page.evaluate("JSON.parse(localStorage.getItem('cutwork.jobs'))")

    card.get_by_role("button", name="Delete").click()
    card.get_by_role("button", name="Delete for good?").click()

    expect(card).to_have_count(0)
    job = f"{site.url}/v1/jobs/{shown['taskId']}"
    eventually(lambda: httpx.get(job, headers=HEADERS).status_code == 410)
    visitor.page.reload()
    expect(visitor.page.locator("cutwork-card")).to_have_count(0)


def test_a_service_that_is_away_is_waited_for(visitor: Visitor, photo_file: Path) -> None:
    visitor.come()
    visitor.page.route("**/v1/jobs", lambda route: route.abort())
    visitor.choose(photo_file)
    visitor.wait_for("jacket.jpg", "The service cannot be reached. Going on in")

    visitor.page.unroute("**/v1/jobs")

    visitor.wait_for("jacket.jpg")
    visitor.complaints.clear()  # the browser's own, of the request that was lost

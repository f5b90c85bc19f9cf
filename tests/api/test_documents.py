"""The documentation as a browser gets it: from the package, without script, each link to a place that is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.documents.shelves import read_shelves
from shared.documents import address_of_error
from shared.errors import ErrorCode
from shared.settings.settings import Settings
from tests.api.conftest import FrontEnd, opened

ADDRESSES = ["/docs", *(entry.address for shelf in read_shelves() for entry in shelf.entries)]


class Page(HTMLParser):
    """What a browser would do with a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.forbidden: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.links |= {value for name in ("href", "src") if (value := named.get(name))}
        self.anchors |= {value for value in [named.get("id")] if value}
        if tag in {"script", "style", "iframe", "form"}:
            self.forbidden.append(tag)
        self.forbidden += [name for name in named if name == "style" or name.startswith("on")]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Somebody without a key, at one front end, which renders each page once."""
    database = tmp_path_factory.mktemp("documents") / "cutwork.sqlite3"
    with opened(Settings(database_url=f"sqlite:///{database}")) as front_end:
        yield front_end.client()


def read(front_end: FrontEnd, address: str) -> TestResponse:
    return front_end.client().get(address)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_has_nothing_that_its_policy_forbids(reader: FlaskClient, address: str) -> None:
    answer = reader.get(address)

    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self'; ")
    assert "script" not in policy
    assert Page(answer.text).forbidden == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_link_of_a_page_leads_to_something_and_to_a_part_of_it(
    reader: FlaskClient, address: str
) -> None:
    page = Page(reader.get(address).text)
    parsed = {address: page}

    for link in page.links:
        if re.match("https?:", link):
            continue
        target, _, anchor = link.partition("#")
        target = target or address
        if target not in parsed:
            found = reader.get(target)
            assert found.status_code == 200, link
            parsed[target] = Page(found.text if found.mimetype == "text/html" else "")
        assert not anchor or anchor in parsed[target].anchors, link


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_can_be_had_as_markdown(reader: FlaskClient, address: str) -> None:
    answer = reader.get(f"{address}.md")

    assert (answer.status_code, answer.mimetype) == (200, "text/markdown")
    assert answer.text.startswith("# ")


def test_the_list_for_models_names_every_page(front_end: FrontEnd) -> None:
    answer = read(front_end, "/llms.txt")

    assert answer.mimetype == "text/plain"
    assert answer.text.startswith("# Cutwork\n\n> ")
    assert all(f"({address}.md)" in answer.text for address in ADDRESSES[1:])


@pytest.mark.parametrize(
    "name",
    [
        "nothing",
        "..",
        "../pyproject.toml",
        "%2e%2e/pyproject.toml",
        "guides",
        "guides/",
        "x.md",
        "\0",
    ],
)
def test_what_is_no_page_is_not_found(reader: FlaskClient, name: str) -> None:
    assert reader.get(f"/docs/{name}").status_code == 404


def test_a_slash_at_the_end_of_the_index_leads_there(front_end: FrontEnd) -> None:
    answer = read(front_end, "/docs/")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/docs")


def test_a_page_that_has_not_changed_is_not_sent_again(front_end: FrontEnd) -> None:
    tag = read(front_end, "/docs").headers["ETag"]

    answer = front_end.client().get("/docs", headers={"If-None-Match": tag})

    assert (answer.status_code, answer.data) == (304, b"")


@pytest.mark.parametrize("changes", [{"public_path": "/cutwork"}])
def test_behind_a_path_all_links_begin_with_it(front_end: FrontEnd) -> None:
    for address in ADDRESSES:
        links = Page(read(front_end, address).text).links
        assert [link for link in links if link.startswith("/") and "/cutwork/" not in link] == []
    answer = front_end.client().get("/v1/jobs")
    assert answer.headers["Link"].startswith("</cutwork/docs/reference/errors#")


def test_an_error_of_ours_leads_to_what_to_do_about_it(front_end: FrontEnd) -> None:
    answer = front_end.client().get("/v1/jobs")

    where = address_of_error(ErrorCode.ERROR_USER_NOT_EXISTS)
    assert answer.headers["Link"] == f'<{where}>; rel="help"'
    address, _, anchor = where.partition("#")
    assert anchor in Page(read(front_end, address).text).anchors


def test_an_error_of_the_hosted_apis_routes_stays_as_it_was(front_end: FrontEnd) -> None:
    answer = front_end.post(b"no photo")

    assert answer.status_code == 415
    assert "Link" not in answer.headers

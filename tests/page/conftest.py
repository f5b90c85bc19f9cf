"""The page in a real browser, before a whole installation that all tests of a file share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, ViewportSize
from skimage import data

from deploy.local.servers.seaweedfs import SeaweedFS
from deploy.local.servers.valkey import Valkey
from tests.conftest import an_installation
from tests.end_to_end.installation import Installation
from tests.page.chromium import running_chromium
from tests.page.visitor import Visitor

_DESKTOP: ViewportSize = {"width": 1440, "height": 900}
_PHONE: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def browser(pytestconfig: pytest.Config) -> Iterator[Browser]:
    """No longer than a module: as long as it runs, no other test may use asyncio."""
    if pytestconfig.getoption("fast"):
        pytest.skip("starts a process")
    with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    seaweedfs: SeaweedFS,
    valkey: Valkey,
    browser: Browser,
) -> Iterator[Installation]:
    """A front end, a worker and a sweeper; without a browser none of them is started."""
    folder = tmp_path_factory.mktemp("site")
    with (
        an_installation(folder, seaweedfs, valkey) as settings,
        Installation(settings, folder / "processes") as installation,
    ):
        installation.start_worker()
        yield installation


@pytest.fixture
def visitor(browser: Browser, site: Installation) -> Iterator[Visitor]:
    """Somebody at a desk."""
    yield from _visit(browser, site, viewport=_DESKTOP)


@pytest.fixture
def caller(browser: Browser, site: Installation) -> Iterator[Visitor]:
    """Somebody with a small phone."""
    yield from _visit(browser, site, viewport=_PHONE, is_mobile=True, has_touch=True)


def _visit(browser: Browser, site: Installation, **more: Any) -> Iterator[Visitor]:
    context = browser.new_context(accept_downloads=True, reduced_motion="reduce", **more)
    context.set_default_timeout(30_000)
    visitor = Visitor(context.new_page(), site.url)
    yield visitor
    visitor.check_calm()
    context.close()


@pytest.fixture(scope="session")
def photo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person in an orange suit (NASA, public domain), 512 × 512."""
    file = tmp_path_factory.mktemp("photos") / "jacket.jpg"
    Image.fromarray(data.astronaut()).save(file, quality=92)
    return file

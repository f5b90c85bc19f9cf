from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from skimage import data

from shared.settings.settings import Settings
from tests.end_to_end.installation import Installation
from tests.fault.site import Site


@pytest.fixture(scope="session")
def photo() -> bytes:
    """A person in an orange suit (NASA, public domain), 512 × 512, as JPEG."""
    encoded = io.BytesIO()
    Image.fromarray(data.astronaut()).save(encoded, "JPEG", quality=92)
    return encoded.getvalue()


@pytest.fixture
def installation(settings: Settings, tmp_path: Path) -> Iterator[Installation]:
    """A front end and a sweeper; each test starts its own workers."""
    with Site(settings, tmp_path / "installation") as installation:
        yield installation
        installation.close_books()

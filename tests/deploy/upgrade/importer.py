"""`cutwork ingest`, one folder after the other, as long as it is wanted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from PIL import Image

from tests.background import Background
from tests.client.lives import check_all_there, surroundings
from tests.pictures import astronaut

_SIDE = 96
_SECONDS = 600
#: The service answers all the time, or the trial has ended.
_GIVE_UP_AFTER = "60s"


class Importer(Background):
    """Each folder has photos of its own."""

    def __init__(self, url: str, directory: Path, photos: int) -> None:
        """Prepare it.

        Args:
            url: Of the service.
            directory: For photos and pictures.
            photos: How many a folder has.
        """
        super().__init__("importer")
        self._environment = {**surroundings(), "CUTWORK_URL": url, "CUTWORK_KEY": "any"}
        self._directory = directory
        self._photos = photos
        #: Photos that came back.
        self.done = 0
        self.troubles: list[str] = []

    def _run(self) -> None:
        number = 0
        while not self._stopping.is_set():
            number += 1
            try:
                self._import(self._directory / f"{number}")
            except (AssertionError, OSError, subprocess.SubprocessError) as error:
                self.troubles.append(f"import {number}: {error}")
                return

    def _import(self, folder: Path) -> None:
        photos, out = folder / "in", folder / "out"
        self._fill(photos)
        command = [sys.executable, "-m", "cutwork", "ingest", str(photos), "-o", str(out)]
        ended = subprocess.run(
            [*command, "--quiet", "--give-up-after", _GIVE_UP_AFTER],
            check=False,
            capture_output=True,
            text=True,
            env=self._environment,
            timeout=_SECONDS,
        )
        assert ended.returncode == os.EX_OK, f"ended with {ended.returncode}: {ended.stderr}"
        check_all_there(photos, out)
        self.done += self._photos

    def _fill(self, folder: Path) -> None:
        """Lay photos down of which no two are alike, in this folder or another one."""
        small = astronaut().resize((_SIDE, _SIDE))
        folder.mkdir(parents=True)
        for number in range(self._photos):
            picture = small.copy()
            picture.paste(_mark(self.done + number), (0, 0))
            picture.save(folder / f"{number:04}.jpg", "PNG")


def _mark(number: int) -> Image.Image:
    """Draw a number, as a colour."""
    colour = (number & 255, number >> 8 & 255, number >> 16 & 255)
    return Image.new("RGB", (16, 16), colour)

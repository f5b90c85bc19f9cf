"""Files as cameras, phones, editors and networks write them, made from scratch: each with what is right for it."""

from __future__ import annotations

from tests.files.bmp import BMPS
from tests.files.colour import COLOURS
from tests.files.file import File
from tests.files.jpeg import JPEGS
from tests.files.jpeg_sampling import SAMPLINGS
from tests.files.multi_picture import MULTI_PICTURES
from tests.files.png import PNGS

FILES: dict[str, File] = {**MULTI_PICTURES, **JPEGS, **SAMPLINGS, **PNGS, **COLOURS, **BMPS}

"""What files of results are called that clients save: `coat.cutout.png`, `coat.tops.mask.jpg`.

docs/reference/api.md tells it; the command `cutwork` calls its files so, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.job import Job
from shared.jobs.envelope import names_of_results
from shared.objects.store import IMAGE
from shared.wire.rendition import Format

_PHOTO = re.compile(r"\.(jpe?g|jpe|jfif|png|bmp|dib)$", re.IGNORECASE)
#: What no file may be called on every system.
_STRANGE = re.compile(r"[^\w .()+-]+")
_LONGEST = 80


def stem_of(job: Job) -> str:
    """Call a photo as its client calls the job, or by the job's id."""
    name = _STRANGE.sub("_", _PHOTO.sub("", job.tags.reference))
    return name.strip(" .")[:_LONGEST].strip(" .") or str(job.id)


def files_of(job: Job, stem: str) -> Iterator[tuple[str, str]]:
    """Give each result of a job that has succeeded the name of its file."""
    for result in names_of_results(job):
        yield result, file_name_of(job, result, stem)


def file_name_of(job: Job, result: str, stem: str) -> str:
    """Name the file of a result: the photo, the category if it shows one alone, the form, the format."""
    picture, _, form = result.partition("-")
    category = "" if picture == IMAGE else picture
    parts = (
        stem,
        category,
        form or job.options.forms[0].word,
        _ending(job.options.rendition.format),
    )
    return ".".join(filter(None, parts))


def _ending(picture_format: Format) -> str:
    return "jpg" if picture_format is Format.JPEG else picture_format.value

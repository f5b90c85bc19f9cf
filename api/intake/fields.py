"""All that is asked for besides a photo's bytes: the fields of a form, or of a line of a batch, by the same rules."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from api.intake.callbacks import Callbacks
from api.intake.direct_upload import read_upload_id
from api.intake.image_url import read_image_url
from api.intake.options import (
    CALLBACK_URL,
    HOSTED,
    IMAGE_URL,
    MODERN,
    UPLOAD,
    Names,
    Option,
    read_options,
    text_of,
)
from api.intake.tags import read_tags
from shared.job import CutoutOptions, Tags
from shared.outgoing.policy import Policy
from shared.settings.settings import Settings
from shared.wire.contract import TaskType
from shared.wire.presets import Presets


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What one face of a service takes from one client."""

    #: Of the options that count; all others are ignored.
    names: Names = HOSTED
    #: Those that can be named.
    presets: Presets = field(default_factory=dict)
    #: Where photos may be fetched from; None: nowhere.
    image_urls: Policy | None = None
    #: Who may be told of a job's end; None: nobody.
    callbacks: Callbacks | None = None
    #: Whose direct uploads may be named; None: nobody's.
    uploader: str | None = None

    @property
    def ways_to_name_a_photo(self) -> list[str]:
        """The options that may stand for it."""
        are_taken = {IMAGE_URL: self.image_urls is not None, UPLOAD: self.uploader is not None}
        return [name for name, is_taken in are_taken.items() if is_taken]


#: Says what a tenant may send.
RulesFor = Callable[[str], Rules]


def modern_rules(settings: Settings, presets: Presets) -> RulesFor:
    """Make the rules of `/v1`."""
    modern = Rules(
        names=MODERN,
        presets=presets,
        image_urls=settings.image_url_policy if settings.image_url else None,
        callbacks=Callbacks(settings),
    )
    return lambda tenant: replace(modern, uploader=tenant) if settings.direct_uploads else modern


@dataclass(frozen=True, kw_only=True)
class Fields:
    """What was sent, in so far as it makes sense."""

    options: CutoutOptions
    #: The same without what a preset said.
    options_as_sent: CutoutOptions
    tags: Tags
    task_type: TaskType
    #: Where the photo is; not shown, for it may hold a signature.
    image_url: str | None = field(repr=False)
    #: The id under which the object store has it.
    upload: uuid.UUID | None
    #: Who is told of the job's end; None: nobody.
    callback_url: str | None

    @property
    def is_elsewhere(self) -> bool:
        """Whether the photo is named, and not sent."""
        return self.image_url is not None or self.upload is not None


def read_fields(sent: list[Option], rules: Rules) -> Fields:
    """Make sense of them.

    Raises:
        Refused: One of them makes none, with what to send instead.
    """
    wanted = read_options(sent, rules.presets)
    return Fields(
        options=wanted.options,
        options_as_sent=wanted.as_sent,
        task_type=wanted.task_type,
        tags=read_tags(sent),
        image_url=read_image_url(sent, rules.image_urls),
        upload=read_upload_id(sent, rules.uploader),
        callback_url=rules.callbacks.check(text_of(sent, CALLBACK_URL))
        if rules.callbacks
        else None,
    )

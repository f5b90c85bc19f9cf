"""Upload forms: from the body of a POST to a typed request that is worth storing (contract, section 1)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import IO

from flask import Request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wsgi import LimitedStream, get_input_stream

from api.intake.fields import Fields, Rules, read_fields
from api.intake.multipart import MAX_TEXT_BYTES, Part, TextTooLong, read_parts
from api.intake.options import IMAGE, IMAGE_URL, UPLOAD, Names, Option, invalid
from api.intake.packing import refuse_packed
from api.intake.upload_deadline import upload_deadline
from api.request_names import read_traceparent
from shared.errors import ErrorCode, Refused
from shared.image_files.header import ImageHeader, check_length, read_header
from shared.job import CutoutOptions, Tags
from shared.wire.contract import MAX_IMAGE_BYTES, TaskType

#: More than an image may have, so that one which is too large is told so by name.
MAX_BODY_BYTES = 6 * 1024 * 1024

#: Larger uploads wait on disk, so that slow clients cannot fill the memory.
_IN_MEMORY_BYTES = 512 * 1024
_MULTIPART = "multipart/form-data"
_UNCHANGED = {"", "binary", "8bit", "7bit"}

_SEND_A_FORM = f"Send a form of type `{_MULTIPART}` with the photo as a file `{IMAGE}`"
#: By the beginning of its `Content-Type`: what a body is instead of a form.
_WRONG_TYPES = {
    "application/json": "The body is JSON. ",
    "application/x-www-form-urlencoded": "The body is a URL-encoded form, which cannot hold a file. ",
    "application/octet-stream": "The body is the bare photo. ",
    "image/": "The body is the bare photo. ",
}
_AS_TEXT = (
    f"`{IMAGE}` was sent as text: as a text field or in the URL. Send the photo's bytes as a file, with a file name or "
    "a `Content-Type` such as `image/jpeg`; neither base64 nor the URL of a photo is read. "
    f"On `/v1/jobs` a URL may be sent as `{IMAGE_URL}`, where the operator allows it."
)
_NO_IMAGE = f"Send the photo as a file `{IMAGE}`: its bytes, neither base64 nor its URL"
#: Of a name that is not known.
_SHOWN_NAME = 40
#: How a photo begins in base64, as a data URL or by its format; `_` is `/` in URLs.
_BASE64 = (b"data:", b"/9j/", b"_9j_", b"iVBORw0KGgo", b"Qk")


#: What the hosted API's path takes.
_HOSTED = Rules()


@dataclass(frozen=True, kw_only=True)
class CutoutRequest:
    """What a client sent, as far as it could be checked without decoding the image."""

    #: Empty: a worker fetches it, or the object store has it.
    image: bytes
    header: ImageHeader | None
    #: Where from; not shown, for it may hold a signature.
    image_url: str | None = field(repr=False)
    #: The id under which the object store has it.
    upload: uuid.UUID | None
    options: CutoutOptions
    #: Without what a preset said.
    options_as_sent: CutoutOptions
    tags: Tags
    task_type: TaskType
    #: Who is told of the job's end; None: nobody.
    callback_url: str | None = None
    #: The span of the client's that asked, if it said so.
    traceparent: str | None = None

    @property
    def photo(self) -> bytes:
        """What tells its photo from others. No photo is a URL or an id, so none is taken for one."""
        return self.image or (self.image_url or str(self.upload)).encode()


def read_cutout_request(received: Request, rules: Rules = _HOSTED) -> CutoutRequest:
    """Read and check the body, and the options in the URL.

    Args:
        received: The request.
        rules: What may be sent.

    Raises:
        Refused: One of the 4xx rows of the contract, section 5.
        RequestEntityTooLarge: The body, a text field or the number of parts is over its limit.
        RequestTimeout: The body did not arrive in time.
    """
    in_url = list(read_url_options(received, rules.names))
    with _parts(received, rules) as parts:
        files, in_form = _sort(parts, rules.names)
        sent = in_form + in_url
        fields = read_fields(sent, rules)
        photos = [file.read(MAX_IMAGE_BYTES + 1) for file in files]
        texts = [option.text for option in sent if option.name == IMAGE]
    refuse_two_photos(fields, has_bytes=any((*photos, *texts)))
    nothing = f"{_misnamed(parts, rules.names)}{_NO_IMAGE}{_or_named(rules)}."
    image = b"" if fields.is_elsewhere else _image(photos, texts, nothing)
    return CutoutRequest(
        image=image,
        header=read_header(image) if image else None,
        image_url=fields.image_url,
        upload=fields.upload,
        options=fields.options,
        options_as_sent=fields.options_as_sent,
        tags=fields.tags,
        task_type=fields.task_type,
        callback_url=fields.callback_url,
        traceparent=read_traceparent(received),
    )


def refuse_two_photos(fields: Fields, *, has_bytes: bool) -> None:
    """Let pass what has one photo at most.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    if has_bytes + (fields.image_url is not None) + (fields.upload is not None) > 1:
        raise invalid(f"Send one of `{IMAGE}`, `{IMAGE_URL}` and `{UPLOAD}`, not several.")


def read_url_options(received: Request, names: Names) -> Iterator[Option]:
    """Read the options that stand in the URL."""
    for spelling, text in received.args.items(multi=True):
        found = names.find(spelling)
        if found is not None:
            name, word = found
            yield Option(name, f"?{word}", text.strip())


@contextmanager
def _parts(received: Request, rules: Rules) -> Iterator[list[Part]]:
    """Parse here instead of by `received.files`, which hides a form that is cut off behind an empty one."""
    _refuse_other_types(received, rules)
    if _is_too_large(received) and _waits_with_body(received):
        raise RequestEntityTooLarge
    with ExitStack() as files_on_disk:

        def new_file() -> IO[bytes]:
            return files_on_disk.enter_context(SpooledTemporaryFile(_IN_MEMORY_BYTES))

        boundary = received.mimetype_params.get("boundary", "")
        try:
            with upload_deadline():
                parts = list(read_parts(_stream(received), boundary, new_file))
        except TextTooLong as error:
            found = rules.names.find(error.name)
            if found is None or found[0] != IMAGE:
                raise RequestEntityTooLarge from None
            raise Refused(ErrorCode.MISSING_PARAMETERS, _AS_TEXT) from None
        except ParseException:
            raise Refused(
                ErrorCode.ERROR_PARAMETERS, "The body is cut off, or its chunks cannot be read."
            ) from None
        except Refused:
            if _is_too_large(received):
                raise RequestEntityTooLarge from None
            raise
        if _is_too_large(received):
            raise RequestEntityTooLarge
        yield parts


def _refuse_other_types(received: Request, rules: Rules) -> None:
    mimetype = received.mimetype
    if mimetype != _MULTIPART:
        wrong = "" if mimetype else "The request has no `Content-Type`. "
        for start, text in _WRONG_TYPES.items():
            wrong = text if mimetype.startswith(start) else wrong
        raise Refused(ErrorCode.ERROR_PARAMETERS, f"{wrong}{_SEND_A_FORM}{_or_named(rules)}.")
    refuse_packed(received)


def _is_too_large(received: Request) -> bool:
    return (received.content_length or 0) > MAX_BODY_BYTES


def _waits_with_body(received: Request) -> bool:
    return received.headers.get("Expect", "").lower() == "100-continue"


def _stream(received: Request) -> LimitedStream:
    """Bound the body; of one that is too large, read enough to see whether it is a photo sent as text."""
    limit = 2 * MAX_TEXT_BYTES if _is_too_large(received) else MAX_BODY_BYTES
    return LimitedStream(get_input_stream(received.environ), limit, is_max=True)


def _sort(parts: Iterable[Part], names: Names) -> tuple[list[IO[bytes]], list[Option]]:
    """Tell the files `image` from the texts, whatever each was sent as, and leave out what is unknown."""
    files, options = [], []
    for part in parts:
        found = names.find(part.name)
        if found is None:
            continue
        name, word = found
        if part.transfer_encoding not in _UNCHANGED:
            raise Refused(
                ErrorCode.ERROR_PARAMETERS,
                f"Send `{name}` as it is, without `Content-Transfer-Encoding`.",
            )
        if name == IMAGE and part.is_file:
            files.append(part.content)
        else:
            text = part.content.read(MAX_TEXT_BYTES).decode("utf-8", "replace").strip()
            options.append(Option(name, word, text))
    return files, options


def _misnamed(parts: Iterable[Part], names: Names) -> str:
    """Tell of a file that came under a name that is not known: it may be the photo."""
    unknown = (part.name for part in parts if part.is_file and names.find(part.name) is None)
    name = next(unknown, "")[:_SHOWN_NAME]
    return f"A file came as `{name}`. " if name.isprintable() and name else ""


def _or_named(rules: Rules) -> str:
    return "".join(f", or `{name}`" for name in rules.ways_to_name_a_photo)


def _image(sent: Sequence[bytes], texts: Iterable[str], nothing: str) -> bytes:
    """Find the one image; empty files and texts beside it are inputs of a form that nobody filled in."""
    images, has_text = [image for image in sent if image], any(texts)
    if len(images) + has_text > 1:
        raise invalid("Send one `image` a request, not several.")
    if has_text:
        raise Refused(ErrorCode.MISSING_PARAMETERS, _AS_TEXT)
    if not images:
        raise Refused(
            ErrorCode.MISSING_PARAMETERS, "The file `image` is empty." if sent else nothing
        )
    image = check_length(images[0])
    if image.lstrip().startswith(_BASE64):
        raise Refused(
            ErrorCode.UNSUPPORTED_FILE_TYPES,
            "The file holds the photo as base64 text. Send the photo's bytes.",
        )
    return image

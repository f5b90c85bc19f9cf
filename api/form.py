"""Multipart forms: from the body of a POST to a typed request that is worth storing (contract, section 1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from tempfile import SpooledTemporaryFile
from typing import IO, TypeVar

from flask import Request
from gunicorn.http.errors import ParseException
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.formparser import FormDataParser

from api.upload_deadline import upload_deadline
from shared.contract import MAX_IMAGE_BYTES, Category, OutMode, ReturnForm, TaskType
from shared.errors import ErrorCode, Refused
from shared.image_header import ImageHeader, read_header
from shared.job import CutoutOptions

#: More than an image may have, so that one which is too large is told so by name.
MAX_BODY_BYTES = 6 * 1024 * 1024
#: The contract knows five; real clients add some of their own.
MAX_PARTS = 32
#: werkzeug reads in pieces of 64 KB, and counts them too.
MAX_TEXT_BYTES = 256 * 1024

#: Larger uploads wait on disk, so that slow clients cannot fill the memory.
_IN_MEMORY_BYTES = 512 * 1024
_MULTIPART = "multipart/form-data"
_AS_IT_IS = "identity"

_Word = TypeVar("_Word", bound=StrEnum)
_Fields = MultiDict[str, str]
_Files = MultiDict[str, FileStorage]


@dataclass(frozen=True, kw_only=True)
class CutoutRequest:
    """What a client sent, as far as it could be checked without decoding the image."""

    image: bytes
    header: ImageHeader
    options: CutoutOptions
    task_type: TaskType


def read_cutout_request(received: Request) -> CutoutRequest:
    """Read and check the body.

    Raises:
        Refused: One of the 4xx rows of the contract, section 5.
        RequestEntityTooLarge: The body, a text field or the number of parts is over its limit.
        RequestTimeout: The body did not arrive in time.
    """
    with _parsed(received) as (fields, files):
        options = _options(fields)
        task_type = _word(fields, "task_type", TaskType)
        image = _image(fields, files)
    return CutoutRequest(
        image=image, header=read_header(image), options=options, task_type=task_type
    )


@contextmanager
def _parsed(received: Request) -> Iterator[tuple[_Fields, _Files]]:
    """Parse here instead of by `received.files`, which hides a form that is cut off behind an empty one."""
    if received.mimetype != _MULTIPART:
        raise Refused(
            ErrorCode.ERROR_PARAMETERS, f"Send a form of type `{_MULTIPART}` with a file `image`."
        )
    if received.headers.get("Content-Encoding", _AS_IT_IS).lower() != _AS_IT_IS:
        # Nothing is unpacked here: how large it becomes would be the client's to say.
        raise Refused(
            ErrorCode.ERROR_PARAMETERS, "Send the form as it is, without `Content-Encoding`."
        )
    with ExitStack() as files_on_disk:

        def new_file(*_: object, **__: object) -> IO[bytes]:
            return files_on_disk.enter_context(SpooledTemporaryFile(_IN_MEMORY_BYTES))

        parser = FormDataParser(
            stream_factory=new_file,
            max_form_memory_size=MAX_TEXT_BYTES,
            max_form_parts=MAX_PARTS,
            silent=False,
        )
        try:
            with upload_deadline():
                _, fields, files = parser.parse(
                    received.stream, _MULTIPART, received.content_length, received.mimetype_params
                )
        except (ValueError, ParseException):
            raise Refused(
                ErrorCode.ERROR_PARAMETERS, "The multipart form cannot be read, or is cut off."
            ) from None
        yield fields, files


def _image(fields: _Fields, files: _Files) -> bytes:
    sent = files.getlist("image")
    if len(sent) > 1:
        raise Refused(ErrorCode.ERROR_INVALID_PARAMETER, "Send one `image` a request, not several.")
    if not sent:
        hint = " It was sent as a text field." if "image" in fields else ""
        raise Refused(ErrorCode.MISSING_PARAMETERS, f"Send the photo as a file `image`.{hint}")
    image = sent[0].stream.read(MAX_IMAGE_BYTES + 1)
    if not image:
        raise Refused(ErrorCode.MISSING_PARAMETERS, "The file `image` is empty.")
    if len(image) > MAX_IMAGE_BYTES:
        raise Refused(
            ErrorCode.FILE_SIZE_EXCEEDS_LIMIT,
            f"The image may have at most {MAX_IMAGE_BYTES} bytes (5 MB).",
        )
    return image


def _options(fields: _Fields) -> CutoutOptions:
    out_mode = _text(fields, "out_mode") or "0"
    if out_mode not in {str(int(mode)) for mode in OutMode}:
        raise _invalid("out_mode", [str(int(mode)) for mode in OutMode])
    return CutoutOptions(
        cloth_class=_cloth_class(fields),
        return_form=_word(fields, "return_form", ReturnForm),
        out_mode=OutMode(int(out_mode)),
    )


def _cloth_class(fields: _Fields) -> tuple[Category, ...]:
    """Fold the words of all fields of that name: form libraries send a list as repeated fields."""
    text = ",".join(fields.getlist("cloth_class"))
    if not text.strip():
        return ()
    try:
        return tuple(dict.fromkeys(Category(word.strip()) for word in text.split(",")))
    except ValueError:
        raise _invalid("cloth_class", list(Category), "a comma-separated list of ") from None


def _word(fields: _Fields, name: str, words: type[_Word]) -> _Word:
    try:
        return words(_text(fields, name))
    except ValueError:
        raise _invalid(name, [word for word in words if word]) from None


def _text(fields: _Fields, name: str) -> str:
    values = fields.getlist(name)
    if len(values) > 1:
        raise Refused(ErrorCode.ERROR_INVALID_PARAMETER, f"Send `{name}` once, not several times.")
    return values[0] if values else ""


def _invalid(name: str, words: list[str], kind: str = "one of ") -> Refused:
    known = ", ".join(words)
    return Refused(
        ErrorCode.ERROR_INVALID_PARAMETER, f"`{name}` must be {kind}{known}, or be left out."
    )

"""The forms that are uploaded: that of the hosted API, and that of `/v1/jobs`, which knows more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.intake.tags import Metadata, Reference
from api.openapi.types import schema_of
from shared.outgoing.destination import MAX_URL_CHARACTERS
from shared.wire import rendition
from shared.wire.contract import (
    MAX_IMAGE_BYTES,
    MAX_SIDE_EXCLUSIVE,
    MIN_SIDE_EXCLUSIVE,
    Category,
    OutMode,
    ReturnForm,
    TaskType,
)

Described = dict[str, Any]

_FILE_TYPES = "image/jpeg, image/png, image/bmp"
_WORD = "|".join(Category)

UPLOAD: Described = {
    "type": "object",
    "required": ["image"],
    "properties": {
        "image": {
            "description": f"One JPEG, PNG or BMP file by its bytes, at most {MAX_IMAGE_BYTES} bytes, each side "
            f"longer than {MIN_SIDE_EXCLUSIVE} and shorter than {MAX_SIDE_EXCLUSIVE} pixels.",
            "type": "string",
            "format": "binary",
        },
        "cloth_class": {
            "type": "string",
            "description": f"Which categories get a URL of their own, comma-separated: {', '.join(Category)}. "
            f"`{Category.SKIRT}` includes dresses.",
            "pattern": rf"^\s*$|^\s*({_WORD})\s*(,\s*({_WORD})\s*)*$",
            "examples": [f"{Category.TOPS},{Category.COAT}"],
        },
        "return_form": {
            "enum": list(ReturnForm),
            "description": "Empty: RGBA PNG, transparent around the clothing; `mask`: single-channel PNG; "
            "`whiteBK`: the clothing on pure white.",
        },
        "out_mode": {
            "enum": ["", *(str(int(mode)) for mode in OutMode)],
            "description": "0 (default): `image_url` shows all clothing of the main subject; 1: only the union "
            "of `cloth_class`.",
        },
        "task_type": {
            "enum": list(TaskType),
            "description": "How long a POST to the hosted API's path waits for the job: empty a moment, `sync` "
            "long, `async` not at all. `/v1/jobs` takes it, and goes by `Prefer`.",
        },
    },
}


def _word(pattern: str, description: str, *examples: str) -> Described:
    """Describe a word; empty means left out. All examples together must be a request."""
    return {
        "type": "string",
        "pattern": f"^({pattern})?$",
        "description": description,
        "examples": list(examples),
    }


_OUTPUT = "|".join(rendition.OUTPUTS)
_SIDE = "(5[0-9]|[6-9][0-9]|[1-9][0-9]{2}|[12][0-9]{3}|3000)"


def _needs(name: str, **others: Described) -> Described:
    """Require words of other options where this one is sent."""
    return {
        "if": {"required": [name]},
        "then": {"required": list(others), "properties": others},
    }


_RENDITION: Described = {
    "outputs": _word(
        f"({_OUTPUT})( *, *({_OUTPUT}))*",
        "Which pictures, comma-separated, in one job. Left out: what `return_form` says.",
        "cutout,mask",
    ),
    "format": {
        "enum": ["", *rendition.Format],
        "description": "Of every picture; `png` if left out. A JPEG has no transparency: its ground is white, or "
        "`background`.",
    },
    "quality": _word(
        "[1-9][0-9]?|100",
        f"Of lossy formats; {rendition.DEFAULT_QUALITY} if left out. PNGs, and masks as WebP, are without loss.",
        "80",
    ),
    "background": _word(
        f"#?([0-9A-Fa-f]{{3}}|[0-9A-Fa-f]{{6}})|{rendition.TRANSPARENT}",
        "What the cut-out is put before: a colour in hexadecimal.",
        "f4f4f4",
    ),
    "shadow": {
        "enum": ["", *rendition.Shadow],
        "description": "What lies behind the cut-out; `none` if left out. The outputs `mask` and `white` have none.",
    },
    "crop": _word("true|false|1|0|yes|no", "Whether to crop to the clothing."),
    "margin": _word(
        "([0-9]{1,2}|[1-9][0-9]{2}|1000)( *px)?|([0-4]?[0-9](\\.[0-9]{1,3})?|50)%",
        "With `crop`: pixels, or per cent of the clothing's longer side. None on sides where the photo cuts the "
        "clothing: `5%`, `40`.",
    ),
    "canvas": _word(
        f"{_SIDE}x{_SIDE}",
        f"Width and height of the pictures, {rendition.MIN_CANVAS} to {rendition.MAX_CANVAS} pixels each; the clothing "
        "is scaled and put in the middle, or against the sides where the photo cuts it.",
        "1600x1600",
    ),
    "fill": _word(
        "0\\.[1-9][0-9]?|1|[1-9][0-9]%|100%",
        "With `canvas`: the share of its width or height, whichever is reached first, that the clothing takes; "
        f"{rendition.DEFAULT_FILL} if left out.",
        "0.85",
        "85%",
    ),
}
#: Words that contradict each other, or mean nothing without another.
_TOGETHER: list[Described] = [
    {"not": {"required": ["crop", "canvas"]}},
    {"not": {"required": ["margin", "canvas"]}},
    {"not": {"required": ["outputs", "return_form"]}},
    {
        "if": {
            "required": ["shadow"],
            "properties": {"shadow": {"const": rendition.Shadow.SOFT}},
        },
        # It needs the cut-out, and presets and other forms may have none.
        "then": {
            "not": {"required": ["return_form"]},
            "properties": {"outputs": {"pattern": "^$|cutout"}},
            "anyOf": [
                {"not": {"required": ["preset"]}},
                {"required": ["outputs"], "properties": {"outputs": {"minLength": 1}}},
            ],
        },
    },
    _needs("margin", crop={"enum": ["true", "1", "yes"]}),
    _needs("fill", canvas={"minLength": 1}),
    {
        "if": {
            "required": ["background"],
            "properties": {"background": {"const": rendition.TRANSPARENT}},
        },
        "then": {
            "properties": {"format": {"not": {"const": rendition.Format.JPEG}}},
            # A preset may say JPEG.
            "anyOf": [
                {"not": {"required": ["preset"]}},
                {"required": ["format"], "properties": {"format": {"minLength": 1}}},
            ],
        },
    },
]


CALLBACK: Described = {
    "type": "string",
    "maxLength": MAX_URL_CHARACTERS,
    "pattern": r"^(https://([a-z0-9]{1,20}\.){1,5}[a-z]{2,9}(/[A-Za-z0-9._~?&=%-]*)*)?$",
    "description": "Where the job's end is told by a signed POST (Standard Webhooks), again and again until it is "
    "answered with 2xx. `http` and other names that resolve to a public address work, too. Refused where no webhooks "
    "are sent.",
    "examples": ["https://shop.example/cutwork"],
}
_TAGS: Described = {"reference": schema_of(Reference), "metadata": schema_of(Metadata)}


def job_upload(presets: Sequence[str]) -> Described:
    """Describe the form of `/v1/jobs`.

    Args:
        presets: Their names; each is a canvas, so that `crop` does not go with it.
    """
    preset: Described = {
        "enum": ["", *presets],
        "description": "A set of the options above under one name; options that are sent beside it win.",
    }
    return {
        "type": "object",
        "oneOf": [{"required": [name]} for name in ("image", "image_url", "upload")],
        "properties": {
            **UPLOAD["properties"],
            "image_url": _IMAGE_URL,
            "upload": _UPLOADED,
            **_RENDITION,
            "preset": preset,
            **_TAGS,
            "callback_url": CALLBACK,
        },
        "allOf": [
            *_TOGETHER,
            *({"not": {"required": ["preset", name]}} for name in ("crop", "return_form")),
        ],
    }


_IMAGE_URL: Described = {
    "type": "string",
    "format": "uri",
    "pattern": "^https?://",
    "maxLength": MAX_URL_CHARACTERS,
    "description": "Instead of `image`, where the operator has switched it on: the URL of the photo, which a worker "
    "fetches. What it leads to is checked as an upload is, and a failure is the job's. Not taken from the request's "
    "own URL.",
}


_UPLOADED: Described = {
    "type": "string",
    "format": "uuid",
    "description": "Instead of `image`, where the operator has switched it on: what `POST /v1/uploads` called it.",
}


def _body(schema: str) -> Described:
    return {
        "required": True,
        "description": _BODY,
        "content": {
            "multipart/form-data": {
                "schema": {"$ref": f"#/components/schemas/{schema}"},
                "encoding": {"image": {"contentType": _FILE_TYPES}},
            }
        },
    }


_BODY = (
    "The photo is a file: a part with a file name or a `Content-Type` of its own; base64 and URLs are not read. "
    "Options are plain fields. Other spellings (`clothClass`, `cloth_class[]`, `cloth_class[0]`), parts with a "
    "file name and parameters of the URL count as well; two different values of one option are refused."
)
REQUEST_BODY, JOB_REQUEST_BODY = _body("Upload"), _body("JobUpload")

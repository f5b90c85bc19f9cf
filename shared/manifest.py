"""What a network expects and gives: its manifest `model.toml`.

    [input]   which tensor, how large, how colours become numbers
    [output]  which tensor, and what its planes mean

The code knows no network by name; `worker.network.session` holds the file to what its manifest says. The manifests in
`worker/models` come with Cutwork, most of them without the weights: those are somebody else's, and `cutwork-admin
models pull` puts them into `CUTWORK_MODELS_DIR`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError, model_validator

from shared.errors import Misconfigured
from shared.wire.contract import Category

FILE_NAME = "model.toml"
#: Words for labels that are no category but mean something to `worker.imaging.segmentation`.
BACKGROUND = "background"
#: Skin, hair and faces.
PERSON = "person"
#: Belts, scarves, jewellery.
ACCESSORY = "accessory"
#: Clothing whose category another label knows: sleeves, collars, pockets.
GARMENT = "garment"

#: A `sha256` that nobody could be asked for.
UNKNOWN = "unknown"
DIGEST = re.compile(r"[0-9a-f]{64}")

BUNDLED = Path(__file__).parents[1] / "worker" / "models"

Count = Annotated[StrictInt, Field(ge=1)]
#: One number a colour channel.
Channels = tuple[float, float, float]


class ChannelOrder(StrEnum):
    """The order of the input's three planes."""

    RGB = "rgb"
    BGR = "bgr"


class OutputKind(StrEnum):
    """What the planes of the output are."""

    #: One plane of logits a label, or of their log-softmax.
    CLASSES = "classes"
    #: One plane: the opacity of the clothing, 0 to 1; such a network knows no categories.
    ALPHA = "alpha"


class Table(BaseModel):
    """A table of the file, whose keys are all known and of their types."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class InputSpec(Table):
    """The network's input: float32 (N, 3, H, W), x * scale + offset with x in 0..255."""

    #: Empty: the first input.
    tensor: str = ""
    #: Pixels of the photo's long side in the frame.
    long_side: Count
    #: The same at a second look; without it that is no nearer than the first.
    near_long_side: Count | None = None
    #: The frame's sides are multiples of this; of fixed square networks it is the long side itself.
    stride: Count
    channels: ChannelOrder
    #: Per channel, in the order of `channels`.
    scale: Channels
    #: Per channel, in the order of `channels`.
    offset: Channels


class OutputSpec(Table):
    """The network's output: float32 (N, planes, H / stride, W / stride)."""

    #: Empty: the first output.
    tensor: str = ""
    stride: Count
    kind: OutputKind
    #: Index → a `Category`'s word, or one that is no clothing. Several may share one category.
    labels: tuple[str, ...] = ()

    @property
    def planes(self) -> int:
        """How many planes the output has."""
        return len(self.labels) if self.kind is OutputKind.CLASSES else 1

    @property
    def labels_of(self) -> Mapping[Category, tuple[int, ...]]:
        """Category → the labels it is made of, for those that the network knows."""
        words = set(self.labels)
        return {
            category: tuple(i for i, word in enumerate(self.labels) if word == category)
            for category in Category
            if category in words
        }

    @model_validator(mode="after")
    def _check_labels(self) -> Self:
        if self.kind is OutputKind.CLASSES and not self.labels_of:
            raise ValueError(f"labels must be words of which some are among {', '.join(Category)}")
        return self


class Manifest(Table):
    """One network, as its `model.toml` describes it."""

    #: Where the network lies; not in the file.
    folder: Path
    name: str
    description: str
    #: SPDX identifier of the weights' licence.
    licence: str
    #: What it does not tell about using them.
    licence_note: str = ""
    #: The page of the weights, if they are not beside the manifest.
    source: str = ""
    #: Where they are pulled from; empty: from nowhere in particular.
    url: str = ""
    file: str
    sha256: Annotated[str, Field(pattern=rf"^({DIGEST.pattern}|{UNKNOWN})$")]
    size_bytes: Annotated[Count | None, Field(alias="bytes")] = None
    input: InputSpec
    output: OutputSpec

    @property
    def onnx_file(self) -> Path:
        """Where the network lies."""
        return self.folder / self.file

    @property
    def digest_file(self) -> Path:
        """Where the SHA-256 lies that somebody vouched for, as `sha256sum` writes it."""
        return self.folder / f"{self.file}.sha256"

    def find_sha256(self) -> str | None:
        """Find what the file's SHA-256 must be: the manifest's, or else the one that was given when it was pulled.

        Raises:
            Misconfigured: What was noted cannot be read.
        """
        if self.sha256 != UNKNOWN:
            return self.sha256
        try:
            noted = self.digest_file.read_text(encoding="ascii")[:64]
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(f"{self.digest_file} cannot be read: {error}") from None
        if not DIGEST.fullmatch(noted):
            raise Misconfigured(f"{self.digest_file} holds no SHA-256")
        return noted

    @model_validator(mode="after")
    def _check_strides(self) -> Self:
        for key in ("stride", "long_side", "near_long_side"):
            if (getattr(self.input, key) or 0) % self.output.stride:
                raise ValueError(f"input.{key} must be a multiple of output.stride")
        if self.input.near_long_side and self.input.stride >= self.input.long_side:
            raise ValueError("input.near_long_side: the network takes one size and no other")
        return self


def load_manifest(name_or_path: str, models_dir: Path) -> Manifest:
    """Read the manifest of a known network, or of a folder (or a `model.toml`) elsewhere.

    Args:
        name_or_path: A word of `known_names`, or a path.
        models_dir: Where the weights are that known networks come without.

    Raises:
        Misconfigured: There is none, or it says something unusable; the message names file and key.
    """
    path = _find(name_or_path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        manifest = Manifest(folder=path.parent, **table)
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{path} is not TOML: {error}") from None
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise Misconfigured(f"{path}: {'; '.join(problems)}") from None
    if manifest.source and path.parent.parent == BUNDLED:
        return manifest.model_copy(update={"folder": models_dir / path.parent.name})
    return manifest


def known_names() -> list[str]:
    """List the networks whose manifests come with Cutwork."""
    return sorted(path.parent.name for path in BUNDLED.glob(f"*/{FILE_NAME}"))


def _find(name_or_path: str) -> Path:
    bundled = BUNDLED / name_or_path / FILE_NAME
    for path in (bundled, Path(name_or_path) / FILE_NAME, Path(name_or_path)):
        if path.is_file():
            return path
    known = ", ".join(known_names())
    raise Misconfigured(f"There is no model {name_or_path!r}. Known: {known}.")

"""The decoder of JPEGs, and what its words mean."""

from __future__ import annotations

import re

import numpy as np
import simplejpeg

from worker.imaging.photo import Pixels

_RARE_SAMPLING = "Could not determine subsampling"
_NO_MEMORY = re.compile(r"[Ii]nsufficient memory|[Mm]emory allocation")


class RareSampling(Exception):
    """Raised for luma and chroma by factors that are legal and that TurboJPEG does not know."""


def decode_with(stream: bytes, colours: str, *, strict: bool = True) -> Pixels:
    """Decode; all that is wrong is told in libjpeg's words.

    Args:
        stream: The file.
        colours: What `simplejpeg` calls them.
        strict: Whether a warning of libjpeg's is an error.

    Raises:
        ValueError: It cannot be decoded.
        MemoryError: There is too little memory, which says nothing of the file.
        RareSampling: It knows no such chroma sampling.
    """
    try:
        return np.asarray(simplejpeg.decode_jpeg(stream, colours, strict=strict), np.uint8)
    except ValueError as error:
        words = str(error)
        if _RARE_SAMPLING in words:
            raise RareSampling from error
        if _NO_MEMORY.search(words):
            raise MemoryError(words) from error
        raise

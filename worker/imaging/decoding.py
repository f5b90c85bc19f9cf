"""From the bytes of an upload to a `Photo`: whole, upright and sRGB, or refused."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np

from shared.errors import ErrorCode, Refused
from shared.image_files.header import ImageFormat, ImageHeader, read_header
from worker.imaging.bmp_decoding import decode_bmp
from worker.imaging.colour import to_srgb
from worker.imaging.jpeg_decoding import decode_jpeg, read_profile
from worker.imaging.photo import Photo, Pixels
from worker.imaging.png_decoding import decode_png

_DAMAGED = "The image cannot be decoded; the file is damaged or cut off."
#: What the decoders are known to raise on damaged files.
_DECODER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


def decode(data: bytes, header: ImageHeader | None = None) -> Photo:
    """Decode an upload and stand it upright.

    Args:
        data: The file.
        header: Of it, if it was read before.

    Raises:
        Refused: What `read_header` refuses, and FILE_DECODING_FAILURE for pixels that cannot be read
            or are not all there.
    """
    header = header or read_header(data)
    try:
        rgb, alpha = _decode(data, header)
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        raise Refused(ErrorCode.FILE_DECODING_FAILURE, _DAMAGED) from error
    except _DECODER_ERRORS as error:
        raise Refused(ErrorCode.FILE_DECODING_FAILURE, _DAMAGED) from error
    if rgb.shape != (header.height, header.width, 3):
        raise Refused(ErrorCode.FILE_DECODING_FAILURE, _DAMAGED)
    return Photo(
        rgb=_stand_upright(rgb, header.orientation),
        alpha=None if alpha is None else _stand_upright(alpha, header.orientation),
    )


def _decode(data: bytes, header: ImageHeader) -> tuple[Pixels, Pixels | None]:
    if header.format is ImageFormat.JPEG:
        return to_srgb(decode_jpeg(data, header.channels), read_profile(data)), None
    if header.format is ImageFormat.PNG:
        png = decode_png(data)
        return to_srgb(png.colours, png.profile), png.alpha
    bmp = decode_bmp(data)
    return to_srgb(bmp.colours, bmp.profile), bmp.alpha


def _stand_upright(pixels: Pixels, orientation: int) -> Pixels:
    """Undo an EXIF orientation, 1 to 8."""
    transposed = cv2.transpose(pixels) if orientation >= 5 else pixels  # noqa: PLR2004
    flip = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    upright = transposed if flip is None else cv2.flip(transposed, flip)
    return np.ascontiguousarray(upright, dtype=np.uint8)

"""From the bytes of an upload to a `Photo`: whole, upright and sRGB, or refused.

OpenCV decodes the plain JPEG that nearly every upload is; `unusual_decoding` has the rest.
"""

from __future__ import annotations

import cv2
import numpy as np

from shared import jpeg_segments
from shared.errors import ErrorCode, Refused
from shared.image_header import ImageFormat, ImageHeader, read_header
from worker.photo import Photo, Pixels
from worker.unusual_decoding import PILLOW_ERRORS, decode_with_pillow, has_other_colours

_DAMAGED = "The image cannot be decoded; the file is damaged or cut off."
_JPEG_FLAGS = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
_EOI = b"\xff\xd9"
_SOS = b"\xff\xda"
#: Of a photo there are about ten. A scan of 23 bytes can cost a pass over all pixels: 5 MB of them, 20 minutes.
_MAX_SCANS = 200


def decode(data: bytes) -> Photo:
    """Decode an upload and stand it upright.

    Raises:
        Refused: What `read_header` refuses, and FILE_DECODING_FAILURE for pixels that cannot be read
            or are not all there.
    """
    header = read_header(data)
    if header.format is ImageFormat.JPEG:
        _check_scans(data)
    try:
        if _is_plain_jpeg(data, header):
            rgb, alpha = _decode_jpeg(data), None
        else:
            rgb, alpha = decode_with_pillow(data, header)
    except (cv2.error, *PILLOW_ERRORS) as error:
        raise Refused(ErrorCode.FILE_DECODING_FAILURE, _DAMAGED) from error
    if rgb.shape != (header.height, header.width, 3):
        raise Refused(ErrorCode.FILE_DECODING_FAILURE, _DAMAGED)
    return Photo(
        rgb=_stand_upright(rgb, header.orientation),
        alpha=None if alpha is None else _stand_upright(alpha, header.orientation),
    )


def _check_scans(data: bytes) -> None:
    """Refuse a JPEG without an end after its first scan, and one with far too many scans.

    Both decoders fill a cut-off JPEG with grey and say nothing. Inside a scan every 0xFF is escaped, so the
    first end marker found is the real one; what trails it is no harm.
    """
    *_, scan = jpeg_segments.read_segments(data)
    if data.find(_EOI, scan.end) < 0:
        raise Refused(ErrorCode.FILE_DECODING_FAILURE, "The JPEG is cut off before its end.")
    # To the end of the file: an end marker may stand in a comment, where no decoder looks for it.
    if data.count(_SOS, scan.end) > _MAX_SCANS:
        raise Refused(ErrorCode.FILE_DECODING_FAILURE, "The JPEG has too many scans.")


def _is_plain_jpeg(data: bytes, header: ImageHeader) -> bool:
    return (
        header.format is ImageFormat.JPEG
        and header.channels in {1, 3}
        and header.bits == 8  # noqa: PLR2004
        and not (header.has_icc_profile and has_other_colours(data, header))
    )


def _decode_jpeg(data: bytes) -> Pixels:
    # libjpeg writes "Corrupt JPEG data" to stderr by itself; OpenCV has no switch for that.
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), _JPEG_FLAGS)
    if decoded is None:
        raise ValueError("not decoded")
    return np.asarray(decoded, dtype=np.uint8)


def _stand_upright(pixels: Pixels, orientation: int) -> Pixels:
    """Undo an EXIF orientation, 1 to 8."""
    transposed = cv2.transpose(pixels) if orientation >= 5 else pixels  # noqa: PLR2004
    flip = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    upright = transposed if flip is None else cv2.flip(transposed, flip)
    return np.ascontiguousarray(upright, dtype=np.uint8)

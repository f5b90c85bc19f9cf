"""What the object store's client raises, as our errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree.ElementTree import ParseError

from minio.error import InvalidResponseError, S3Error, ServerError
from urllib3.exceptions import HTTPError

from shared.errors import ObjectMissing, ObjectStoreUnavailable

CURE = "run `cutwork-admin setup`"
#: Codes of an object that is not there.
MISSING = frozenset({"NoSuchKey", "NoSuchObject", "ResourceNotFound"})
_NO_BUCKET = "NoSuchBucket"


@contextmanager
def translated(bucket: str = "") -> Iterator[None]:
    """Turn it into `ObjectStoreUnavailable`; a bucket that is missing is named, if it is given.

    Raises:
        ObjectStoreUnavailable: The store does not answer, or answers what no healthy store would.
    """
    try:
        yield
    except S3Error as error:
        if error.code == _NO_BUCKET and bucket:
            raise ObjectStoreUnavailable(f"no bucket {bucket}: {CURE}") from error
        raise ObjectStoreUnavailable(f"the object store answers {error.code}") from error
    except (InvalidResponseError, ServerError, ParseError, HTTPError, OSError) as error:
        raise ObjectStoreUnavailable("the object store does not answer") from error


@contextmanager
def of_one_object() -> Iterator[None]:
    """Do something with one object; it may be missing, and some stores say so even of what they should delete.

    Raises:
        ObjectMissing: The store says in so many words that it is. A 404 without them may be a proxy's.
        ObjectStoreUnavailable: As `translated`.
    """
    with translated():
        try:
            yield
        except S3Error as error:
            if error.code in MISSING:
                raise ObjectMissing("the object store does not have the object") from error
            raise

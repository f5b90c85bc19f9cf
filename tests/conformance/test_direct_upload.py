"""Forms that the object store itself takes a photo by, on the real one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from shared.errors import ObjectMissing
from shared.objects.store import ObjectStore
from shared.settings.settings import Settings


def upload_by(url: str, fields: Mapping[str, str], photo: bytes) -> int:
    files = {"file": ("photo.jpg", photo)}
    return httpx.post(url, data=dict(fields), files=files).status_code


def test_a_signed_form_takes_one_input_of_a_limited_size_and_nothing_else(
    settings: Settings,
) -> None:
    store, job_id = ObjectStore(settings), uuid.uuid4()
    url, fields = store.sign_upload(job_id, datetime.now(UTC) + timedelta(minutes=1), 1000)

    assert upload_by(url, fields, b"x" * 1001) == 400
    assert upload_by(url, fields, b"") == 400
    assert upload_by(url, {**fields, "key": str(uuid.uuid4())}, b"x") == 403
    assert upload_by(url, {"key": str(job_id)}, b"x") >= 400
    with pytest.raises(ObjectMissing):
        store.get_input(job_id)
    assert upload_by(url, fields, b"x" * 1000) == 204
    assert store.get_input(job_id) == b"x" * 1000


def test_a_signed_form_ends(settings: Settings) -> None:
    expires_at = datetime.now(UTC) - timedelta(seconds=1)
    url, fields = ObjectStore(settings).sign_upload(uuid.uuid4(), expires_at, 1000)

    assert upload_by(url, fields, b"x") == 403

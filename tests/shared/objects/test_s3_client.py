"""Keys of the object store."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from shared.errors import Misconfigured
from shared.objects.s3_client import S3Client
from shared.settings.settings import Settings

ENDPOINT = "http://127.0.0.1:9000"


@pytest.mark.parametrize(
    ("access_key", "secret_key"),
    [("", "secret"), ("cutwork", ""), ("", ""), ("ASIAIOSFODNN7EXAMPLE", "secret")],
)
def test_without_keys_that_last_it_is_said_why_a_role_will_not_do(
    access_key: str, secret_key: str
) -> None:
    settings = Settings(s3_access_key=access_key, s3_secret_key=SecretStr(secret_key))

    with pytest.raises(Misconfigured, match=r"CUTWORK_S3_SECRET_KEY must both be set.*IAM role"):
        S3Client(settings, ENDPOINT)


def test_keys_of_a_user_will_do() -> None:
    settings = Settings(s3_access_key="AKIAIOSFODNN7EXAMPLE", s3_secret_key=SecretStr("secret"))

    assert S3Client(settings, ENDPOINT)

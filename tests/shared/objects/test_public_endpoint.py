from __future__ import annotations

import pytest

from shared.objects.public_endpoint import HOST, endpoint_for
from shared.objects.store import ObjectStore
from shared.settings.settings import Settings


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("shop.example:8000", "shop.example"),
        ("192.168.1.5", "192.168.1.5"),
        ("[::1]:8000", "[::1]"),
        ("", "localhost"),
        ("a b", "localhost"),
        ("user@shop.example", "localhost"),
    ],
)
def test_results_are_on_the_host_by_which_a_client_came(host: str, name: str) -> None:
    assert endpoint_for(f"http://{HOST}:8001", host) == f"http://{name}:8001"


@pytest.mark.parametrize(
    "host",
    ["my.elb.us-east-1.amazonaws.com", "foo.amazonaws.com", "S3.amazonaws.com", "oss.aliyuncs.com"],
)
def test_a_host_that_the_client_of_s3_treats_as_its_makers_own_can_be_signed_for(host: str) -> None:
    settings = Settings(
        s3_public_endpoint=f"http://{HOST}:8001", s3_access_key="a", s3_secret_key="b"
    )

    store = ObjectStore(settings)

    assert store._signer(endpoint_for(store._public_endpoint, host))

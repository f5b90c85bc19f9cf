"""The vendor's own client, unmodified, against this service."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
import pytest
from ailabtools import AILabClient
from ailabtools.errors import AILabApiError

from tests.end_to_end.client import urls_of
from tests.end_to_end.installation import Installation

Answer = TypeVar("Answer")


def with_client(url: str, use: Callable[[Any], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        client = AILabClient(api_key="any", base_url=url)
        try:
            return await use(client)
        finally:
            await client.aclose()

    return asyncio.run(run())


def test_a_plain_call_answers_with_urls(installation: Installation, photo: bytes) -> None:
    installation.start_worker()

    answer = with_client(
        installation.url,
        lambda client: client.cutout.cutoutClothingBackgroundRemoval(
            {"image": photo, "clothClass": "tops,coat"}
        ),
    )

    urls = urls_of(answer)
    assert list(urls) == ["image", "tops", "coat"]
    assert httpx.get(urls["image"]).status_code == 200


def test_an_asynchronous_call_is_waited_for(installation: Installation, photo: bytes) -> None:
    installation.start_worker()

    async def submit_and_wait(client: Any) -> Any:
        submitted = await client.cutout.cutoutClothingBackgroundRemoval(
            {"image": io.BytesIO(photo), "task_type": "async", "returnForm": "mask"}
        )
        assert submitted["task_status"] in {0, 1}
        return await client.wait_for_task(submitted["task_id"], interval=0.2, timeout=60)

    answer = with_client(installation.url, submit_and_wait)

    assert httpx.get(urls_of(answer)["image"]).status_code == 200


def test_a_refused_photo_raises_the_vendors_error(installation: Installation) -> None:
    with pytest.raises(AILabApiError) as raised:
        with_client(
            installation.url,
            lambda client: client.cutout.cutoutClothingBackgroundRemoval({"image": b"no photo"}),
        )

    assert raised.value.detail.status_code == 415
    assert raised.value.detail.code == "UNSUPPORTED_FILE_TYPES"
    assert raised.value.request_id

"""Results are stored side by side, and all of them have ended before anybody goes on."""

from __future__ import annotations

import threading
from typing import cast

import pytest

from shared.errors import ObjectStoreUnavailable
from shared.job import Lease
from shared.objects.store import IMAGE, ObjectStore
from shared.wire.contract import Category, ReturnForm
from shared.wire.rendition import Format
from tests.fakes import InMemoryObjectStore
from tests.worker.conftest import Stores
from worker.imaging.cutout import Cutouts, Pictures
from worker.imaging.quality_report import QualityReport
from worker.jobs.results import store_results

CUTOUTS = Cutouts(
    by_form={
        ReturnForm.CUTOUT: Pictures(
            b"all", {Category.TOPS: b"tops", Category.HAT: None, Category.BAG: b"bag"}
        )
    },
    report=cast("QualityReport", None),
)


class SlowStore(InMemoryObjectStore):
    """Answers once all three have come."""

    def __init__(self) -> None:
        super().__init__()
        self._all_there = threading.Barrier(3, timeout=20)

    def put_result(
        self, lease: Lease, name: str, data: bytes, picture_format: Format = Format.PNG
    ) -> None:
        self._all_there.wait()
        super().put_result(lease, name, data, picture_format)


class HalfAway(InMemoryObjectStore):
    """Refuses the picture of all clothing, and answers the others after that."""

    def __init__(self) -> None:
        super().__init__()
        self._has_refused = threading.Event()

    def put_result(
        self, lease: Lease, name: str, data: bytes, picture_format: Format = Format.PNG
    ) -> None:
        if name == IMAGE:
            self._has_refused.set()
            raise ObjectStoreUnavailable("the object store does not answer")
        assert self._has_refused.wait(20)
        super().put_result(lease, name, data, picture_format)


def store_in(store: InMemoryObjectStore, stores: Stores) -> None:
    job = stores.accept(b"photo", Category.TOPS, Category.HAT, Category.BAG)
    store_results(cast("ObjectStore", store), job, CUTOUTS)


def names_in(store: InMemoryObjectStore) -> set[str]:
    return {name for _, _, name in store.results}


def test_they_are_sent_at_once(stores: Stores) -> None:
    store = SlowStore()

    store_in(store, stores)

    assert names_in(store) == {IMAGE, "tops", "bag"}


def test_where_one_is_refused_the_others_have_ended_before_that_is_told(stores: Stores) -> None:
    store = HalfAway()

    with pytest.raises(ObjectStoreUnavailable):
        store_in(store, stores)

    assert names_in(store) == {"tops", "bag"}

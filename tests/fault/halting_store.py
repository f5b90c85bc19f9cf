"""An object store that stands still at one exact point of an attempt, so that a test can kill the worker there."""

from __future__ import annotations

import time
import uuid
from enum import StrEnum
from pathlib import Path

from shared.job import Lease
from shared.objects.store import ObjectStore
from shared.settings.settings import Settings
from shared.wire.rendition import Format


class Point(StrEnum):
    """Between which two steps the attempt stands."""

    CLAIMED = "the claim was committed, and nothing is fetched"
    STORED = "a result is stored, and the row does not know"
    COMPLETED = "the row is complete, and upload and message are still there"


class HaltingStore(ObjectStore):
    """Leaves a mark in the gate's folder, and waits until the folder is gone."""

    def __init__(self, settings: Settings, gate: Path, point: Point) -> None:
        super().__init__(settings)
        self._gate = gate
        self._point = point

    def get_input(self, job_id: uuid.UUID) -> bytes:
        self._halt_at(Point.CLAIMED)
        return super().get_input(job_id)

    def put_result(
        self, lease: Lease, name: str, data: bytes, picture_format: Format = Format.PNG
    ) -> None:
        super().put_result(lease, name, data, picture_format)
        self._halt_at(Point.STORED)

    def delete_input(self, job_id: uuid.UUID) -> None:
        self._halt_at(Point.COMPLETED)
        super().delete_input(job_id)

    def _halt_at(self, point: Point) -> None:
        if point is self._point and self._gate.exists():
            (self._gate / uuid.uuid4().hex).touch()
            while self._gate.exists():
                time.sleep(0.01)

"""Large copies of small planes, a few rows at a time: whole ones of floats take eight times the bytes of an opacity."""

from __future__ import annotations

from typing import Generic, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value", np.float32, np.uint8)


class Enlarged(Generic[Value]):
    """Some columns of a small plane (h, w) scaled up to (height, width), interpolated when rows are asked for."""

    def __init__(self, plane: NDArray[Value], shape: tuple[int, ...], columns: slice) -> None:
        """Scale up along the columns only."""
        height, self._width = shape[:2]
        self._columns = columns
        self._tall: NDArray[Value] = np.asarray(
            cv2.resize(plane, (plane.shape[1], height)), plane.dtype
        )

    def __getitem__(self, rows: slice) -> NDArray[Value]:
        """Scale some rows up along themselves."""
        tall = self._tall[rows]
        return np.asarray(cv2.resize(tall, (self._width, len(tall))), tall.dtype)[:, self._columns]

"""How much is asked of an installation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from deploy.capacity.unit_costs import UnitCosts

DAY = 86_400.0
_MEGABYTE = 1e6


@dataclass(frozen=True)
class Demand:
    """Photos a day, and what they are like in the mean."""

    photos_per_day: float
    megapixels: float
    #: That a job delivers.
    pictures: float
    #: Of each picture, from outside.
    downloads: float
    #: Polls a job.
    polls: float
    #: The busiest hour against the mean of the day.
    peak: float
    megabytes_in: float
    megabytes_out: float

    @classmethod
    def of(
        cls,
        photos_per_day: float,
        costs: UnitCosts,
        *,
        megapixels: float | None = None,
        pictures: float | None = None,
        peak: float | None = None,
    ) -> Self:
        """Describe it; what is not said is what the unit costs take for usual."""
        photo = costs.photo
        size = photo.megapixels if megapixels is None else megapixels
        many = photo.pictures if pictures is None else pictures
        return cls(
            photos_per_day=photos_per_day,
            megapixels=size,
            pictures=many,
            downloads=photo.downloads,
            polls=photo.polls,
            peak=costs.fleet.peak if peak is None else peak,
            megabytes_in=size * photo.bytes_in_per_megapixel / _MEGABYTE,
            megabytes_out=size * many * photo.bytes_out_per_megapixel / _MEGABYTE,
        )

    @property
    def per_second(self) -> float:
        """Photos a second in the mean."""
        return self.photos_per_day / DAY

    @property
    def busiest(self) -> float:
        """Photos a second in the busiest hour."""
        return self.per_second * self.peak

    def divided(self, parts: int) -> Self:
        """Describe one of so many equal parts."""
        return replace(self, photos_per_day=self.photos_per_day / parts)

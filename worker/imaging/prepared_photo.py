"""A photo as it goes through the image path: with the pictures of it that several steps look at."""

from __future__ import annotations

from dataclasses import dataclass

from shared.manifest import Manifest
from worker.imaging.crop import Crop
from worker.imaging.downscaling import overview_of
from worker.imaging.letterbox import Letterbox, fit
from worker.imaging.photo import Photo, Pixels

#: Pixels, at least: what finding edges and their colours needs; a network may need more.
OVERVIEW_LONG_SIDE = 500


@dataclass(frozen=True, eq=False)
class PreparedPhoto:
    """A photo or a crop of one, ready for the network."""

    photo: Photo
    #: (H, W, 3), the photo on white.
    seen: Pixels
    #: A smaller copy of `seen`, or itself; nowhere smaller than what the network is fed.
    overview: Pixels
    #: How it lies in the network's frame.
    letterbox: Letterbox

    @classmethod
    def of(cls, photo: Photo, manifest: Manifest) -> PreparedPhoto:
        """Prepare a photo for a network."""
        seen = photo.on_white()
        letterbox = fit(seen.shape[0], seen.shape[1], manifest)
        fed = max(letterbox.content_height, letterbox.content_width)
        overview = overview_of(seen, max(OVERVIEW_LONG_SIDE, fed))
        return cls(photo, seen, overview, letterbox)

    def part(self, crop: Crop, manifest: Manifest) -> PreparedPhoto:
        """Prepare what lies in a crop as a photo of its own."""
        return self.of(self.photo.part(crop.window), manifest)

"""The words that the nemesis has for two answers that differ."""

from __future__ import annotations

from PIL import Image

from tests.fault.contrast import contrast
from tests.pictures import encoded


def grey(*levels: int) -> bytes:
    picture = Image.new("L", (len(levels), 1))
    picture.putdata(levels)
    return encoded(picture)


def test_answers_that_differ_are_told_apart_by_the_largest_step_and_the_number_of_samples() -> None:
    answers = [grey(10, 20, 30, 40), grey(10, 21, 30, 40), grey(10, 20, 30, 33)]

    assert contrast(answers) == "a sample differs by 7 at most, 2 of 4 samples differ"


def test_files_that_differ_around_the_same_picture_are_one_answer() -> None:
    loose, tight = (encoded(Image.new("L", (40, 40)), compress_level=level) for level in (0, 9))

    assert loose != tight
    assert not contrast([loose, tight])


def test_answers_of_different_shapes_are_called_so() -> None:
    assert contrast([grey(1), grey(1, 2)]) == "of different shapes: [(1, 1), (1, 2)]"

"""Each kind of file through the header check and the decoder: the right pixels, or the right refusal."""

from __future__ import annotations

import numpy as np
import pytest

from shared.errors import Refused
from tests.files import FILES
from tests.files.file import File
from tests.files.png import deep_key
from worker.imaging.decoding import decode

TAKEN = {name: file for name, file in FILES.items() if file.looks_like is not None}
REFUSED = {name: file for name, file in FILES.items() if file.looks_like is None}


@pytest.mark.parametrize("file", TAKEN.values(), ids=TAKEN.keys())
def test_what_people_really_have_is_decoded(file: File) -> None:
    assert file.looks_like is not None
    expected = np.asarray(file.looks_like().convert("RGB"), np.int16)

    photo = decode(file.make())

    assert photo.rgb.shape == expected.shape
    assert photo.alpha is None
    assert np.abs(photo.rgb - expected).mean() <= file.tolerance


@pytest.mark.parametrize("file", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_whole_or_not_one_picture_is_refused_for_what_it_is(file: File) -> None:
    with pytest.raises(Refused) as refused:
        decode(file.make())

    assert refused.value.code is file.code
    assert file.words in refused.value.message


def test_a_colour_key_of_16_bits_is_one_exact_colour() -> None:
    photo = decode(deep_key())

    assert photo.alpha is not None
    assert (photo.alpha[10:20] == 255).all()
    assert not photo.alpha[:10].any()
    assert not photo.alpha[20:].any()

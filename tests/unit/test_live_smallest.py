"""The smallest still of a broadcast: means made in the jail, read as untrusted, a picture when looked at."""

import io

import numpy as np
import pytest
from PIL import Image

from breakwater.live.watching import childwire
from breakwater.live.watching.childwire import Message
from breakwater.media.stills import render
from breakwater.media.wire import BadAnswer
from breakwater.model.media import Level
from breakwater.recognition.watch_task import smallest


@pytest.mark.parametrize(
    ("height", "width", "rows", "columns"),
    [(720, 1280, 18, 32), (1280, 720, 18, 10), (180, 320, 18, 32), (9, 9, 9, 9), (16, 4000, 1, 32)],
)
def test_it_is_as_large_as_its_level_allows_and_holds_means(
    height: int, width: int, rows: int, columns: int
) -> None:
    grey = np.repeat(np.linspace(0, 255, width).astype(np.uint8)[None], height, axis=0)
    small = smallest(grey)
    assert small.shape == (rows, columns)
    cells = [part.mean() for part in np.array_split(grey[0].astype(float), columns)]
    assert np.abs(small.astype(float) - np.array(cells)).max() <= 255 / columns / 2 + 1
    read = childwire.smallest(Message("frame", {"still": [rows, columns]}, b"x" + small.tobytes()))
    assert read is not None
    np.testing.assert_array_equal(read, small)


def test_a_frame_without_one_has_none() -> None:
    assert childwire.smallest(Message("frame", {"still": [0, 0]}, b"prints")) is None


@pytest.mark.parametrize(
    "said", [None, 3, [1], [19, 32], [18, 33], [-1, 3], [18, 32], ["1", 1], [1.0, 1]]
)
def test_one_that_is_larger_or_not_whole_is_refused(said: object) -> None:
    with pytest.raises(BadAnswer):
        childwire.smallest(Message("frame", {"still": said}, b"short"))


def test_it_becomes_a_picture_of_its_level() -> None:

    small = smallest(np.full((720, 1280), 90, np.uint8))
    with Image.open(io.BytesIO(render(small, Level.S1))) as picture:
        assert picture.format == "WEBP"
        assert picture.size == Level.S1.box
        assert abs(float(np.asarray(picture.convert("L")).mean()) - 90) <= 2

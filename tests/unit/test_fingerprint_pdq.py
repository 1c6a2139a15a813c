"""PDQ of pictures: what pdqhash computes, in all views, with what older tools would say."""

import io

import numpy as np
import pdqhash
import pytest
from PIL import Image
from tests.builders_media import bits_apart, blobs, encoded

from breakwater.fingerprint.pdq import VIEWS, of_picture
from breakwater.media import image
from breakwater.media.image import pictures
from breakwater.model.media import MediaLimits, MediaType
from breakwater.model.signal import View


def reference(pixels: np.ndarray) -> tuple[bytes, int]:
    """What existing tools compute: grey becomes three planes, then `pdqhash.compute`."""
    if pixels.ndim == 2:
        pixels = np.concatenate([pixels[..., np.newaxis]] * 3, axis=2)
    bits, quality = pdqhash.compute(np.ascontiguousarray(pixels))
    return np.packbits(bits).tobytes(), quality


def test_all_eight_views_are_there_and_the_first_is_the_picture() -> None:
    pixels = blobs(1)
    prints = of_picture(pixels)
    assert [one.view for one in prints] == list(VIEWS)
    assert (prints[0].signal.value, prints[0].quality) == reference(pixels)


def test_a_mirrored_upload_is_found_by_one_of_its_views() -> None:
    known = of_picture(blobs(1))[0].signal.value
    turned = {
        View.ROTATE90: np.rot90(blobs(1)), View.ROTATE180: np.rot90(blobs(1), 2),
        View.FLIPX: blobs(1)[::-1], View.FLIPY: blobs(1)[:, ::-1],
    }  # fmt: skip
    for name, pixels in turned.items():
        asked = of_picture(np.ascontiguousarray(pixels))
        nearest = min(bits_apart(one.signal.value, known) for one in asked)
        assert nearest <= 31, name
        assert bits_apart(asked[0].signal.value, known) > 31, name


@pytest.mark.parametrize(
    ("form", "mode"),
    [("PNG", "P"), ("PNG", "L"), ("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "LA"), ("GIF", "P"),
     ("JPEG", "CMYK"), ("JPEG", "L"), ("TIFF", "CMYK"), ("BMP", "P"), ("WEBP", "RGBA")],
)  # fmt: skip
def test_what_existing_tools_would_hash_is_among_the_stored_hashes(form: str, mode: str) -> None:
    image.prepare()
    whole = Image.fromarray(blobs(7)).convert(mode)
    if mode in {"RGBA", "LA"}:
        whole.putalpha(Image.fromarray(blobs(8)[:, :, 0]))
    data = encoded(whole, form)
    opened = Image.open(io.BytesIO(data))
    expected = reference(np.asarray(opened.convert("RGB") if opened.mode == "LA" else opened))
    (one,) = pictures(io.BytesIO(data), MediaType(f"image/{form.lower()}"), MediaLimits())
    prints = of_picture(one.frame.pixels, one.compatible)
    stored = [(p.signal.value, p.quality) for p in prints if p.view is View.ORIGINAL]
    assert expected in stored
    assert len(stored) == (2 if stored[0] != expected else 1)

"""Protects the hash that leaves a person's device: a browser's is the one that intake looks for.

The page's script runs in Chromium beside the decoder and the kernel, on the shared pictures and on
every form of one of them that a browser shows: each hash and quality must be the same, bit for bit.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from playwright.sync_api import Browser, Page

from breakwater import kernel
from breakwater.media import image
from breakwater.model.media import MediaLimits, MediaType
from tests.integration.browsing import chromium

ROOT = Path(__file__).parents[2]
SHARED = sorted((ROOT / "tests/data/images").rglob("*.jpg"))
SCRIPTS = ("js/pdq.js", "js/proof.js")
KINDS = {
    "jpg": MediaType.JPEG, "png": MediaType.PNG, "webp": MediaType.WEBP, "gif": MediaType.GIF,
    "bmp": MediaType.BMP, "avif": MediaType.AVIF,
}  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """An empty page with the scripts and nothing else."""
    made = browser.new_page()
    for name in SCRIPTS:
        made.evaluate((ROOT / "src/breakwater/web/static" / name).read_text())
    yield made
    made.close()


def ours(content: bytes, form: str) -> list[object]:
    """What intake takes from a file, as banks store it."""
    image.prepare()
    picture = next(image.pictures(io.BytesIO(content), KINDS[form], MediaLimits()))
    hashes, quality = kernel.pdq_dihedral(picture.frame.pixels)
    return [hashes[0].hex(), quality]


def theirs(page: Page, content: bytes) -> list[object]:
    """What the page makes of it."""
    return page.evaluate(
        """async (text) => {
          const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
          const found = await breakwater.picture(new Blob([bytes]));
          return [found.hash, found.quality];
        }""",
        base64.b64encode(content).decode(),
    )


def of(form: str, *, turn: int = 1, size: tuple[int, int] = (500, 333), **how: object) -> bytes:
    """The shared picture in another form."""
    with Image.open(SHARED[0]) as whole:
        small = whole.resize(size)
    mode = str(how.pop("mode", "RGB"))
    if mode == "RGBA":
        small = small.convert("RGBA")
        rise = np.linspace(0, 255, size[0]).astype(np.uint8)
        small.putalpha(Image.fromarray(np.tile(rise, (size[1], 1))))
    exif = Image.Exif()
    exif[0x0112] = turn
    if form == "jpg":
        how["exif"] = exif
    out = io.BytesIO()
    name = {"jpg": "JPEG"}.get(form, form.upper())
    small.convert(mode).save(out, name, **how)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("path", SHARED, ids=lambda path: path.name)
def test_the_shared_pictures_hash_alike(page, path) -> None:
    assert theirs(page, path.read_bytes()) == ours(path.read_bytes(), "jpg")


@pytest.mark.parametrize("turn", range(1, 9))
def test_turned_as_the_camera_says(page, turn) -> None:
    content = of("jpg", turn=turn)
    assert theirs(page, content) == ours(content, "jpg")


@pytest.mark.parametrize(
    ("form", "how"),
    [
        ("jpg", {"quality": 30, "subsampling": 0}),
        ("jpg", {"quality": 75, "subsampling": 1}),
        ("jpg", {"quality": 85, "subsampling": 2}),
        ("jpg", {"progressive": True}),
        ("jpg", {"mode": "L"}),
        ("jpg", {"mode": "CMYK"}),
        ("png", {}),
        ("png", {"mode": "L"}),
        ("png", {"mode": "P"}),
        ("png", {"mode": "RGBA"}),
        ("png", {"size": (64, 64)}),
        ("png", {"size": (5, 7)}),
        ("png", {"size": (4, 90)}),
        ("png", {"size": (130, 129)}),
        ("png", {"size": (63, 1000)}),
        ("webp", {"quality": 80}),
        ("webp", {"lossless": True, "mode": "RGBA"}),
        ("gif", {"mode": "P"}),
        ("bmp", {}),
        ("avif", {}),
    ],
    ids=str,
)
def test_every_form_a_browser_shows_hashes_alike(page, form, how) -> None:
    content = of(form, **how)
    assert theirs(page, content) == ours(content, form)


def swapped_profile() -> bytes:
    """A colour profile whose red is blue: whoever manages colours shows another picture."""
    plain = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(plain[128:132])
    tags = {bytes(plain[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    plain[red + 4 : red + 12], plain[blue + 4 : blue + 12] = (
        plain[blue + 4 : blue + 12], plain[red + 4 : red + 12],
    )  # fmt: skip
    return bytes(plain)


def test_a_colour_profile_changes_nothing(page) -> None:
    """Intake hashes the colours as they stand in the file; a browser shows others by default."""
    content = of("jpg", icc_profile=swapped_profile())
    assert theirs(page, content) == ours(content, "jpg")
    managed = page.evaluate(
        """async (text) => {
          const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
          const shown = await createImageBitmap(new Blob([bytes]));
          const canvas = new OffscreenCanvas(shown.width, shown.height);
          const pen = canvas.getContext("2d", { willReadFrequently: true });
          pen.drawImage(shown, 0, 0);
          const { data } = pen.getImageData(0, 0, shown.width, shown.height);
          return breakwater.pdq(data, shown.width, shown.height).hash;
        }""",
        base64.b64encode(content).decode(),
    )
    assert managed != ours(content, "jpg")[0], "the profile of this test does nothing"


def test_the_file_hash_is_sha256(page) -> None:
    """By the browser's own where it fits memory, by ours in slices above that."""
    content = bytes(range(256)) * 4099 + b"end"
    for most in (1 << 30, 1000):
        found = page.evaluate(
            """async ([text, most]) => {
              const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
              return breakwater.sha256(new Blob([bytes]), most);
            }""",
            [base64.b64encode(content).decode(), most],
        )
        assert found == hashlib.sha256(content).hexdigest()


def test_the_proof_of_work_is_one(page) -> None:
    nonce = page.evaluate("breakwater.work('an-example', 12)")
    found = hashlib.sha256(f"an-example:{nonce}".encode()).digest()
    assert int.from_bytes(found[:2]) >> 4 == 0

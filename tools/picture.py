"""Takes the README's picture of the console: one case of a running demo, in the dark.

In: the one-time link that `make demo` printed. Out: docs/console.png. Needs Chromium; run it
by hand when the console changes: `.venv/bin/python tools/picture.py http://localhost:…/login/…`.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import ViewportSize, sync_playwright

TARGET = Path(__file__).resolve().parents[1] / "docs/console.png"
SIZE: ViewportSize = {"width": 1440, "height": 900}


def main(link: str, wanted: str = "mirrored") -> None:
    """Sign in, open a case whose reason has this word, take the picture."""
    site = link.partition("/login/")[0]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium-headless-shell") or shutil.which("chromium"),
            args=["--no-sandbox"],
        )
        page = browser.new_page(viewport=SIZE, color_scheme="dark")
        page.goto(link)
        page.get_by_role("button", name="Sign in once").click()
        page.wait_for_url(lambda url: "/login/" not in str(url))
        page.goto(f"{site}/queue")
        page.locator("a", has_text=wanted).first.click()
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(1500)  # the stills are drawn after the page is quiet
        picture = Image.open(io.BytesIO(page.screenshot()))
        browser.close()
    picture.quantize(128, dither=Image.Dither.NONE).save(TARGET, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

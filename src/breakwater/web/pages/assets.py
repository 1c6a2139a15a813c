"""Static files: read once, named by their hash, cached for ever, sent compressed.

In come the files of `web/static`; out go addresses like `/static/3f9ac2e1b07d/console.css` that
change with the content, so that nothing else of the console need ever be cached. The style
sheet loses comments and needless space on the way (budget: 16 KB, console specification §11).
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from breakwater.errors import NotFound

FOLDER: Final = Path(__file__).parent.parent / "static"

TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""Only these are served; licences and notes in the folder are not."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file."""

    name: str
    digest: str
    type: str
    body: bytes
    packed: bytes

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"/static/{self.digest}/{self.name}"


class Assets:
    """All static files by name."""

    def __init__(self, files: Mapping[str, Asset]) -> None:
        self._files = files

    @classmethod
    def read(cls, folder: Path = FOLDER) -> Assets:
        """Read a folder."""
        files = {}
        for path in sorted(folder.rglob("*")):
            if path.suffix in TYPES:
                name = path.relative_to(folder).as_posix()
                files[name] = _asset(name, path.read_bytes())
        return cls(files)

    def url(self, name: str) -> str:
        """The address of a file, for templates."""
        return self._files[name].url

    def named(self, name: str) -> Asset:
        """A file by name."""
        return self._files[name]

    def get(self, name: str, digest: str) -> Asset:
        """The file behind an address.

        Raises:
            NotFound: no such file, or an older one.
        """
        asset = self._files.get(name)
        if asset is None or asset.digest != digest:
            raise NotFound("There is no static file at this address. Load the page again.")
        return asset


def _asset(name: str, body: bytes) -> Asset:
    suffix = Path(name).suffix
    if suffix == ".css":
        body = compact(body.decode()).encode()
    digest = hashlib.sha256(body).hexdigest()[:12]
    return Asset(name, digest, TYPES[suffix], body, gzip.compress(body, 9, mtime=0))


def compact(css: str) -> str:
    """Take comments and needless space out of a style sheet.

    >>> compact("a , b:hover { color: red; /* why */ margin: 0 }")
    'a,b:hover{color:red;margin:0}'
    """
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    css = re.sub(r"\s*([{};,])\s*", r"\1", css)
    css = re.sub(r"(?<=[a-z-]): ", ":", css)
    css = css.replace(" > ", ">")
    return css.replace(";}", "}").strip()

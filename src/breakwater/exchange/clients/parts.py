"""A peer's files as they come: what arrived of one is kept until it is whole and checked.

In comes how a file is listed, out go its bytes once its size and SHA-256 are those of the list. A
line that is cut costs what it lost and no more; a file that is another than it must be is thrown
away, so that the next try begins at its first byte. Read by `exchange.clients.hub`. Tests:
`tests/contract/test_exchange_parts.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from breakwater.errors import PeerFault, Unavailable
from breakwater.exchange.ports import Setting
from breakwater.model import segment_file
from breakwater.model.segment_file import Listed


class Parts:
    """Files of one feed."""

    def __init__(self, setting: Setting, view: str) -> None:
        """Take where files lie.

        Args:
            setting: of the feed's client.
            view: what of the peer's the feed asks for: two feeds share no file.
        """
        said = f"{setting.url}\0{setting.credentials.token}\0{view}"
        self._mine = hashlib.sha256(said.encode()).hexdigest()[:16]
        self._set = setting

    @contextmanager
    def fetched(self, url: str, listed: Listed, headers: Mapping[str, str]) -> Iterator[bytes]:
        """One file, whole and checked; it is deleted when it was read.

        Raises:
            PeerFault: it answered with something else, or with another file.
            Unavailable, PeerRefused: as `Wire.download`; what came is kept.
        """
        path = self._path(listed)
        try:
            self._get(url, path, listed, headers)
            with path.open("rb") as file:
                segment_file.same(file, listed)
            data = path.read_bytes()
            yield data
        except Unavailable:
            raise
        except BaseException:  # whatever it was, nothing that is wrong stays
            path.unlink(missing_ok=True)
            raise
        path.unlink()

    def _get(self, url: str, path: Path, listed: Listed, headers: Mapping[str, str]) -> None:
        if path.exists() and path.stat().st_size >= listed.size:
            return
        answer = self._set.wire.download(url, path, headers=headers, part_of=listed.sha256)
        if answer.status not in {200, 206}:
            raise PeerFault(f"It answered {answer.status} to a question for a segment.")

    def tidy(self, files: Sequence[Listed]) -> None:
        """Delete what came of files that are listed no more."""
        kept = {self._path(one) for one in files}
        for path in self._set.folder.glob(f".{self._mine}-*.part"):
            if path not in kept:
                path.unlink(missing_ok=True)

    def _path(self, listed: Listed) -> Path:
        return self._set.folder / f".{self._mine}-{listed.sha256}.part"

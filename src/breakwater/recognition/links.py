"""A kept medium in, what links are sought by out: one call for `linking`.

Asks the jail twice: for frames, prints and traits, and for the sound of a video; and where the
operator has a model of local features, that one in its own (`recognition.features`). What cannot be
read is an `Undecodable`, so that a person looks; a medium that was read and shows nothing says so
in `LinkSignals.abstained`. Tests: `tests/integration/test_links_look.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO, Final

from breakwater.errors import DecoderFault
from breakwater.media.sandbox import JailPool
from breakwater.model.link_signals import LinkSignals
from breakwater.model.local_features import MOST_FRAMES, Learned
from breakwater.model.media import Fault, MediaLimits, Undecodable
from breakwater.model.scene import SoundPrint
from breakwater.recognition.features import Features

VERSION: Final = 1
"""Of the look; a medium with another is looked at again."""

LANE: Final = "links"


class LinkLooker:
    """Looks at media in the jail. Safe from many threads."""

    def __init__(
        self, *, pool: JailPool, limits: MediaLimits, features: Features | None = None
    ) -> None:
        """With the pool of this process.

        Args:
            pool: decodes.
            limits: of one look; nobody waits for it, so it may take long.
            features: the operator's model of local features; None: there is none.
        """
        self._pool = pool
        self._limits = limits
        self._features = features

    @property
    def version(self) -> int:
        """Of what it sees: that of the look, and which model is asked beside."""
        return VERSION if self._features is None else self._features.card.version_of(VERSION)

    def look(
        self, source: BinaryIO, media_type: str = "", *, lane: str = LANE
    ) -> LinkSignals | Undecodable:
        """Read a medium; a reason when it cannot be read.

        Args:
            source: seekable, decrypted; read from its start.
            media_type: as it is known; empty: as its first bytes say.
            lane: keeps senders apart.

        Raises:
            DecoderFault: our fault, not the medium's; it is tried again.
        """
        found = self._pool.links(source, declared=media_type, limits=self._limits, lane=lane)
        if isinstance(found, Undecodable):
            if found.fault is Fault.OUR_FAULT:
                raise DecoderFault(found.detail)
            return found
        found = replace(found, learned=self._learned(source, media_type, found, lane))
        if not found.moving or not self._pool.facts.get("chromaprint"):
            return found
        return replace(found, sound=self._sound(source, media_type, lane))

    def _learned(
        self, source: BinaryIO, declared: str, found: LinkSignals, lane: str
    ) -> Learned | None:
        """What the operator's model sees; None where there is none, or nothing to see."""
        if self._features is None or found.abstained:
            return None
        pictures = self._pool.pixels(
            source, declared=declared, limits=self._limits, side=self._features.side,
            most=MOST_FRAMES if found.moving else 1, lane=lane,
        )  # fmt: skip
        return None if isinstance(pictures, Undecodable) else self._features.of(pictures)

    def _sound(self, source: BinaryIO, declared: str, lane: str) -> SoundPrint | None:
        """None where it has no sound that can be read: its pictures may still link it."""
        heard = self._pool.sound(source, declared=declared, limits=self._limits, lane=lane)
        return None if isinstance(heard, Undecodable) or not len(heard.items) else heard

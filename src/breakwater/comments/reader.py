"""One message read whole: normalised, weighed by model, lists, cues and its own disguise.

In: a text and its language. Out: `engine.Read`: evidence with parts, the model's score before
calibration, the skeleton's key, the cues. An unknown language leaves the model out and says so;
lists and cues still count. Whatever a message holds, reading it raises nothing, and nothing
of it stays here. Fed by `engine`. Tests: tests/unit/test_comment_reader.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from breakwater.comments import cues as cue_words
from breakwater.comments import normalise as spelling
from breakwater.comments.cues import Cues
from breakwater.comments.engine import Read
from breakwater.comments.lexicon import Lexicon
from breakwater.comments.model import Package
from breakwater.model.comment import Cue, Scored, Share, Source

MOST_CUES: float = 3.0
"""Nats of all cues of one message together: they come in company."""


class MessageReader:
    """Reads messages by one model, lists and cues; holds nothing of them."""

    def __init__(
        self, package: Package | None = None, lexicons: Sequence[Lexicon] = (),
        cues: Cues | None = None, *, lang: str | None = None,
    ) -> None:  # fmt: skip
        """Take the parts.

        Args:
            package: the model; None: none.
            lexicons: operators' lists.
            cues: None: the shipped ones.
            lang: what messages are in when nobody says.
        """
        self._package = package
        self._lexicons = tuple(lexicons)
        self._cues = cues or cue_words.shipped()
        self._lang = lang

    def read(
        self, text: str, lang: str | None = None, ago: Mapping[Cue, float] | None = None
    ) -> Read:
        """One message.

        Args:
            text: as written.
            lang: two letters; None: this reader's own.
            ago: seconds since each cue was last seen in this chat, for entries with a context.
        """
        lang = lang or self._lang
        package = self._package
        known = package is not None and (lang or "") in package.positives
        normal = spelling.normalise(text)
        skeleton = normal.skeleton
        raw: float | None = None
        by: tuple[Share, ...] = ()
        if package is not None and known:
            raw = package.raw(skeleton)
            nats = package.ratio(lang, raw)
            if nats is not None:
                by = (Share(Source.MODEL, nats, package.id),)
        found = self._cues.find(normal, lang)
        if found:
            by += self._cue_shares(found, lang)
        if self._lexicons:
            near = {**(ago or {}), **dict.fromkeys(found, 0.0)}
            for one in self._lexicons:
                by += one.shares(one.find(normal, lang, near))
        disguise = spelling.nats(skeleton.obfuscation)
        if disguise > 0:
            by += (Share(Source.BEHAVIOUR, disguise, "obfuscation"),)
        total = 0.0
        for share in by:
            total += share.nats
        scored = Scored(
            total, by, skeleton.obfuscation, lang or "und", package is not None and not known
        )
        return Read(scored, skeleton.key, raw, found)

    def _cue_shares(self, found: Sequence[Cue], lang: str | None) -> tuple[Share, ...]:
        shares = self._cues.shares(found, lang)
        total = sum(one.nats for one in shares)
        if total <= MOST_CUES:
            return shares
        return tuple(Share(one.source, one.nats * MOST_CUES / total, one.ref) for one in shares)

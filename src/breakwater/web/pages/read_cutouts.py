"""Builds the pages of cut-outs: the list, one that is to be made, and one that waits or is agreed to.

In come nouns of `linking.cropping`; out go values of `models_cutouts`. Used by
`pages.links_cutouts`. Tests: `tests/integration/test_console_cutouts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from breakwater.model.access import Permission, Principal
from breakwater.model.link_crop import Crop, CropState
from breakwater.records.database import Tx
from breakwater.records.link_lists import MediumLine
from breakwater.web.pages import words
from breakwater.web.pages.links_evidence import WHOLE, box_of
from breakwater.web.pages.models import Mark, Number
from breakwater.web.pages.models_cutouts import CutoutRow, CutoutsView, CutoutView
from breakwater.web.pages.read_links import media_words
from breakwater.web.pages.read_names import called
from breakwater.web.pages.speech import Spoken, figure, later, say

STATES: Final[Mapping[CropState, Mark]] = Spoken({
    CropState.WAITING: Mark("wait", later("Waits for a second person")),
    CropState.LAPSED: Mark("none", later("Nobody agreed in time")),
    CropState.AGREED: Mark("ok", later("Two people agreed")),
    CropState.REFUSED: Mark("bad", later("Refused")),
    CropState.GONE: Mark("none", later("Its medium is gone")),
})  # fmt: skip


def every(tx: Tx, who: Principal, found: Sequence[Crop]) -> CutoutsView:
    """The list, the newest first."""
    mine = sum(one.state(tx.now) is CropState.WAITING and one.by != who.person for one in found)
    return CutoutsView(
        numbers=(
            Number(figure(mine), say("wait for you")),
            Number(figure(sum(one.done_at is not None for one in found)), say("have left")),
        ),
        rows=tuple(
            CutoutRow(
                f"/links/cutouts/{one.id}", one.purpose, STATES[one.state(tx.now)],
                called(tx, one.by), called(tx, one.second_by) if one.second_by else "",
                words.ago(one.at, tx.now), words.ago(one.done_at, tx.now) if one.done_at else None,
            )
            for one in found
        ),
    )  # fmt: skip


def new(
    one: MediumLine, at: int, *, purpose: str = "",
    box: tuple[str, str, str, str] = ("", "", "", ""),
) -> CutoutView:  # fmt: skip
    """A medium in which a box is drawn."""
    still = one.media_type.startswith("image/")
    sound = one.media_type.startswith("audio/")
    kept = one.blob is not None and one.gone_at is None
    gone = "" if kept else say("Its bytes are not kept any more.")
    return CutoutView(
        title=media_words(one), looks="/links/look", reason="draw a cut-out", item=one.id,
        frame=0 if still else at, level="s3", medium=one.number,
        time_s="0" if still else f"{at / 1000:g}", moving=not still,
        place=box_of(one.facts.get("width"), one.facts.get("height")), purpose=purpose, box=box,
        gone=say("A sound has no picture.") if sound else gone,
    )  # fmt: skip


def one(tx: Tx, who: Principal, found: Crop, state: CropState) -> CutoutView:
    """One cut-out, with what this person can do."""
    waits, mine = state is CropState.WAITING, who.person == found.by
    facts = [
        (say("Cut out by"), called(tx, found.by)),
        (say("When"), words.full(found.at)),
    ]  # fmt: skip
    if found.second_by is not None:
        facts.insert(1, (say("Agreed to by"), called(tx, found.second_by)))
    if found.done_at is not None:
        facts.append((say("First left"), words.full(found.done_at)))
    facts.append((say("Medium"), figure(found.medium)))
    return CutoutView(
        title=found.purpose, looks="/links/cutouts/look", reason="to agree to a cut-out",
        item=found.id, frame=0, level="s4" if who.may(Permission.MEDIA_COLOUR) else "s3",
        medium=found.medium, time_s=f"{found.time_s:g}",
        moving=False, place=WHOLE, crop=found.id, state=STATES[state], facts=tuple(facts),
        purpose=found.purpose, may_agree=waits and not mine, may_refuse=waits,
        may_export=state is CropState.AGREED and found.blob is not None, mine=mine,
        gone="" if found.blob is not None else say("Its bytes are not kept any more."),
    )  # fmt: skip

"""Comments that the engine called directive make their authors directing viewers."""

from __future__ import annotations

import pytest
from tests.contract.test_viewers import INVESTIGATOR, REVIEWER, House

from breakwater.model.chat import About, ChatKind, KeptComment
from breakwater.model.comment import Cue, Share, Source
from breakwater.model.ids import new_id
from breakwater.model.watch import Tier
from breakwater.records import chats, kept_comments

pytestmark = pytest.mark.usefixtures("keyring")


@pytest.fixture
def house(database, clock) -> House:
    return House(database, clock)


def wrote(house: House, chat, author: str, at: float, *by: Share) -> None:
    with house.db.transaction() as tx:
        one = KeptComment(
            new_id(), chat.id, f"m-{author}", author, house.at(at), "words", 3.0, by=by,
            case=house.case,
        )  # fmt: skip
        kept_comments.keep(tx, house.stream.service, [one])


def chat_of(house: House):
    with house.db.transaction() as tx:
        about = About(ChatKind.STREAM, house.stream.service, house.stream.id, house.stream.id)
        return chats.begin(tx, about)


DIRECTS = Share(Source.CUE, 2.0, Cue.DIRECTIVE.value)
ASKS = Share(Source.CUE, 2.0, Cue.ASKS_AGE.value)
CALM = Share(Source.CUE, -0.4, Cue.DIRECTIVE.value)


def test_who_wrote_what_the_engine_called_directive_directed(house) -> None:
    chat = chat_of(house)
    for account in ("coot", "heron", "teal"):
        house.watch(account, 0, 40)
    wrote(house, chat, "coot", 20, ASKS, DIRECTS)
    wrote(house, chat, "heron", 21, ASKS)
    wrote(house, chat, "teal", 22, CALM)
    wrote(house, chat, "unseen", 23, DIRECTS)
    house.stop(300)
    tiers = house.tiers()
    assert tiers["coot"] is Tier.DIRECTED
    assert tiers["unseen"] is Tier.DIRECTED, "who wrote is named, even where no session was told"
    assert Tier.DIRECTED not in {tiers["heron"], tiers["teal"]}
    found = house.seeing.of_case(INVESTIGATOR, house.case, reason="file 12")
    (coot,) = [one for one in found.viewers if one.account == "coot"]
    (act,) = coot.acts
    assert (act.by, act.act.reference, act.at) == ("comments", "m-coot", house.at(20))
    hidden = house.seeing.of_case(REVIEWER, house.case)
    assert "m-coot" not in repr(hidden)


def test_where_nothing_was_found_nobody_directed_any_more(house) -> None:
    chat = chat_of(house)
    house.watch("coot", 0, 40)
    wrote(house, chat, "coot", 20, DIRECTS)
    house.stop(300)
    assert house.tiers() == {"coot": Tier.DIRECTED}
    with house.db.transaction() as tx:
        kept_comments.settle(tx, chat.id, house.case, found=False)
    assert house.tiers() == {"coot": Tier.STAYED}

"""Cut-outs and gates of likeness models for `test_matrix_owners.py`: each maker answers an id."""

from __future__ import annotations

import io
from typing import Any, Final

from breakwater.linking.cropping import KIND
from breakwater.linking.likeness import OPEN
from breakwater.media.plain_png import plain_png
from breakwater.model.access import Role
from breakwater.model.ids import Id, new_id
from breakwater.model.likeness import ProviderCard
from breakwater.records import approvals, link_crops, link_persons, numbers
from tests.builders_likeness import card, detector, drawing, recogniser
from tests.builders_links import medium as kept
from tests.integration.matrix_world import Make, Somebody, World

CARD: Final = ProviderCard.parse(card(recogniser(), detector()))


def medium(world: World, _of: Somebody) -> str:
    """A picture that links are sought for."""
    body = plain_png(drawing())
    blob = world.app.vault.put(io.BytesIO(body), purpose="evidence")
    with world.app.db.transaction() as tx:
        number = numbers.take(tx, "link_media")
        kept(tx, number, blob=blob, media_type="image/png")
    return str(number)


def crop(world: World, of: Somebody) -> str:
    """A cut-out that waits for a second person."""
    number = int(medium(world, of))
    blob = world.app.vault.put(io.BytesIO(plain_png(drawing())), purpose="evidence")
    person, made = Id(str(of.who.person)), new_id()
    with world.app.db.transaction() as tx:
        wish = approvals.propose(tx, kind=KIND, subject=made, by=person, reason="A poster")
        link_crops.add(
            tx, made, medium=number, time_s=0, box=(0, 0, 1, 1), purpose="A poster", blob=blob,
            by=person, approval=wish.id,
        )  # fmt: skip
    return made


def agreed_crop(world: World, of: Somebody) -> str:
    """A cut-out that two people agreed to."""
    made = Id(crop(world, of))
    with world.app.db.transaction() as tx:
        link_crops.agreed(tx, made, new_id())
    return made


def gate(world: World, of: Somebody) -> str:
    """A gate that waits for a second person; its model is not there."""
    person, made = Id(str(of.who.person)), new_id()
    with world.app.db.transaction() as tx:
        wish = approvals.propose(tx, kind=OPEN, subject=made, by=person, reason="Data Act 35")
        link_persons.propose(
            tx, CARD, role=Role.INVESTIGATOR, jurisdiction="GB", basis="Data Act, section 35",
            by=person, gate=made, approval=wish.id,
        )  # fmt: skip
    return made


NOT_NOW: Final = {"own": "held", "another": "held"}
ROUTES: Final[list[tuple[Make, dict[str, Any], list[str]]]] = [
    (medium, {"own": "refused", "another": "refused"}, ["GET /v1/links/media/{number}/likenesses"]),
    (crop, {"body": {"json": {"reason": "because"}}}, ["POST /v1/links/crops/{crop}/look"]),
    (crop, {"body": {"json": {"nobody": True}}, **NOT_NOW}, ["POST /v1/links/crops/{crop}/confirm"]),
    (crop, {}, ["DELETE /v1/links/crops/{crop}"]),
    (agreed_crop, {}, ["POST /v1/links/crops/{crop}/export"]),
    (gate, {"own": "held", "another": "not found"}, ["POST /v1/likeness/gates/{gate}/confirm"]),
    (gate, {}, ["DELETE /v1/likeness/gates/{gate}"]),
    (crop, {}, ["GET /links/cutouts/{crop}"]),
    (crop, {"body": {"data": {"what": "refuse"}}}, ["POST /links/cutouts/{crop}"]),
    (agreed_crop, {}, ["POST /links/cutouts/{crop}/file"]),
    (gate, {"body": {"data": {"what": "close"}}}, ["POST /links/likeness/{gate}"]),
]  # fmt: skip
"""What investigators do by hand; whoever cut out or proposed does not agree to it."""

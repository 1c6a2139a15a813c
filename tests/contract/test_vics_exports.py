"""Who takes a case as VICS, with whom, and that nothing leaves unwritten: on both databases."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace

import pytest

from breakwater.errors import (
    BadInput,
    Conflict,
    NeedsSecondPerson,
    NotAllowed,
    NotFound,
    SendingRefused,
)
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.case import CaseKind, Priority
from breakwater.model.decision import DecisionFacts, DecisionKind, Outcome, Touched
from breakwater.model.facts import Activity, AgeBand, ChildFacts, ItemFacts, Maturity, Sex
from breakwater.model.ids import Id, new_id
from breakwater.model.match import Action, Verdict
from breakwater.model.scheme import Scheme
from breakwater.model.upload import Origin, Surface, Upload, UploadState
from breakwater.records import approvals, audit, cases, decisions, people, schemes, uploads
from breakwater.reporting.allowed import sendings
from breakwater.reporting.vics.exports import ALONE, KIND, VicsExports, VicsWish
from breakwater.review.grading.schemes import shipped
from breakwater.review.grading.vics import VicsReader

WISH = VicsWish("US", " K-2026-0815 ", "gb")
SEEN = ItemFacts(
    Activity.POSING_OR_NUDITY,
    (ChildFacts(AgeBand.FROM_7, Sex.UNCLEAR, Maturity.PREPUBESCENT),),
    self_generated=True,
)


class House:
    """Investigators, and cases of ordinary files."""

    def __init__(self, db, seat: str = "GB") -> None:
        self.db = db
        self.exports = VicsExports(
            db=db, sendings=sendings(seat, None), organisation="Clips Ltd",
            shipped=lambda: {scheme.id: scheme for scheme in shipped()},
        )  # fmt: skip
        self.ada, self.ben, self.eve = (
            self.person(name, Role.INVESTIGATOR) for name in ("Ada", "Ben", "Eve")
        )

    def person(self, name: str, *roles: Role) -> Principal:
        with self.db.transaction() as tx:
            made = people.create(tx, name=name, roles=roles)
        held = frozenset().union(*(role.permissions for role in roles))
        return Principal(made.id, name, held, person=made.id)

    def case(self, files: int, *, facts: bool = True, md5: bool = True) -> Id:
        with self.db.transaction() as tx:
            made = cases.open(
                tx, kind=CaseKind.UPLOAD, subject=new_id(), why="Seen.", priority=Priority.LOW,
                service="clips", account="heron",
            )  # fmt: skip
            kept = [uploads.finish(tx, self.upload(made.id, n, md5=md5)) for n in range(files)]
            if facts:
                said = decisions.add(
                    tx, case=made.id, kind=DecisionKind.ILLEGAL, by=self.ada.id, reason="seen",
                    facts=DecisionFacts(item=SEEN),
                )  # fmt: skip
                decisions.add_effects(tx, said.id, [Touched(one.id, Outcome.KEPT) for one in kept])
        return made.id

    def upload(self, case: Id, number: int, *, md5: bool) -> Upload:
        content = f"file {number}".encode()
        digest = {
            kind: hashlib.new(kind, content).hexdigest() for kind in ("md5", "sha1", "sha256")
        }
        return Upload(
            new_id(), "clips", Surface.PUBLIC, Origin(account="heron", reference=f"озеро {number}.jpg"),
            UploadState.DONE, self.db.clock.now(), len(content), digest["sha256"],
            md5=digest["md5"] if md5 else "", sha1=digest["sha1"], type="image/jpeg",
            verdict=Verdict(Action.HOLD, "hold", "Kept."), case=case,
        )  # fmt: skip

    def take(self, who: Principal, case: Id, wish: VicsWish = WISH) -> bytes:
        return b"".join(self.exports.take(who, case, wish))

    def told(self, action: str) -> list[dict[str, object]]:
        with self.db.read() as tx:
            return [dict(one.facts) for one in audit.page(tx, limit=500) if one.action == action]


@pytest.fixture
def house(database) -> House:
    return House(database)


def test_one_investigator_takes_a_few_files_with_a_reference(house) -> None:
    case = house.case(3)
    raw = house.take(house.ada, case)
    reader = VicsReader(io.BytesIO(raw))
    rows = list(reader.rows())
    assert (reader.form, reader.context) == ("vics 2.0", "US")
    assert [row.claims["category"] for row in rows] == [1, 1, 1]
    assert [ItemFacts.read(row.claims["facts"]) for row in rows] == [SEEN] * 3
    assert {row.hashes[0].value.hex() for row in rows} == {
        hashlib.md5(f"file {n}".encode()).hexdigest() for n in range(3)
    }
    for hidden in (b"heron", b"203.0.113"):
        assert hidden not in raw
    (told,) = house.told("vics.export")
    assert (told["reference"], told["country"], told["context"]) == ("K-2026-0815", "GB", "US")
    assert (told["media"], told["second"], told["scheme"]) == (3, "", "vics_us 2.0")


def test_it_is_written_down_before_the_first_byte(house) -> None:
    case = house.case(1)
    pieces = house.exports.take(house.ada, case, WISH)
    assert len(house.told("vics.export")) == 1
    assert next(pieces).startswith(b'{"@odata.context"')


def test_nobody_but_an_investigator_takes_it(house) -> None:
    case = house.case(1)
    for role in Role:
        if role is Role.INVESTIGATOR:
            continue
        who = house.person(f"Mallory {role}", role)
        for act in (
            lambda who: house.take(who, case), lambda who: house.exports.state(who, case),
            lambda who: house.exports.propose(who, case, WISH),
            lambda who: house.exports.confirm(who, case),
            lambda who: house.exports.refuse(who, case),
        ):  # fmt: skip
            with pytest.raises(NotAllowed):
                act(who)
    assert house.told("vics.export") == []


def test_a_key_is_no_person(house) -> None:
    key = Principal(new_id(), "key", frozenset({Permission.VICS_EXPORT}), service="clips")
    with pytest.raises(NotAllowed, match="a key cannot"):
        house.take(key, house.case(1))


def test_more_than_ten_files_need_two_people_and_exactly_what_they_agreed_to(house, clock) -> None:
    assert not house.exports.state(house.ada, house.case(ALONE + 1)).alone
    assert house.exports.state(house.ada, house.case(ALONE)).alone
    case = house.case(ALONE + 1)
    with pytest.raises(NeedsSecondPerson):
        house.take(house.ada, case)
    house.exports.propose(house.ada, case, WISH)
    with pytest.raises(NeedsSecondPerson):
        house.take(house.ben, case)
    twin = replace(house.ada, id=new_id())  # another account of the same person
    with pytest.raises(NeedsSecondPerson):
        house.exports.confirm(twin, case)
    house.exports.confirm(house.ben, case)
    assert house.exports.state(house.eve, case).agreed is not None
    with pytest.raises(NeedsSecondPerson):
        house.take(house.eve, case)
    with pytest.raises(NeedsSecondPerson):
        house.take(house.ada, case, replace(WISH, reference="another"))
    with pytest.raises(NeedsSecondPerson):
        house.take(house.ada, case, replace(WISH, context="UK"))
    for who, other in ((house.ada, house.ben), (house.ben, house.ada)):
        assert house.take(who, case).count(b'"MediaID"') == ALONE + 1
        assert other.id in {one["second"] for one in house.told("vics.export")}
    clock.advance(24 * 3600)
    with pytest.raises(NeedsSecondPerson):
        house.take(house.ada, case)


def test_what_was_refused_or_lapsed_is_not_agreed(house, clock) -> None:
    case = house.case(ALONE + 1)
    house.exports.propose(house.ada, case, WISH)
    with pytest.raises(Conflict):
        house.exports.propose(house.ben, case, WISH)
    house.exports.refuse(house.ben, case)
    with pytest.raises(NotFound):
        house.exports.confirm(house.ben, case)
    house.exports.propose(house.ada, case, WISH)
    clock.advance(24 * 3600)
    with pytest.raises(NotFound):
        house.exports.confirm(house.ben, case)
    with house.db.read() as tx:
        assert approvals.waiting(tx, kind=KIND) == []


def test_a_wish_without_reference_country_or_context_is_refused(house) -> None:
    case = house.case(1)
    for wish in (
        VicsWish("US", "  ", "GB"), VicsWish("US", "x" * 2001, "GB"), VicsWish("US", "K", "G"),
        VicsWish("US", "K", ""), VicsWish("XX", "K", "GB"),
    ):  # fmt: skip
        for act in (house.take, house.exports.propose):
            with pytest.raises(BadInput):
                act(house.ada, case, wish)


def test_what_may_not_leave_stays(database) -> None:
    house = House(database, seat="")  # nobody has said where the service sits: default deny
    case = house.case(1)
    with pytest.raises(SendingRefused):
        house.take(house.ada, case)
    with pytest.raises(SendingRefused):
        house.exports.propose(house.ada, case, WISH)
    assert house.told("vics.export") == []


def test_files_without_md5_are_left_out_and_told(house) -> None:
    case = house.case(2, md5=False)
    state = house.exports.state(house.ada, case)
    assert (state.media, state.left_out) == (0, 2)
    with pytest.raises(BadInput, match="MD5"):
        house.take(house.ada, case)


def test_an_undecided_case_has_no_categories(house) -> None:
    (row,) = VicsReader(io.BytesIO(house.take(house.ada, house.case(1, facts=False)))).rows()
    assert "category" not in row.claims


def test_a_scheme_that_was_adopted_here_is_used(house) -> None:
    case = house.case(1)
    words = ("none", "animal", "sadism", "penetrative", "non_penetrative")
    table = next(scheme for scheme in shipped() if scheme.id == "vics_us").plain()
    rules = [
        {"give": one["code"], "when": {"activity": word}}
        for one, word in zip(table["codes"], words, strict=True)
    ]
    table |= {"version": "2.0-own", "rules": [*rules, {"give": "2", "when": {}}]}
    with house.db.transaction() as tx:
        schemes.adopt(tx, Scheme.parse(table), by="somebody")
    (row,) = VicsReader(io.BytesIO(house.take(house.ada, case))).rows()
    assert row.claims["category"] == 2
    assert house.told("vics.export")[0]["scheme"] == "vics_us 2.0-own"


def test_a_case_that_is_not_there_is_not_found(house) -> None:
    with pytest.raises(NotFound):
        house.take(house.ada, new_id())

"""The viewers of a case: tiers, repeats, what each role sees, every look audited, packs by two."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from tests.contract.test_records_streams import ordered

from breakwater.enforcement.keeping import Keeping
from breakwater.enforcement.ports import NothingKept
from breakwater.errors import BadInput, NeedsSecondPerson, NotAllowed, NotFound
from breakwater.geo import Atlas
from breakwater.live.ports import Peer
from breakwater.live.streams import Streams
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.broadcast import Sender, Viewer
from breakwater.model.case import CaseKind, Priority
from breakwater.model.ids import new_id
from breakwater.model.stream import Control
from breakwater.model.watch import Act, ActKind, SessionSource, Span, Tier, Watched
from breakwater.records import audit, cases, streams
from breakwater.records.vault import Vault
from breakwater.reporting.allowed import sendings
from breakwater.viewers.importing import Importing, Named, Stretch
from breakwater.viewers.packs import Packs
from breakwater.viewers.seeing import Seeing
from breakwater.viewers.sight import Sight

pytestmark = pytest.mark.usefixtures("keyring")

SERVICE = Principal(new_id(), "clips", frozenset(Permission), service="clips")
HOMES = ("81.2.69.142", "89.160.20.112", "2.125.160.216")


def person(*roles: Role) -> Principal:
    made = new_id()
    held = frozenset().union(*(role.permissions for role in roles))
    return Principal(made, "somebody", held, person=made)


MODERATOR, REVIEWER = person(Role.LIVE_MODERATOR), person(Role.REVIEWER)
INVESTIGATOR, OFFICER = person(Role.INVESTIGATOR), person(Role.REPORT_OFFICER)


class House:
    """A stopped broadcast with a case, and those who watched it."""

    def __init__(self, database, clock) -> None:
        self.db, self.clock = database, clock
        self.atlas = Atlas(None, clock)
        self.live = Streams(db=database, resolve=self.atlas.resolve)
        self.seeing, self.packs = (
            Seeing(db=database),
            Packs(db=database, sendings=sendings("GB", None)),
        )
        self.start = clock.now()
        self.stream = self.begin("live/014")
        self.case = self.case_of(self.stream)

    def begin(self, name: str):
        return self.live.begin(SERVICE, "", name, Sender(account=f"acct {name}"))

    def case_of(self, stream):
        with self.db.transaction() as tx:
            made = cases.open(
                tx, kind=CaseKind.STREAM, subject=stream.id, why="Seen.", priority=Priority.HIGH,
                service="clips",
            )  # fmt: skip
            streams.set_case(tx, stream.id, made.id)
        return made.id

    def at(self, seconds: float) -> datetime:
        return self.start + timedelta(seconds=seconds)

    def watch(self, account: str, first: float, last: float, stream=None, **facts) -> None:
        facts = {"address": HOMES[0], "port": 4711} | facts
        one = Viewer(account, joined_at=self.at(first), left_at=self.at(last), **facts)
        self.live.viewers(SERVICE, (stream or self.stream).id, who=[one])

    def stop(self, seconds: float, stream=None) -> None:
        self.clock.advance(seconds - (self.clock.now() - self.start).total_seconds())
        with self.db.transaction() as tx:
            ordered(tx, stream or self.stream, Control.CUT)

    def tiers(self, by=INVESTIGATOR) -> dict[str, Tier]:
        found = self.seeing.of_case(by, self.case, reason="file 12")
        return {one.account: one.tier for one in found.viewers}

    def looks(self) -> list[dict]:
        with self.db.read() as tx:
            rows = audit.page(tx, limit=100)
        return [row for row in rows if row.action.startswith("viewers.")]


@pytest.fixture
def house(database, clock) -> House:
    return House(database, clock)


def test_each_tier(house) -> None:
    house.watch("heron", 0, 20)
    house.watch("coot", 0, 40)
    house.watch("teal", 0, 20)
    house.watch("teal", 90, 110)
    house.watch("smew", 0, 2)
    house.watch("late", 400, 500)
    acts = [Act(ActKind.PAID, "smew", house.at(1), "invoice-1", "card", "20 EUR"),
            Act(ActKind.PAID, "late", house.at(450), "invoice-2")]  # fmt: skip
    house.live.viewers(SERVICE, house.stream.id, acts=acts)
    house.stop(300)
    assert house.tiers() == {
        "heron": Tier.PASSED, "coot": Tier.STAYED, "teal": Tier.RETURNED, "smew": Tier.PAID,
        "late": Tier.PASSED,
    }  # fmt: skip


def test_who_watched_other_stopped_broadcasts_comes_first_by_person_or_device(house) -> None:
    other, calm = house.begin("live/other"), house.begin("live/calm")
    house.watch("coot", 0, 250)
    house.watch("heron", 0, 20)
    house.watch("heron", 0, 20, other)
    house.watch("teal", 0, 20, device="phone-9")
    house.watch("smew", 0, 20, other, device="phone-9")
    house.watch("rail", 0, 20)
    house.watch("rail", 0, 200, calm)
    house.stop(300)
    house.stop(301, other)
    found = house.seeing.of_case(INVESTIGATOR, house.case, reason="file 12")
    first, second, *rest = found.viewers
    assert {first.account, second.account} == {"heron", "teal"}
    assert {first.tier, second.tier} == {Tier.RETURNED}
    assert [(one.account, one.tier) for one in rest] == [
        ("coot", Tier.STAYED), ("rail", Tier.PASSED),
    ]  # fmt: skip


def test_what_a_person_says_is_illegal_changes_the_tiers(house) -> None:
    house.watch("coot", 0, 100)
    house.stop(300)
    assert house.tiers() == {"coot": Tier.STAYED}
    late = [Span(house.at(90), house.at(200))]
    house.seeing.set_spans(REVIEWER, house.case, house.stream.id, late, reason="the recording")
    assert house.tiers() == {"coot": Tier.PASSED}
    found = house.seeing.of_case(REVIEWER, house.case)
    assert found.broadcasts[0].basis == "person"
    outside = [Span(house.at(-90), house.at(200))]
    for spans, reason in ((outside, "x"), (late, " ")):
        with pytest.raises(BadInput):
            house.seeing.set_spans(REVIEWER, house.case, house.stream.id, spans, reason=reason)
    with pytest.raises(NotFound):
        house.seeing.set_spans(
            REVIEWER, house.case, house.begin("live/x").id, late, reason="another's"
        )


def test_a_person_says_who_directed(house) -> None:
    house.watch("coot", 0, 40)
    house.stop(300)
    (one,) = house.seeing.of_case(REVIEWER, house.case).viewers
    house.seeing.mark_directed(REVIEWER, house.case, one.person, words="message 17")
    house.seeing.mark_directed(REVIEWER, house.case, one.person, words="message 18")
    assert house.tiers() == {"coot": Tier.DIRECTED}
    with pytest.raises(NotFound):
        house.seeing.mark_directed(REVIEWER, house.case, "00" * 32, words="nobody")


@pytest.mark.parametrize(
    ("by", "reason", "sight", "account", "addresses"),
    [
        (MODERATOR, "file 12", Sight.PSEUDONYM, "", []),
        (REVIEWER, "file 12", Sight.ACCOUNT, "coot", [("81.2.69.0/24", ())]),
        (INVESTIGATOR, "", Sight.ACCOUNT, "coot", [("81.2.69.0/24", ())]),
        (INVESTIGATOR, "file 12", Sight.IDENTITY, "coot", [("81.2.69.142", (4711,))]),
        (OFFICER, "file 12", Sight.IDENTITY, "coot", [("81.2.69.142", (4711,))]),
    ],
)
def test_each_role_sees_what_it_may_and_every_look_is_audited(
    house, by, reason, sight, account, addresses
) -> None:
    house.watch("coot", 0, 40, agent="Player/7")
    acts = [Act(ActKind.PAID, "coot", house.at(1), "invoice-1", "card", "20 EUR")]
    house.live.viewers(SERVICE, house.stream.id, acts=acts)
    house.stop(300)
    found = house.seeing.of_case(by, house.case, reason=reason)
    (one,) = found.viewers
    assert (found.sight, one.account) == (sight, account)
    assert [(text, ports) for text, ports, _ in one.addresses] == addresses
    assert bool(one.agents) == (sight is Sight.IDENTITY)
    assert bool(one.acts[0].act) == (sight is Sight.IDENTITY)
    assert one.country == "GB"
    if sight is not Sight.IDENTITY:
        assert "81.2.69.142" not in repr(found)
        assert "invoice-1" not in repr(found)
    looks = house.looks()
    assert looks[0].actor == by.person
    assert (looks[0].facts["level"], looks[0].facts["viewers"]) == (sight.value, 1)


def test_a_pack_names_three_tiers_and_counts_the_rest_certain_apart_from_uncertain(house) -> None:
    house.watch("payer", 0, 40, agent="=cmd|' /C calc'!A0")
    house.watch("stayer", 0, 40)
    house.watch("passer", 0, 4)
    house.watch("swede", 0, 40, address=HOMES[1])
    house.watch("bhutan", 0, 40, address="67.43.156.1")
    house.watch("hidden", 0, 40, address="100.64.0.9")
    acts = [Act(ActKind.PAID, name, house.at(1), f"invoice {name}", "card", "20 EUR")
            for name in ("payer", "swede", "hidden")]  # fmt: skip
    house.live.viewers(SERVICE, house.stream.id, acts=acts)
    house.stop(300)
    house.packs.propose(
        INVESTIGATOR, house.case, countries=["gb"], agency="Agency", reason="file 12"
    )
    with pytest.raises(NeedsSecondPerson):
        house.packs.make(INVESTIGATOR, house.case)
    made = house.packs.make(OFFICER, house.case)
    body = made.body
    assert [one["account"] for one in body["certain"]] == ["payer"]
    assert body["uncertain"] == []
    assert body["counted"]["certain"] == {"stayed": 1, "passed": 1}
    assert body["country_unknown"] == 1
    named = body["certain"][0]
    assert named["addresses"][0]["ports"] == [4711]
    assert named["place"]["sources"][0]["built"].startswith("2026-")
    assert named["acts"][0]["amount"] == "20 EUR"
    for secret in ("stayer", "passer", "swede", "hidden", HOMES[1]):
        assert secret not in made.text, secret
    rows = list(csv.DictReader(io.StringIO(made.csv())))
    assert [(row["certainty"], row["port"]) for row in rows] == [("certain", "4711")]
    assert rows[0]["agent"].startswith("'=")
    export = house.looks()[0]
    assert (export.action, export.facts["sha256"]) == ("viewers.export", made.sha256)
    with pytest.raises(NotFound):
        house.packs.make(OFFICER, house.case)


def test_packs_are_for_people_who_may_see_identities(house) -> None:
    for by in (REVIEWER, MODERATOR, SERVICE):
        with pytest.raises(NotAllowed):
            house.packs.propose(by, house.case, countries=["GB"], agency="", reason="x")
    for countries, reason in (([], "x"), (["XX"], "x"), (["GB"], " ")):
        with pytest.raises(BadInput):
            house.packs.propose(OFFICER, house.case, countries=countries, agency="", reason=reason)
    house.packs.propose(OFFICER, house.case, countries=["GB"], agency="", reason="x")
    house.packs.refuse(INVESTIGATOR, house.case)
    with pytest.raises(NotFound):
        house.packs.make(INVESTIGATOR, house.case)


def named(house, names, first, last, **facts) -> Named:
    watched = Watched(
        house.at(first), house.at(last), address=HOMES[0], source=SessionSource.LOG, requests=5,
        **facts,
    )  # fmt: skip
    return Named(names, watched)


def test_what_a_log_tells_is_kept_for_cases_and_forgotten_otherwise(house) -> None:
    importing = Importing(db=house.db, atlas=house.atlas)
    house.begin("live/calm")
    house.stop(300)
    log = importing.begin(SERVICE, mark=b"m" * 32, name="a.log", form="nginx")
    found = [
        named(house, ("hls/live/014", "live/014", "014"), 10, 60, agent="VLC"),
        named(house, ("live/calm",), 10, 60, agent="VLC"),
        named(house, ("live/unknown",), 10, 60, agent="VLC"),
        named(house, ("live/014",), -900, -600, agent="before it began"),
    ]
    for _ in range(2):  # sent again after an answer that was lost
        done = importing.take(SERVICE, log.id, "", found, Stretch(0, 0, {}))
    done = importing.take(SERVICE, log.id, "", [], Stretch(0, 900, {"lines": 20}, finished=True))
    assert done.counts == {"sessions": 1, "joined": 1, "forgotten": 6, "lines": 20}
    seen = house.seeing.of_case(INVESTIGATOR, house.case, reason="file 12")
    (one,) = seen.viewers
    assert (one.account, one.agents, one.tier) == ("", ("VLC",), Tier.STAYED)
    assert importing.begin(SERVICE, mark=b"m" * 32, name="b", form="nginx").offset == 900


def test_another_service_s_logs_tell_nothing_of_it(house) -> None:
    importing = Importing(db=house.db, atlas=house.atlas)
    other = Principal(new_id(), "video", frozenset(Permission), service="video")
    log = importing.begin(other, mark=b"m" * 32, name="a.log", form="nginx")
    one = named(house, ("live/014",), 10, 60)
    done = importing.take(other, log.id, "", [one], Stretch(0, 9, {}))
    assert done.counts == {"forgotten": 1}
    assert importing.begin(SERVICE, mark=b"m" * 32, name="a", form="nginx").id != log.id


def test_figures_by_country_hide_small_counts(house) -> None:
    for number in range(6):
        house.watch(f"b{number}", 0, 40)
    house.watch("swede", 0, 40, address=HOMES[1])
    end = house.at(1000)
    assert house.seeing.figures(house.start, end) == [("GB", None, 0), ("SE", None, 0)]
    for number in range(6):
        house.watch(f"s{number}", 0, 40, address=HOMES[1])
    assert house.seeing.figures(house.start, end) == [("GB", 6, 0), ("SE", 7, 0)]
    assert house.seeing.figures(datetime(2020, 1, 1, tzinfo=UTC), house.start) == []


def test_who_a_media_server_lists_when_it_is_cut_is_a_session_and_our_watcher_is_not(
    house, tmp_path
) -> None:
    (tmp_path / "vault").mkdir()
    vault = Vault(tmp_path / "vault", house.db, house.db.keys)
    keeping = Keeping(
        db=house.db, vault=vault, preroll=NothingKept(), prints=NothingKept(), spool=tmp_path,
        resolve=house.atlas.resolve,
    )  # fmt: skip
    house.stop(300)
    seen = [Peer("1", HOMES[0], 4711, "VLC", 90.0), Peer("2", "127.0.0.1", 4712, "us", 200.0)]
    keeping.viewers(house.stream, seen)
    (one,) = house.seeing.of_case(INVESTIGATOR, house.case, reason="file 12").viewers
    assert (one.agents, one.tier, one.country) == (("VLC",), Tier.STAYED, "GB")
    assert one.visits == (Span(house.at(210), house.at(300)),)
    assert one.addresses[0][1] == (4711,)

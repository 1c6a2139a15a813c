"""Who gives what: one entry, many contributors; it stays while anybody gives it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.builders_hub import HubHouse, value

from breakwater.banks.load import Loader
from breakwater.banks.policy import Floods
from breakwater.errors import AppendOnly, BadInput, IdempotencyReuse, NotAllowed, NotFound
from breakwater.hub.feedback import visible
from breakwater.model.bank import EntryStatus
from breakwater.model.hub import GivenBy, MemberState
from breakwater.model.hub_given import Outcome, QueueWhy
from breakwater.records import banks, entries, hub_given, hub_lists, hub_members, hub_queue, imports

S = EntryStatus
pytestmark = pytest.mark.usefixtures("keyring")


@pytest.fixture
def house(database, tmp_path):
    made = HubHouse(database, tmp_path)
    made.list()
    yield made
    made.close()


def test_a_second_contributor_joins_the_entry_and_keeps_its_own_category(house) -> None:
    (one, key), (other, second) = house.member(trusted=True), house.member(trusted=True)
    first = house.give(key, "a", "b", category="A")
    joined = house.give(second, "b", "c", category="B")
    assert (first.kept, first.joined) == (2, 0)
    assert (joined.kept, joined.joined) == (1, 1)
    found = house.givers(house.number("b"))
    assert {member: giver.category for member, giver in found.items()} == {
        one.id: "A",
        other.id: "B",
    }
    assert [giver.first for giver in found.values()] == [True, False]


def test_an_entry_stays_until_its_last_contributor_takes_it_back(house) -> None:
    (one, key), (_, second) = house.member(trusted=True), house.member(trusted=True)
    house.give(key, "a")
    house.give(second, "a")
    number = house.number("a")
    before = house.at(number).change
    house.contribute.take_back(key, "KNOWN", [number], reason="no longer")
    assert house.at(number).status is S.ACTIVE
    assert house.at(number).change > before, "followers hear that another gives it"
    assert one.id not in house.givers(number)
    house.contribute.take_back(second, "KNOWN", [number])
    assert house.at(number).status is S.WITHDRAWN
    assert house.index.search_one("md5", bytes.fromhex(value("md5", "a")), 0) == []


def test_who_never_gave_an_entry_takes_nothing_back(house) -> None:
    (_, key), (_, stranger) = house.member(trusted=True), house.member(trusted=True)
    house.give(key, "a")
    number = house.number("a")
    before = house.at(number).change
    assert house.contribute.take_back(stranger, "KNOWN", [number]).taken_back == 0
    assert (house.at(number).status, house.at(number).change) == (S.ACTIVE, before)


def test_what_was_taken_back_can_be_given_again(house) -> None:
    (one, key), (_, second) = house.member(trusted=True), house.member(trusted=True)
    house.give(key, "a")
    house.give(second, "a")
    number = house.number("a")
    house.contribute.take_back(key, "KNOWN", [number])
    assert house.give(key, "a", category="C").joined == 1
    assert house.givers(number)[one.id].category == "C"
    house.contribute.take_back(key, "KNOWN", [number])
    house.contribute.take_back(second, "KNOWN", [number])
    again = house.give(key, "a")
    assert again.kept == 1
    assert house.number("a") > number, "withdrawn is final: what returns is a new entry"


def test_what_is_not_trusted_waits_for_two_people_and_then_matches(house) -> None:
    member, key = house.member()
    house.give(key, "a", "b")
    number = house.number("a")
    assert house.at(number).status is S.PROPOSED
    seen = bytes.fromhex(value("md5", "a"))
    assert house.index.search_one("md5", seen, 0) == []
    with house.db.transaction() as tx:
        (waiting,) = hub_given.page(tx, waiting=True)
        assert waiting.member == member.id
        moved = house.contribute.publish(tx, waiting.import_number, by="one", second=None)
    house.feed.catch_up()
    assert moved == 2
    assert house.at(number).status is S.ACTIVE
    assert house.index.search_one("md5", seen, 0) == [(number, 0)]
    with house.db.read() as tx:
        assert hub_given.page(tx, waiting=True) == []
        counts = entries.counts(tx)
    assert counts == {("md5", S.ACTIVE): 2}


def test_rules_of_who_joins_an_entry_release_it_only_once_its_batch_is_let_out(house) -> None:
    first, one = house.member(trusted=True)
    other, two = house.member()
    asks, _ = house.member()
    house.allow(source=other.id, recipient=asks.id)
    house.give(one, "a")
    batch = house.give(two, "a").import_number
    number = house.number("a")
    with house.db.read() as tx:
        assert visible(tx, asks, [number]) == {}
        assert {g.member for g in hub_given.givers(tx, [number])[number]} == {first.id, other.id}
        before = entries.last_change(tx)
    with house.db.transaction() as tx:
        hub_given.publish(tx, batch, by="a", second=None)
    with house.db.read() as tx:
        assert set(visible(tx, asks, [number])) == {number}
        assert [c.number for c in entries.since(tx, before, 10)] == [number]
    with house.db.transaction() as tx:
        assert hub_given.publish(tx, batch, by="a", second=None) == 0


def test_a_request_that_is_repeated_adds_nothing_twice(house) -> None:
    _, key = house.member(trusted=True)
    _, second = house.member(trusted=True)
    house.give(second, "x")
    first = house.give(key, "a", "x", {"md5": "zz"}, key="request-1")
    again = house.give(key, "a", "x", {"md5": "zz"}, key="request-1")
    assert again.repeated
    assert (again.import_number, again.kept, again.joined, again.bad, again.rows) == (
        first.import_number, 1, 1, 1, 3
    )  # fmt: skip
    with pytest.raises(IdempotencyReuse):
        house.give(key, "b", key="request-1")
    assert house.give(key, "a", "x").known == 2


BAD = [
    ({"md5": "zz" * 16}, "hexadecimal"),
    ({"md5": "ab"}, "32"),
    ({}, "No hash"),
    ({"pdq": "0" * 64, "pdq_quality": "101"}, "quality"),
    ({"kind": "nothing", "value": "00"}, "Installed"),
    ({"md5": ["ab"]}, "text"),
    ({"md5": value("md5", 1), "self_generated": "perhaps"}, "true or false"),
    ({"md5": value("md5", 1), "status": "gone"}, "status"),
    ({"md5": value("md5", 1), "category": "x" * 41}, "category"),
    ({"md5": value("md5", 1), "sha1": "short"}, "sha1"),
]


@pytest.mark.parametrize(("said", "why"), BAD, ids=[why for _, why in BAD])
def test_a_bad_row_is_kept_with_its_reason_and_the_rest_goes_in(house, said, why) -> None:
    _, key = house.member(trusted=True)
    done = house.give(key, "a", said, "b")
    assert (done.rows, done.kept, done.bad) == (3, 2, 1)
    ((number, reason),) = done.reasons
    assert number == 2
    assert why in reason
    with house.db.read() as tx:
        assert imports.bad_rows(tx, done.import_number) == [(2, reason)]


def test_words_as_others_write_them_are_read(house) -> None:
    """Upper case, booleans as text, flags that are absent, several entries for one file."""
    member, key = house.member(trusted=True)
    md5 = value("md5", "a")
    done = house.give(
        key,
        {"MD5": md5.upper(), "industry_class": "a1", "category_uk": "B", "self_generated": "True"},
        {"md5": f" {md5} ", "industry_class": "A1", "category_uk": "b", "self_generated": True},
        {"md5": value("md5", "b"), "self_generated": "false", "quality": "80"},
    )
    assert (done.kept, done.bad) == (2, 0)
    number = house.number("a")
    assert house.at(number).labels == ("B", "self_generated")
    assert house.givers(number)[member.id].category == "A1"
    assert house.at(house.number("b")).labels == ()


@pytest.mark.parametrize("state", [MemberState.SUSPENDED, MemberState.LEFT])
def test_a_suspended_member_gives_nothing(house, state) -> None:
    member, key = house.member(trusted=True)
    house.give(key, "a")
    with house.db.transaction() as tx:
        hub_members.set_state(tx, member.id, state)
    with pytest.raises(NotAllowed):
        house.give(key, "b")
    with pytest.raises(NotAllowed):
        house.contribute.take_back(key, "KNOWN", [house.number("a")])
    assert house.at(house.number("a")).status is S.ACTIVE, "what it gave stays"


def test_only_open_lists_take_and_only_from_members(house) -> None:
    _, key = house.member(trusted=True)
    house.list("CLOSED", open=False)
    ended = house.list("ENDED")
    with house.db.transaction() as tx:
        hub_lists.end(tx, ended.number)
    with pytest.raises(NotAllowed):
        house.give(key, "a", name="CLOSED")
    for name in ("ENDED", "NOWHERE"):
        with pytest.raises(NotFound):
            house.give(key, "a", name=name)
    with pytest.raises(NotAllowed):
        house.give(house.person(), "a")
    with pytest.raises(BadInput):
        house.give(key, *range(1001))


def test_another_lists_entry_is_not_taken_back_through_this_one(house) -> None:
    _, key = house.member(trusted=True)
    house.list("OTHER")
    house.give(key, "a", name="OTHER")
    with pytest.raises(NotFound):
        house.contribute.take_back(key, "KNOWN", [house.number("a", name="OTHER")])


def test_a_row_that_says_withdrawn_is_taken_back(house) -> None:
    _, key = house.member(trusted=True)
    house.give(key, "a", "b")
    number = house.number("a")
    done = house.give(key, {"md5": value("md5", "a"), "status": "Withdrawn"}, "c")
    assert (done.taken_back, done.kept) == (1, 1)
    assert house.at(number).status is S.WITHDRAWN


def test_a_flood_is_held_and_a_curator_is_asked(house) -> None:
    member, key = house.member(trusted=True)
    house.give(key, *range(40))
    done = house.give(key, *range(100, 140))
    assert done.status == "quarantined"
    assert house.at(house.number(100)).status is S.QUARANTINED
    assert house.at(house.number(1)).status is S.ACTIVE
    with house.db.read() as tx:
        (asked,) = hub_queue.page(tx)
    assert asked.why is QueueWhy.FLOOD
    assert asked.facts["member"] == member.number
    _, calm = house.member(trusted=True)
    assert house.give(calm, "z").status == "active", "others give on"


def test_what_curators_withdrew_returns_only_by_two_people(house) -> None:
    _, key = house.member(trusted=True)
    house.give(key, "a")
    former = house.number("a")
    with house.db.transaction() as tx:
        asked = hub_queue.ask(tx, former, QueueWhy.CONFLICT)
        hub_queue.settle(tx, asked.id, Outcome.WITHDRAW, by="me")
        entries.set_status(tx, former, S.WITHDRAWN, by="me")
    done = house.give(key, "a", "b")
    assert (done.kept, done.returned) == (2, 1)
    again = house.number("a")
    assert house.at(again).status is S.PROPOSED
    assert house.at(house.number("b")).status is S.ACTIVE
    with house.db.transaction() as tx:
        (open_,) = hub_queue.page(tx)
        assert (open_.why, open_.facts["former"]) == (QueueWhy.RETURNED, former)
        hub_given.publish(tx, done.import_number, by="x", second=None)
    assert house.at(again).status is S.PROPOSED, "publishing the batch does not settle the question"


def test_what_the_list_holds_as_harmless_is_a_conflict_and_not_joined(house) -> None:
    _, key = house.member(trusted=True)
    with house.db.transaction() as tx:
        made = entries.add(
            tx, banks.get(tx, "KNOWN"), [("sha256", bytes.fromhex(value("sha256", "a")), 100)],
            negative=True,
        )  # fmt: skip
    done = house.give(key, {"sha256": value("sha256", "a")})
    assert (done.kept, done.joined) == (0, 0)
    with house.db.read() as tx:
        (asked,) = hub_queue.page(tx)
    assert (asked.entry, asked.why) == (made[0].number, QueueWhy.CONFLICT)
    assert asked.facts["harmless"] is True


def test_categories_that_disagree_are_put_before_a_curator(house) -> None:
    (_, key), (_, second) = house.member(trusted=True), house.member(trusted=True)
    house.give(key, "a", "b", "c", category="A")
    house.give(second, "a", category="A")
    house.give(second, "b", category="A1")
    with house.db.read() as tx:
        assert hub_queue.page(tx) == [], "another scale says nothing of this one"
    house.give(second, "c", category="C")
    with house.db.read() as tx:
        (asked,) = hub_queue.page(tx)
    assert asked.facts["categories"] == ["A", "C"]


def test_what_members_said_is_never_changed(house) -> None:
    (_, key), (_, second) = house.member(trusted=True), house.member(trusted=True)
    house.give(key, "a")
    house.give(second, "a")
    with pytest.raises(AppendOnly), house.db.transaction() as tx:
        tx.run("UPDATE hub_gives SET category = 'B'")


def listed(path: Path, text: str) -> Path:
    file = path / "list.csv"
    file.write_bytes(text.encode())
    return file


def loader(house: HubHouse) -> Loader:
    return Loader(db=house.db, feed=house.feed, floods=Floods(10, 10))


def test_a_file_is_given_in_a_members_name_with_categories_of_its_rows(house, tmp_path) -> None:
    member, _ = house.member("Harbour Watch", trusted=True)
    (_, key), by = house.member(trusted=True), house.person()
    house.give(key, "x")
    file = listed(
        tmp_path,
        "\ufeffmd5,category_uk,industry_class,status,self_generated\r\n"
        f"{value('md5', 'a').upper()},A,,active,\r\n"
        f"{value('md5', 'b')},B,,,true\r\n"
        f"{value('md5', 'x')},C,A2,Active,FALSE\r\n"
        f"{value('md5', 'c')},Q!,,,\r\n"
        "nothing,A,,,\r\n",
    )
    giving = house.contribute.for_file(by, "KNOWN", member="Harbour Watch")
    done = loader(house).load("KNOWN", file, by, taker=giving)
    assert (done.rows, done.kept, done.bad) == (5, 2, 2)
    assert (giving.given.joined, giving.given.kept) == (1, 2)
    said = {seed: house.givers(house.number(seed))[member.id].category for seed in "abx"}
    assert said == {"a": "A", "b": "B", "x": "A2"}
    assert house.at(house.number("b")).labels == ("self_generated",)
    with house.db.read() as tx:
        batches = hub_given.page(tx, member=member.id)
        assert [one.import_number for one in batches] == [done.import_number]
        assert batches[0].way is GivenBy.CSV
        parts = hub_given.parts(tx, done.import_number)
        assert sum(imports.get(tx, part).rows_kept for part in parts[1:]) == 2
    again = house.contribute.for_file(by, "KNOWN", member="Harbour Watch")
    assert loader(house).load("KNOWN", file, by, taker=again).kept == 0
    assert again.given.joined == 0


def test_two_members_who_give_the_same_file_both_give_its_entries(house, tmp_path) -> None:
    (one, _), (other, _), by = house.member("One"), house.member("Other"), house.person()
    file = listed(tmp_path, "md5\n" + "".join(f"{value('md5', n)}\n" for n in range(5)))
    for name in ("One", "Other"):
        loader(house).load(
            "KNOWN", file, by, taker=house.contribute.for_file(by, "KNOWN", member=name)
        )
    found = house.givers(house.number(3))
    assert set(found) == {one.id, other.id}
    assert house.at(house.number(3)).status is S.PROPOSED


def test_only_who_runs_the_hub_gives_in_anothers_name(house) -> None:
    house.member("Harbour Watch")
    _, key = house.member()
    with pytest.raises(NotAllowed):
        house.contribute.for_file(key, "KNOWN", member="Harbour Watch")

"""Many give and take back at once, curators between them: who gives what is as a plain model says.

A member gives a value at the end when its own last word on it is that it does, whatever the others
did meanwhile; a value stands while anybody gives it; no value stands twice.
"""

from __future__ import annotations

import random
import threading

import pytest
from tests.builders_hub import HubHouse, value

from breakwater.hub.contribute import Request
from breakwater.hub.holding import Limits
from breakwater.model.bank import EntryStatus as S
from breakwater.model.hub_given import Outcome, QueueWhy
from breakwater.records import banks, entries

pytestmark = pytest.mark.usefixtures("keyring")
VALUES = range(6)


@pytest.fixture
def house(database, tmp_path):
    made = HubHouse(database, tmp_path, Limits(entries_per_hour=10**6))
    made.list()
    yield made
    made.close()


def act(house, key, chance) -> dict[int, str | None]:
    """One thing a member does; answers its last word on each value it spoke of."""
    chosen = chance.sample(VALUES, chance.randint(1, 3))
    if chance.random() < 0.6:
        category = chance.choice(["A", "B", ""])
        rows = [{"md5": value("md5", one), "category": category} for one in chosen]
        house.contribute.give(key, "KNOWN", Request(rows))
        return dict.fromkeys(chosen, category)
    there = [found.number for one in chosen if (found := house.entry(one)) is not None]
    if there:
        house.contribute.take_back(key, "KNOWN", there)
    return dict.fromkeys(chosen)


def standing(house) -> dict[int, dict[str, str]]:
    """Who gives each value that stands, with its category."""
    found = {}
    for one in VALUES:
        entry = house.entry(one)
        if entry is not None:
            given = house.givers(entry.number)
            found[one] = {member: giver.category for member, giver in given.items()}
    return found


def checked(house) -> None:
    """No value stands twice, no entry without a contributor stands, counts are those of rows."""
    with house.db.read() as tx:
        every = entries.page(tx, banks.get(tx, "KNOWN"), limit=10_000)
        counts = entries.counts(tx)
    alive = [one for one in every if one.status is not S.WITHDRAWN]
    assert len({one.value for one in alive}) == len(alive)
    assert all(house.givers(one.number) for one in alive)
    rows = {state: sum(one.status is state for one in every) for state in S}
    assert {state: counts.get(("md5", state), 0) for state in S} == rows


@pytest.mark.parametrize("seed", range(2))
def test_members_at_once_are_as_each_said_last(house, seed) -> None:
    members = [house.member(trusted=True) for _ in range(4)]
    said: dict[str, dict[int, str | None]] = {}
    faults: list[BaseException] = []

    def run(member, key, number) -> None:
        chance, mine = random.Random(seed * 10 + number), {}
        try:
            for _ in range(15):
                mine |= act(house, key, chance)
        except BaseException as fault:  # noqa: BLE001 - told below, by the thread that asserts
            faults.append(fault)
        said[member.id] = mine

    threads = [threading.Thread(target=run, args=(*one, at)) for at, one in enumerate(members)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert faults == []
    wanted: dict[int, dict[str, str]] = {}
    for member, words in said.items():
        for one, category in words.items():
            if category is not None:
                wanted.setdefault(one, {})[member] = category
    assert standing(house) == wanted
    checked(house)


def heard(member, words, model, status, tombs) -> None:
    """The model hears what a member said of each value."""
    for which, category in words.items():
        if category is not None:
            if which not in model:
                status[which] = S.PROPOSED if which in tombs else S.ACTIVE
            model.setdefault(which, {})[member] = category
            continue
        model.get(which, {}).pop(member, None)
        if not model.get(which):
            model.pop(which, None)


@pytest.mark.parametrize("seed", range(2))
def test_with_curators_between_it_is_as_the_model_says(house, seed) -> None:
    chance = random.Random(seed)
    members = [house.member(trusted=True) for _ in range(3)]
    one, other = house.person(), house.person()
    model: dict[int, dict[str, str]] = {}
    tombs: dict[int, int] = {}
    status: dict[int, S] = {}
    for _ in range(30):
        pick = chance.random()
        if pick < 0.8:
            member, key = chance.choice(members)
            heard(member.id, act(house, key, chance), model, status, tombs)
        elif pick < 0.9 and model:
            which = chance.choice(sorted(model))
            number = house.number(which)
            house.curate.withdraw(one, number, reason="a meme")
            model.pop(which)
            tombs[which] = number
        else:
            for asked in house.open():
                if asked.why is QueueWhy.RETURNED and house.at(asked.entry).status is S.PROPOSED:
                    house.curate.settle(one, asked.id, Outcome.KEEP)
                    house.curate.settle(other, asked.id, Outcome.KEEP)
            for which in model:
                if which in tombs and status[which] is S.PROPOSED and not waits(house, which):
                    status[which] = S.ACTIVE
        assert standing(house) == model
        assert {which: house.entry(which).status for which in model} == {
            which: status[which] for which in model
        }
    checked(house)


def waits(house, which) -> bool:
    number = house.number(which)
    return any(asked.entry == number for asked in house.open())

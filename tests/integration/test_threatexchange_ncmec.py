"""The real client of others, unmodified, pulls from us: python-threatexchange's NCMEC exchange."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from threatexchange.exchanges.clients.ncmec.hash_api import (
    FeedbackType,
    FingerprintType,
    NCMECHashAPI,
)
from threatexchange.exchanges.impl.ncmec_api import NCMECCollabConfig, NCMECSignalExchangeAPI
from threatexchange.signal_type.pdq.signal import PdqSignal

from breakwater.model.hub import REASONS, Effect, FeedbackKind
from breakwater.records import entries, jobs
from breakwater.records.tables.nouns_hub import hub_marks, hub_stamps
from tests import builders_feeds
from tests.builders_feeds import Hub, rows
from tests.integration.served import serving

YEAR = 365 * 86_400


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    """The client stamps local time as UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Site:
    """A served hub with one giver, one follower and one list."""

    def __init__(self, served) -> None:
        self.served = served
        self.hub = Hub(served.app.db)
        self.hub.list()
        self.giver = self.hub.member("A hotline")
        self.follower = self.hub.member("A service")
        self.rule = self.hub.rule(recipient=self.follower.id)
        self.key = builders_feeds.key_of(served, self.follower)
        self.state: dict[str, object] = {}
        self.checkpoint = None
        self.aged = 0

    def environment(self, name: str = "SHARED") -> SimpleNamespace:
        return SimpleNamespace(value=f"{self.served.url}/hub/{name}")

    def api(self, name: str = "SHARED") -> NCMECHashAPI:
        return NCMECHashAPI("member", self.key, self.environment(name))

    def pull(self, name: str = "SHARED") -> int:
        """Follow as the client does, from its last checkpoint; answers updates."""
        config = NCMECCollabConfig(name="hub", environment=self.environment(name))
        exchange = NCMECSignalExchangeAPI(config, "member", self.key)
        count = 0
        for delta in exchange.fetch_iter([PdqSignal], self.checkpoint):
            for key, update in delta.updates.items():
                merged = NCMECSignalExchangeAPI.fetch_value_merge(self.state.get(key), update)
                self.state.pop(key, None)
                if merged is not None:
                    self.state[key] = merged
                count += 1
            self.checkpoint = delta.checkpoint
        return count

    def values(self) -> set[str]:
        return {one.fingerprints["pdq"] for one in self.state.values()}

    def tidy(self) -> None:
        """What the worker does."""
        self.served.app.feeds.clock.turn()
        self.served.app.feeds.releases.turn()
        self.move()

    def move(self) -> None:
        while found := jobs.claim(self.served.app.db, ["hub.move"], owner="test", lease_s=60):
            for job in found:
                self.served.app.feeds.releases.move(job.payload, 1, lambda _: None)
                with self.served.app.db.transaction() as tx:
                    jobs.finish(tx, job)


@pytest.fixture
def site(tmp_path):
    with serving(tmp_path) as served:
        yield Site(served)


def hexes(some) -> set[str]:
    return {value.hex() for _, value, _ in some}


def test_threatexchange_pulls_fifty_thousand_entries_of_a_year_exactly_once(site):
    now = int(time.time())
    for turn in range(100):
        site.hub.give(site.giver, rows(500, turn * 500), category="A1")
        site.hub.stamp(now - YEAR + turn * YEAR // 101 + turn % 7, most=200)
    count = site.pull()
    assert count >= 50_000
    assert len(site.state) == 50_000
    assert site.values() == hexes(rows(50_000))
    assert {one.classification for one in site.state.values()} == {"A1"}
    assert {one.member_id for one in site.state.values()} == {site.giver.number}


def test_threatexchange_pulls_a_burst_of_one_second(site):
    now = int(time.time())
    site.hub.give(site.giver, rows(5_500))
    site.hub.stamp(now - 90)
    site.pull()
    assert site.values() == hexes(rows(5_500))
    assert site.pull("all") >= 0


def test_threatexchange_follows_updates_tombstones_and_releases(site):
    first = site.hub.give(site.giver, rows(30))
    site.hub.stamp(int(time.time()) - 3_000)
    site.pull()
    assert len(site.state) == 30
    site.checkpoint = type(site.checkpoint)(int(time.time()) - 2_000)
    site.hub.withdraw(first[3])
    with site.hub.db.transaction() as tx:
        entries.override(tx, first[4], labels=["video"])
    site.hub.give(site.giver, rows(5, 100))
    _past(site)
    site.pull()
    assert len(site.state) == 34
    assert f"{site.giver.number}-{first[3]}" not in site.state
    site.hub.end_rule(site.rule)
    site.tidy()
    _past(site)
    site.checkpoint = type(site.checkpoint)(int(time.time()) - 2_000)
    site.pull()
    assert site.state == {}, "what no rule releases any more is taken back"
    site.hub.rule(recipient=site.follower.id)
    site.tidy()
    _past(site)
    site.checkpoint = type(site.checkpoint)(int(time.time()) - 2_000)
    site.pull()
    assert len(site.state) == 34, "what a new rule releases comes, however old it is"


def _past(site) -> None:
    """Stamp as if some time had gone by: the client asks up to five seconds ago."""
    with site.hub.db.transaction() as tx:
        tx.execute(hub_marks.delete().where(hub_marks.c.name == "closed"))
    site.served.app.feeds.clock.turn()
    with site.hub.db.transaction() as tx:
        known = [row.second for row in tx.execute(hub_stamps.select())]
        for second in sorted(one for one in known if one > int(time.time()) - 1_000):
            site.aged += 1
            tx.execute(
                hub_stamps.update()
                .where(hub_stamps.c.second == second)
                .values(second=int(time.time()) - 1_900 + site.aged)
            )


def test_threatexchange_asks_who_it_is_and_for_members_and_reasons(site):
    api = site.api()
    assert (api.status().esp_id, api.status().esp_name) == (site.follower.number, "A service")
    assert {(one.esp_id, one.esp_name) for one in api.members()} >= {
        (site.giver.number, "A hotline"),
        (site.follower.number, "A service"),
    }
    negative = {one.id: one.name for one in REASONS if one.kind is FeedbackKind.NEGATIVE}
    for kind in FingerprintType:
        assert api.feedback_reasons(kind) == negative


def test_threatexchange_feedback_goes_both_ways(site):
    numbers = site.hub.give(site.giver, rows(3))
    site.hub.stamp(int(time.time()) - 60)
    api = site.api()
    api.submit_upvote(site.giver.number, str(numbers[0]), FingerprintType.pdq)
    api.submit_feedback(
        site.giver.number,
        str(numbers[1]),
        FingerprintType.pdq,
        FeedbackType.downvote,
        REASONS[1].id,
    )
    found = {one.id: one for one in api.get_entries(end_timestamp=int(time.time()) + 4).updates}
    up = found[str(numbers[0])].feedback["Pdq"]
    assert [(one.feedback_type, one.member.esp_name) for one in up] == [
        (FeedbackType.upvote, "A service")
    ]
    down = found[str(numbers[1])].feedback["Pdq"]
    assert [(one.feedback_type, one.reason) for one in down] == [
        (FeedbackType.downvote, REASONS[1].name)
    ]


def test_threatexchange_gets_nothing_that_a_rule_denies(site):
    site.hub.give(site.giver, rows(5), category="A1")
    site.hub.give(site.giver, rows(5, 50), category="B2")
    site.hub.rule(Effect.DENY, category="B2", recipient=site.follower.id)
    site.hub.stamp(int(time.time()) - 60)
    site.pull()
    assert site.values() == hexes(rows(5))

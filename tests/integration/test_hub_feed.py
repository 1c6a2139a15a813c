"""Members' own clients: changes in commit order, signed files that resume, news within seconds."""

from __future__ import annotations

import base64
import io
import threading

import httpx
import pytest

from breakwater.model import segment_file
from breakwater.model.bank import EntryStatus
from breakwater.model.hub import Effect, MemberState
from breakwater.model.hub_feed import Released
from breakwater.records import entries, hub_feeds, hub_members, jobs
from tests import builders_feeds
from tests.builders_feeds import Hub, rows
from tests.integration.served import serving


class Site:
    """A served hub with a giver and a follower."""

    def __init__(self, served) -> None:
        self.served, self.feeds = served, served.app.feeds
        self.hub = Hub(served.app.db)
        self.hub.list()
        self.giver = self.hub.member("A hotline")
        self.follower = self.hub.member("A service")
        self.rule = self.hub.rule(recipient=self.follower.id)
        self.key = builders_feeds.key_of(served, self.follower)
        self.client = served.client(self.key)
        self.held: dict[int, bytes] = {}
        self.place = 0

    def follow(self, limit: int = 7) -> int:
        """Ask for changes until there are none; answers rows."""
        count = 0
        while True:
            said = self.ask(f"/v1/hub/changes?after={self.place}&limit={limit}")
            for one in said["changes"]:
                assert one["change"] > self.place
                self.place = one["change"]
                if "gone" in one:
                    self.held.pop(one["number"], None)
                else:
                    self.held[one["number"]] = bytes.fromhex(one["value"])
                    assert said["terms"][one["terms"]]["permitted_use"] == "detection"
                count += 1
            self.place = said["through"]
            if said["through"] == said["newest"]:
                return count

    def ask(self, path: str):
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def download(self) -> dict[int, bytes]:
        """All segments, verified."""
        said = self.ask("/v1/hub/segments")
        key = base64.b64decode(self.ask("/v1/hub/key")["keys"][0])
        manifest = segment_file.verified(
            said["manifest"].encode(), base64.b64decode(said["signature"]), key
        )
        held: dict[int, bytes] = {}
        for listed in manifest.files:
            data = self.client.get(f"/v1/hub/segments/{listed.name}").content
            segment_file.same(io.BytesIO(data), listed)
            if not listed.after:
                held.clear()
            for one in segment_file.read(data).news():
                if isinstance(one, Released):
                    held[one.number] = one.value
                else:
                    held.pop(one.number, None)
        self.manifest = manifest
        return held

    def tidy(self) -> None:
        self.feeds.releases.turn()
        while found := jobs.claim(self.served.app.db, ["hub.move"], owner="test", lease_s=60):
            for job in found:
                self.feeds.releases.move(job.payload, 1, lambda _: None)
                with self.served.app.db.transaction() as tx:
                    jobs.finish(tx, job)


@pytest.fixture
def site(tmp_path):
    with serving(tmp_path) as served:
        yield Site(served)


def test_a_follower_has_what_the_hub_has_and_each_change_once(site):
    numbers = site.hub.give(site.giver, rows(40), category="A1")
    assert site.follow() == 40
    assert site.held == {n: v for n, (_, v, _) in zip(numbers, sorted(rows(40)), strict=True)}
    assert site.follow() == 0
    site.hub.withdraw(numbers[0])
    with site.hub.db.transaction() as tx:
        entries.set_status(tx, numbers[1], EntryStatus.QUARANTINED, by="test")
    site.hub.give(site.giver, rows(5, 100), status=EntryStatus.PROPOSED)
    assert site.follow() == 2
    assert sorted(site.held) == numbers[2:]
    with site.hub.db.transaction() as tx:
        entries.set_status(tx, numbers[1], EntryStatus.ACTIVE, by="test")
    site.follow()
    assert sorted(site.held) == numbers[1:]
    assert site.download() == site.held


def test_rules_that_end_take_back_and_new_ones_release_what_is_old(site):
    numbers = site.hub.give(site.giver, rows(20))
    site.follow()
    site.hub.end_rule(site.rule)
    site.tidy()
    site.follow()
    assert site.held == {}
    assert site.download() == {}
    site.hub.rule(recipient=site.follower.id, source=site.giver.id)
    site.tidy()
    site.follow()
    assert sorted(site.held) == numbers
    assert site.download() == site.held
    before = site.place
    site.tidy()
    assert site.follow() == 0, "nothing moves when no ruling changed"
    assert site.place == before


def test_a_first_pull_moves_nothing_and_a_member_that_never_pulled_moves_nothing(site):
    site.hub.give(site.giver, rows(20))
    with site.hub.db.read() as tx:
        newest = hub_feeds.newest(tx)
    site.hub.member("Another")
    site.tidy()
    site.follow()
    site.tidy()
    with site.hub.db.read() as tx:
        assert hub_feeds.newest(tx) == newest


def test_a_place_of_another_past_is_told_to_begin_anew(site):
    site.hub.give(site.giver, rows(3))
    said = site.ask("/v1/hub/changes?after=999999999")
    assert (said["reset"], said["through"], said["changes"]) == (True, 0, [])


def test_who_is_suspended_gets_a_refusal_and_never_an_empty_answer(site):
    site.hub.give(site.giver, rows(3))
    with site.hub.db.transaction() as tx:
        hub_members.set_state(tx, site.follower.id, MemberState.SUSPENDED)
    for path in (
        "/v1/hub/changes",
        "/v1/hub/segments",
        "/hub/all/v2/entries",
        "/hub/all/v2/status",
    ):
        assert site.client.get(path).status_code == 403
    stranger = site.served.client(site.served.key("hub:pull"))
    assert stranger.get("/v1/hub/changes").status_code == 403


def test_small_files_are_built_as_one_and_none_is_missed(site):
    site.hub.give(site.giver, rows(10))
    for turn in range(12):
        numbers = site.hub.give(site.giver, rows(3, 1000 + turn * 10))
        site.hub.withdraw(numbers[0])
        held = site.download()
        site.follow()
        assert held == site.held
        assert len(site.manifest.files) <= 10
    assert site.manifest.through == site.place
    site.feeds.segments.turn()


def test_a_file_goes_on_where_it_was_cut_and_is_for_those_who_see_alike_alone(site):
    site.hub.give(site.giver, rows(50))
    site.download()
    name = site.manifest.files[0].name
    whole = site.client.get(f"/v1/hub/segments/{name}").content
    rest = site.client.get(f"/v1/hub/segments/{name}", headers={"Range": "bytes=100-"})
    assert (rest.status_code, rest.content) == (206, whole[100:])
    other = site.hub.member("Another")
    key = builders_feeds.key_of(site.served, other)
    assert site.served.client(key).get(f"/v1/hub/segments/{name}").status_code == 404
    site.hub.rule(Effect.DENY, source=site.giver.id)
    assert site.client.get(f"/v1/hub/segments/{name}").status_code == 404, "its view is over"


def test_a_label_that_a_rule_denies_is_in_no_file_any_more(site):
    numbers = site.hub.give(site.giver, rows(10))
    site.hub.rule(Effect.DENY, category="secret")
    assert len(site.download()) == 10
    with site.hub.db.transaction() as tx:
        entries.override(tx, numbers[3], labels=["secret"])
    assert sorted(site.download()) == [n for n in numbers if n != numbers[3]]
    value = sorted(rows(10))[3][1]
    for listed in site.manifest.files:
        assert value not in site.client.get(f"/v1/hub/segments/{listed.name}").content


def test_news_of_a_change_comes_within_seconds(site):
    site.hub.give(site.giver, rows(1))
    heard, ready = [], threading.Event()

    def listen() -> None:
        with httpx.stream(
            "GET", f"{site.served.url}/v1/hub/news", timeout=30,
            headers={"Authorization": f"Bearer {site.key}"},
        ) as answer:  # fmt: skip
            for line in answer.iter_lines():
                if line.startswith("data: changes"):
                    heard.append(int(line.split()[-1]))
                    ready.set()
                if len(heard) > 1:
                    return

    thread = threading.Thread(target=listen)
    thread.start()
    assert ready.wait(20)
    site.hub.give(site.giver, rows(1, 50))
    thread.join(20)
    assert heard == sorted(set(heard))
    assert len(heard) == 2


def test_how_members_follow_is_written_down(site):
    site.hub.give(site.giver, rows(4))
    site.follow()
    site.download()
    site.feeds.following.turn()
    with site.hub.db.read() as tx:
        found = {one.dialect: one for one in hub_feeds.pulls(tx, site.follower.id)}
    assert (found["json"].rows, found["json"].change) == (4, site.place)
    assert found["segments"].requests == 1

"""The NCMEC dialect's bad days: another's key, clocks that disagree, windows of ten years, replays."""

from __future__ import annotations

import itertools
import time
import xml.etree.ElementTree as ET

import pytest

from breakwater.model.hub import REASONS
from breakwater.records import hub_stamps
from tests import builders_feeds
from tests.builders_feeds import Hub, rows, spelled
from tests.integration.served import serving

NS = "{https://hashsharing.ncmec.org/hashsharing/v2}"


class Site:
    def __init__(self, served) -> None:
        self.served = served
        self.hub = Hub(served.app.db)
        self.hub.list()
        self.giver = self.hub.member("A & B <hotline>")
        self.follower = self.hub.member("A service")
        self.hub.rule(recipient=self.follower.id)
        self.key = builders_feeds.key_of(served, self.follower)
        self.client = served.client(auth=("anybody", self.key))

    def page(self, path: str, client=None):
        answer = (client or self.client).get(path)
        assert answer.status_code == 200, answer.text
        assert answer.content.startswith(b"<?xml"), "at byte 0"
        return ET.fromstring(answer.content)

    def window(self, start: int, end: int, name: str = "all", client=None) -> list[str]:
        """Ids of a whole window, page by page."""
        path = f"/v2/entries?from={spelled(start)}&to={spelled(end)}"
        found: list[str] = []
        while path:
            root = self.page(f"/hub/{name}{path}", client)
            found += [one.text for one in root.iter(f"{NS}id")]
            path = root.findtext(f"{NS}paging/{NS}next", "")
        return found


@pytest.fixture
def site(tmp_path):
    with serving(tmp_path) as served:
        yield Site(served)


def test_windows_that_touch_hold_every_entry_once(site):
    now = int(time.time())
    for turn in range(30):
        site.hub.give(site.giver, rows(40, turn * 40))
        site.hub.stamp(now - 3_000 + turn * 90, most=25)
    found: list[str] = []
    edges = [0, now - 3_000, now - 2_500, now - 2_499, now - 1_111, now - 400, now]
    for start, end in itertools.pairwise(edges):
        found += site.window(start, end)
    assert len(found) == len(set(found)) == 1_200
    assert sorted(found) == sorted(site.window(now - 10 * 365 * 86_400, now))


def test_seconds_are_whole_and_those_of_the_window(site):
    now = int(time.time())
    site.hub.give(site.giver, rows(7))
    site.hub.stamp(now - 100)
    root = site.page(f"/hub/SHARED/v2/entries?from={spelled(now - 100)}&to={spelled(now - 99)}")
    images = root.find(f"{NS}images")
    assert (images.get("count"), images.get("maxTimestamp")) == ("7", spelled(now - 100))
    assert {one.text for one in root.iter(f"{NS}timestamp")} == {spelled(now - 100)}
    assert images[0].findtext(f"{NS}member") == "A & B <hotline>"
    assert images[0].findtext(f"{NS}fingerprints/{NS}pdq") in {v.hex() for _, v, _ in rows(7)}
    assert site.window(now - 99, now) == []
    assert site.window(now - 200, now - 100) == []


def test_what_comes_after_a_window_was_answered_is_in_a_later_one(site):
    site.hub.give(site.giver, rows(3))
    now = int(time.time())
    first = site.window(0, now + 3)
    site.hub.give(site.giver, rows(3, 50))
    site.served.app.feeds.clock.turn()
    assert site.window(0, now + 3) == first, "it is answered the same for ever"
    with site.hub.db.read() as tx:
        assert min(second for second, _ in hub_stamps.rows(tx)[-1:]) >= now + 3


def test_a_clock_that_is_ahead_is_told_and_loses_nothing(site):
    site.hub.give(site.giver, rows(3))
    now = int(time.time())
    for start, end in ((0, now + 3_600), (now + 3_000, now + 3_600)):
        answer = site.client.get(f"/hub/all/v2/entries?from={spelled(start)}&to={spelled(end)}")
        assert answer.status_code == 422
        assert "ahead" in answer.json()["detail"]
    assert len(site.window(0, now + 2)) == 3, "nothing was closed by what was refused"


def test_a_clock_that_is_behind_gets_all_in_the_end(site):
    site.hub.give(site.giver, rows(3))
    site.served.app.feeds.clock.turn()
    now = int(time.time())
    late = site.window(0, now - 3_600)
    assert len(late + site.window(now - 3_600, now + 3)) == 3


@pytest.mark.parametrize(
    "query",
    ["from=nonsense&to=2026-01-01T00:00:00Z", "from=&to=99999-01-01", "start=x", "start=99999999999999999999"],
)  # fmt: skip
def test_nonsense_is_refused(site, query):
    assert site.client.get(f"/hub/all/v2/entries?{query}").status_code == 422


def test_a_window_that_ends_before_it_begins_is_empty(site):
    site.hub.give(site.giver, rows(3))
    now = int(time.time())
    assert site.window(now, now - 500) == []


def test_a_page_asked_again_is_the_same_and_shows_another_member_its_own_view(site):
    now = int(time.time())
    site.hub.give(site.giver, rows(2_500))
    site.hub.stamp(now - 50)
    first = site.page(f"/hub/all/v2/entries?from={spelled(0)}&to={spelled(now)}")
    path = "/hub/all" + first.findtext(f"{NS}paging/{NS}next")
    pages = {site.client.get(path).content for _ in range(2)}
    assert len(pages) == 1
    assert len(list(site.page(path).iter(f"{NS}id"))) == 1_000
    other = site.hub.member("Nobody's friend")
    stranger = site.served.client(auth=("x", builders_feeds.key_of(site.served, other)))
    root = site.page(path, stranger)
    assert list(root.iter(f"{NS}id")) == []
    assert site.window(0, now, client=stranger) == []


def test_only_members_keys_open_it_by_password_or_by_id_and_secret(site):
    plain = site.key.removeprefix("bw_")
    user, secret = plain.split("_", 1)
    assert site.served.client(auth=(user, secret)).get("/hub/all/v2/status").status_code == 200
    assert site.client.get("/hub/all/v2/status").status_code == 200
    assert (
        site.served.client(auth=("anybody", "bw_wrong")).get("/hub/all/v2/status").status_code
        == 401
    )
    assert site.served.client().get("/hub/all/v2/status").status_code == 401
    key = site.served.key("hub:pull")
    assert site.served.client(auth=("x", key)).get("/hub/all/v2/status").status_code == 403
    assert site.client.get("/hub/NO_SUCH/v2/status").status_code == 404


def test_a_harmless_entry_and_one_of_no_known_type_are_not_told(site):
    now = int(time.time())
    site.hub.give(site.giver, rows(2))
    site.hub.give(site.giver, rows(2, 20, "sha256"))
    site.hub.give(site.giver, rows(2, 40, "md5"))
    site.hub.stamp(now - 20)
    assert len(site.window(0, now)) == 4


@pytest.mark.parametrize(
    "body",
    [b"", b"<", b"<a/>", b"<feedbackSubmission/>", b"<feedbackSubmission><negative/></feedbackSubmission>",
     b"<feedbackSubmission><affirmative/><affirmative/></feedbackSubmission>",
     b'<!DOCTYPE a [<!ENTITY b "c">]><feedbackSubmission><affirmative/></feedbackSubmission>'],
)  # fmt: skip
def test_feedback_that_is_none_is_refused(site, body):
    number = site.hub.give(site.giver, rows(1))[0]
    path = f"/hub/all/v2/entries/{site.giver.number}/{number}/PDQ/feedback"
    assert site.client.put(path, content=body).status_code == 422


def test_feedback_is_taken_only_on_what_its_giver_may_see(site):
    number = site.hub.give(site.giver, rows(1))[0]
    other = site.hub.member("Nobody's friend")
    stranger = site.served.client(auth=("x", builders_feeds.key_of(site.served, other)))
    body = b"<feedbackSubmission><affirmative/></feedbackSubmission>"
    path = f"/hub/all/v2/entries/{site.giver.number}/{number}/PDQ/feedback"
    assert stranger.put(path, content=body).status_code == 404
    assert site.client.put(path.replace(f"/{number}/", "/999/"), content=body).status_code == 404
    assert site.client.put(path.replace("PDQ", "NETCLEAN"), content=body).status_code == 422
    wrong = f"<feedbackSubmission><negative><reasonIds><guid>{REASONS[5].id}</guid></reasonIds></negative></feedbackSubmission>"
    assert site.client.put(path, content=wrong.encode()).status_code == 422
    assert site.client.put(path, content=body).status_code == 204

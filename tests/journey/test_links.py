"""The story of links, through public faces only: what is decided is compared, and people have the last word.

Three pictures under one platform's overlay are known by their hashes and blocked; a person decides. Two
show one room and become a series, the third stands alone. The server is killed and goes on; a
rejected link splits the series and a link taken back joins it again; a rebuild changes nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from breakwater.cli.demo_links import FOUND, samples
from tests.integration.console_site import until
from tests.journey.test_live_story import signed_in
from tests.journey.test_wall import Installation

IDA = "Ida Reed"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    place = tmp_path_factory.mktemp("links")
    (place / "keys").mkdir()
    made = Installation(place)
    made.start()
    try:
        yield made
    finally:
        made.stop()


def investigator(found: Installation) -> httpx.Client:
    """Somebody who decides and seeks."""
    admin = signed_in(found, found.link)
    with contextlib.closing(admin):
        roles = {"name": IDA, "roles": ["reviewer", "investigator"]}
        page = admin.post("/people", data=roles).text
    link = re.search(r"http://[^\s\"<]+/login/[A-Za-z0-9_-]+", page)
    assert link is not None, page[-2000:]
    return signed_in(found, link[0])


def sent(found: Installation) -> list[str]:
    """Three pictures that a list knows; answers their cases."""
    cases = []
    with httpx.Client(
        base_url=found.url, headers={"Authorization": f"Bearer {found.key}"}, timeout=60
    ) as lists:
        bank = {"name": "ROOMS", "purpose": "What must not come back"}
        lists.post("/v1/banks", json=bank).raise_for_status()
        for number, one in enumerate(samples()):
            value = f"sha256:{hashlib.sha256(one.content).hexdigest()}"
            signals = {"signals": [{"signal": value}]}
            lists.post("/v1/banks/ROOMS/entries", json=signals).raise_for_status()
            verdict = found.upload(one.content, mime=one.type, account=f"guest-{number}")
            cases.append(verdict["case"])
    return cases


def ask(who: httpx.Client, path: str, **asked: Any) -> Any:
    answer = who.get(f"/v1/links/{path}", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_from_decisions_to_a_series_that_people_settle(found: Installation) -> None:
    cases = sent(found)
    assert all(cases)
    with contextlib.closing(investigator(found)) as ida:
        assert ask(ida, "media", case=cases)["media"] == [], "nothing is linked before a decision"
        for case in cases:
            said = {"kind": "illegal", "reason": "As listed.", "facts": FOUND}
            answer = ida.post(f"/v1/cases/{case}/decisions", json=said)
            assert answer.status_code == 201, answer.text

        def compared() -> bool:
            media = ask(ida, "media", case=cases)["media"]
            return len(media) == 3 and all(one["compared"] for one in media)

        until(compared, 120)
        (series,) = ask(ida, "series")["series"]
        look = ask(ida, f"series/{series['number']}")
        assert sorted(one["case"] for one in look["media"]) == sorted(cases[:2])
        (place,) = [one for one in look["links"] if one["kind"] == "place"]
        pairs = ask(ida, f"edges/{place['number']}")["link"]["evidence"]["pairs"]
        assert pairs[0]["inliers"] >= 19

    found.stop(signal.SIGKILL)
    found.start()
    judged(found, [one["number"] for one in look["links"]], series["number"])


def judged(found: Installation, links: list[int], series: int) -> None:
    """By the command, in her name: apart, together again, and all computed anew."""
    why = ("--reason", "Another window.", "--signed-by", IDA)
    for number in links:
        found.command("links", "reject", str(number), *why)
    assert found.command("links", "list") == []
    for number in links:
        found.command("links", "take-back", str(number), *why)
    (again,) = found.command("links", "list")
    assert (again["number"], again["media"]) == (series, 2)
    assert found.command("links", "rebuild")["changed"] == []
    assert found.command("links", "status")["media"] == {"looked": 3}
    assert found.command("audit", "verify")

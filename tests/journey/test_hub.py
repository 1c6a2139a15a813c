"""The story of the hub, through public faces only: two installations, commands and HTTP.

A hotline gives hashes to a shared list, two people let them out, and another installation follows:
killed in the middle of its first pull, it has each entry once. What it is not meant to see it never
sees; what is withdrawn it lets go of seconds later, and the upload that was held for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.conftest import photo
from tests.journey.test_live_story import signed_in
from tests.journey.test_wall import BREAKWATER, Installation

MANY = 6_000
LIST, BANK = "SHARED", "FROM_HUB"


@dataclass
class Two:
    """The hub, and an installation that follows it."""

    hub: Installation
    member: Installation
    ada: httpx.Client
    opened: contextlib.ExitStack


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    made = []
    for name in ("hub", "member"):
        place = tmp_path_factory.mktemp(name)
        (place / "keys").mkdir()
        made.append(Installation(place))
    hub, member = made
    member.environment["BREAKWATER_EXCHANGE_PRIVATE_NETWORKS"] = "127.0.0.0/8"
    hub.start()
    try:
        member.start()
        with contextlib.ExitStack() as opened:
            ada = opened.enter_context(contextlib.closing(signed_in(hub, hub.link)))
            yield Two(hub, member, ada, opened)
    finally:
        member.stop()
        hub.stop()


def until(seen: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait for it."""
    end = time.monotonic() + seconds
    while not (found := seen()):
        assert time.monotonic() < end, "It was not seen in time."
        time.sleep(0.1)
    return found


def token_of(hub: Installation, name: str, *more: str) -> str:
    """A member's key."""
    return str(hub.command("hub", "member", "key", name, *more)["token"])


def as_member(two: Two, token: str) -> httpx.Client:
    """What a member's own client would be."""
    headers = {"Authorization": f"Bearer {token}"}
    made = httpx.Client(base_url=two.hub.url, headers=headers, timeout=60)
    return two.opened.enter_context(made)


def md5(number: int) -> str:
    return hashlib.md5(f"file {number}".encode(), usedforsecurity=False).hexdigest()


def feed(member: Installation) -> dict[str, Any]:
    """How the member's feed does."""
    answer = httpx.get(
        f"{member.url}/v1/exchanges/hub", headers={"Authorization": f"Bearer {member.key}"}
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["feed"]
    return found


def test_from_a_hotline_to_an_upload_at_a_member_and_back(two: Two, tmp_path: Path) -> None:
    hub, member, ada = two.hub, two.member, two.ada
    content = photo(81)
    known = hashlib.md5(content, usedforsecurity=False).hexdigest()
    hub.command("bank", "create", LIST, "--purpose", "What hotlines here found")
    hub.command("hub", "list", "share", LIST)
    for name, kind in (
        ("A hotline", "hotline"),
        ("A service", "service"),
        ("A stranger", "service"),
    ):
        hub.command("hub", "member", "add", name, "--kind", kind)
    token = token_of(hub, "A service")
    giver = as_member(two, token_of(hub, "A hotline", "--give"))
    stranger = as_member(two, token_of(hub, "A stranger"))
    follower = as_member(two, token)

    listed = tmp_path / "list.csv"
    listed.write_text("md5,category_uk\n" + "".join(f"{md5(n)},B\n" for n in range(MANY)))
    hub.command("hub", "import", LIST, str(listed), "--as", "A hotline")
    rule = hub.command(
        "hub", "rule", "add", "--list", LIST, "--to", "A service", "--reason", "Agreed."
    )
    subject = rule["waits"]["subject"]
    assert ada.post(f"/v1/hub/rules/{subject}/confirm", json={}).status_code == 200
    assert follower.get("/v1/hub/changes?after=0").json()["changes"] == []
    let_out(hub, ada)

    follow(member, hub, token, tmp_path)
    before = member.upload(content)
    assert before["action"] == "allow"
    said = giver.post(
        f"/v1/hub/lists/{LIST}/entries", json={"entries": [{"md5": known, "category": "A1"}]}
    )
    assert said.status_code == 201, said.text
    let_out(hub, ada)
    until(lambda: feed(member)["entries"] == MANY + 1, 20)
    held = member.upload(content, account="acct-18")
    member.until(held["id"], "hold")

    assert stranger.get("/v1/hub/changes?after=0").json()["changes"] == []
    seen = hub.command("hub", "simulate", "A stranger")
    assert "rule" in str(seen)

    number = numbered(follower, known)
    back = giver.post(
        f"/v1/hub/lists/{LIST}/take-back", json={"entries": [number], "reason": "Wrong."}
    )
    assert back.status_code == 200, back.text
    assert member.until(held["id"], "allow")["action"] == "allow"
    assert feed(member)["entries"] == MANY


def follow(member: Installation, hub: Installation, token: str, place: Path) -> None:
    """Enter the feed; killed in the middle of its first pull, the member has each entry once."""
    member.command("bank", "create", BANK)
    (place / "key").write_text(token)
    member.command(
        "exchange", "add", "hub", "--kind", "breakwater", "--bank", BANK, "--url", hub.url,
        "--token-file", str(place / "key"), "--every", "86400", "--signed-by", "Administrator",
    )  # fmt: skip
    until(lambda: feed(member)["entries"] > 0)
    member.stop(signal.SIGKILL)
    member.start()
    until(lambda: feed(member)["pulled_at"] is not None)
    assert feed(member)["entries"] == MANY
    assert exported(member) == sorted(md5(n) for n in range(MANY))


def numbered(follower: httpx.Client, value: str) -> int:
    """The number of a value, page by page."""
    after = 0
    while True:
        said = follower.get(f"/v1/hub/changes?after={after}").json()
        for one in said["changes"]:
            if one.get("value") == value:
                return int(one["number"])
        assert said["through"] > after
        after = said["through"]


def let_out(hub: Installation, ada: httpx.Client) -> None:
    """Every batch that waits is proposed by a command and agreed to by Ada."""
    while waiting := ada.get("/v1/hub/publications").json()["publications"]:
        for one in waiting:
            number = str(one["number"])
            hub.command("hub", "publish", number, "--reason", "Looked through.")
            done = ada.post(f"/v1/hub/publications/{number}/confirm", json={})
            assert done.status_code == 200, done.text


def exported(member: Installation) -> list[str]:
    """What the member's bank holds."""
    told = subprocess.run(
        [*BREAKWATER, "bank", "export", BANK], env=member.environment, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    return sorted(re.findall(r"\b[0-9a-f]{32}\b", told.stdout))

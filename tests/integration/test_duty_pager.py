"""A real pager service over HTTP: signed, told again, told nothing private; and our own bridge."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from breakwater.app import build
from breakwater.errors import BadSettings
from breakwater.model.duty import CallKind, Outcome
from breakwater.records import duty_calls
from breakwater.records.rootkey import RootKey
from breakwater.settings import load
from tests.integration.installed import installed
from tests.integration.oncall_house import House, paged
from tests.integration.test_answers import SECRET, Receiver

__all__ = ["paged"]

BRIDGE = Path(__file__).parents[2] / "docs/examples/pager_bridge.py"


def got(paged: House) -> list[tuple[dict[str, str], bytes]]:
    assert paged.pager is not None
    return paged.pager.got


def test_it_is_told_by_a_signed_message_without_names_text_or_media(paged: House) -> None:
    ada = paged.person("Ada Quist")
    paged.on(ada)
    paged.tested()
    got(paged).clear()
    case = paged.case(why="Very close match: 4 of 256 bits differ (limit 31)")
    ((headers, body),) = got(paged)
    signature = Webhook(SECRET).sign(headers["webhook-id"], paged.clock.now(), body.decode())
    assert signature == headers["webhook-signature"]
    told = json.loads(body)
    assert (told["type"], told["data"]["kind"], told["data"]["ring"]) == ("duty.ring", "case", 1)
    assert set(told["data"]) == {"call", "kind", "ring", "person", "answer_by", "url"}
    assert told["data"]["person"] == ada.person
    assert told["data"]["url"] == "https://breakwater.example/duty"
    for word in (b"Ada", b"Quist", b"match", b"photos", b"otter", case.encode()):
        assert word not in body
    assert not re.search(rb"https?://(?!breakwater\.example/duty)", body)


def test_a_ring_is_sent_again_under_the_same_id_while_its_minute_lasts(paged: House) -> None:
    assert paged.pager is not None
    paged.on(paged.person("Ada"))
    paged.tested()
    got(paged).clear()
    paged.pager.answers = [500, 503, 429]
    paged.case()
    for _ in range(8):
        paged.beat()
    assert [headers["webhook-id"] for headers, _ in got(paged)] == [
        got(paged)[0][0]["webhook-id"]
    ] * 4
    with paged.app.db.read() as tx:
        last = duty_calls.last_delivery(tx)
    assert last is not None
    assert (last.delivered, last.attempts, last.status) == (True, 4, 204)


def test_a_service_that_never_answers_is_an_alarm_and_stops_no_ring(paged: House) -> None:
    assert paged.pager is not None
    ada, sam = paged.person("Ada"), paged.person("Sam")
    paged.on(ada)
    paged.on(sam, rank=2)
    paged.tested()
    paged.pager.answers = [500] * 99
    paged.case()
    (call,) = paged.waiting(CallKind.CASE)
    for _ in range(13):
        paged.beat(5)
    assert paged.rung(call) == [ada.person, sam.person]
    assert paged.alarms("pager") == 1
    paged.pager.server.shutdown()
    paged.pager.server.server_close()
    for _ in range(12):
        paged.beat(5)
    assert paged.rung(call) == [ada.person, sam.person, ada.person]
    assert paged.alarms("pager") == 2
    paged.app.review.duty.acknowledge(sam, call.id)


def test_an_answer_stops_what_was_not_sent_yet(paged: House) -> None:
    assert paged.pager is not None
    ada = paged.person("Ada")
    paged.on(ada)
    paged.tested()
    got(paged).clear()
    paged.pager.answers = [500] * 9
    paged.case()
    (call,) = paged.waiting(CallKind.CASE)
    done = paged.app.review.duty.acknowledge(ada, call.id)
    assert done.outcome is Outcome.ACKNOWLEDGED
    for _ in range(6):
        paged.beat(8)
    assert len(got(paged)) == 1


def test_that_nobody_is_on_duty_is_told_every_five_minutes_until_somebody_is(paged: House) -> None:
    paged.case()
    for _ in range(4):
        paged.beat(300)
    kinds = [json.loads(body)["data"] for _, body in got(paged)]
    assert [(told["kind"], told["person"]) for told in kinds] == [("nobody", None)] * 5
    paged.on(paged.person("Ada"))
    paged.beat(5)
    got(paged).clear()
    paged.beat(600)
    assert "nobody" not in {json.loads(body)["data"]["kind"] for _, body in got(paged)}


@pytest.mark.parametrize(
    ("url", "secret", "words"),
    [
        ("https://pager.example/", "", "PAGER_SECRET"),
        ("https://pager.example/", "boats", "PAGER_SECRET"),
        ("ftp://pager.example/", SECRET, "PAGER_URL"),
        ("https://user:pass@pager.example/", SECRET, "PAGER_URL"),
    ],
)
def test_a_pager_service_that_could_not_be_told_is_refused_at_start(
    tmp_path, jail, url, secret, words
):
    chosen = load(
        data_dir=tmp_path / "data", root_key_file=tmp_path / "root.key",
        audit_dir=tmp_path / "checkpoints", pager_url=url, pager_secret=SecretStr(secret),
    )  # fmt: skip
    RootKey.create(chosen.root_key)
    installed(chosen)
    with pytest.raises(BadSettings, match=words):
        build(chosen, pool=jail, decode=False)


def test_the_bridge_of_the_docs_turns_a_ring_into_a_push_and_refuses_strangers(wait_until):
    phone = Receiver()
    person = "0197a2f0-6f6a-7c3e-9d4e-2f1f6a4c9b11"
    command = [sys.executable, str(BRIDGE), SECRET, "0", f"{person}={phone.url}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bridge:
        try:
            assert bridge.stdout is not None
            address = bridge.stdout.readline().split()[-1]
            body = json.dumps({"type": "duty.ring", "data": {
                "call": person, "kind": "case", "ring": 1, "person": person,
                "answer_by": "2026-03-01T12:01:00.000Z", "url": "https://breakwater.example/duty",
            }})  # fmt: skip
            assert httpx.post(address, content=body).status_code == 401
            assert phone.got == []
            assert httpx.post(address, content=body, headers=_signed(body)).status_code == 204
            wait_until(lambda: len(phone.got) == 1)
            headers, pushed = phone.got[0]
            assert pushed == b"A case needs somebody now."
            assert headers["click"] == "https://breakwater.example/duty"
            nobody = body.replace(f'"person": "{person}"', '"person": null')
            assert httpx.post(address, content=nobody, headers=_signed(nobody)).status_code == 204
            wait_until(lambda: len(phone.got) == 2)
        finally:
            bridge.terminate()
            phone.server.shutdown()
            phone.server.server_close()


def _signed(body: str) -> dict[str, str]:
    """Headers of a message sent now."""
    now = datetime.now(UTC)
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_1", now, body),
    }

"""Conversations over real HTTP: where it is allowed, in one direction, with proofs, to a case."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from breakwater.model.case import CaseKind, Priority
from breakwater.model.chat import About, ChatKind
from breakwater.records import cases, chat_alarms, chats, conversations, kept_comments
from breakwater.records.tables import core
from breakwater.records.tables.nouns_chat import chats as chats_table
from tests.integration.served import serving

PLATFORM = b"\x0f" * 32
LAW = "18 USC 2258A(f)"
STEPS = (
    "how old are you", "are you home alone", "add me on telegram", "i will pay you",
    "do not tell anyone", "give me your phone number",
)  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(
        tmp_path_factory.mktemp("conversations"), conversations_jurisdictions="US,GB",
        conversations_franking_keys=f"clips={PLATFORM.hex()}",
    ) as running:  # fmt: skip
        yield running


@pytest.fixture(scope="module")
def client(served):
    return served.client(served.key("stream:write", service="clips"))


def talk(place="US", ages=({}, {}), **more):
    ann, ben = ages
    parties = [{"account": "ann"} | ann, {"account": "ben"} | ben]
    facts = {"service": "clips", "jurisdiction": place, "legal_basis": LAW}
    return facts | {"participants": parties} | more


def steps(count=6, turn=False):
    """A stage a day; in turn: each side says every other."""
    begin = datetime.now(UTC) - timedelta(days=count)
    return [
        {
            "id": f"m-{n}", "author": ("ann", "ben")[n % 2 if turn else 0], "text": STEPS[n],
            "lang": "en", "at": (begin + timedelta(days=n)).isoformat(),
        }
        for n in range(count)
    ]  # fmt: skip


def chat_of(served, reference):
    with served.app.db.read() as tx:
        return chats.find(tx, About(ChatKind.CONVERSATION, "clips", reference))


def send(client, reference, body):
    return client.post(f"/v1/conversations/{reference}/messages", json=body)


@pytest.mark.parametrize("place", ["DE", "FR", "BR"])
def test_without_a_legal_basis_nothing_is_weighed_or_stored_only_counted(served, client, place):
    answer = send(client, f"eu-{place}", talk(place, messages=steps()))
    assert answer.status_code == 403
    assert answer.json()["code"] == "scanning_not_permitted"
    assert chat_of(served, f"eu-{place}") is None
    counted = served.app.metrics.refused_private.labels(place)
    assert counted._value.get() == 1


def test_stages_of_one_side_over_days_open_a_case(served, client):
    answer = send(client, "one", talk(messages=steps()))
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["taken"], said["unscored"], said["held"], said["measure"]) == (6, 0, [], "open")
    assert [one["level"] for one in said["alarms"]] == ["author"]
    chat = chat_of(served, "one")
    with served.app.db.read() as tx:
        case = cases.get(tx, chat.case)
        (alarm,) = chat_alarms.of_chat(tx, chat.id)
        kept = kept_comments.of_chat(tx, chat.id)
        known = conversations.find(tx, chat.id)
        audited = tx.execute(
            sa.select(core.audit.c.facts).where(core.audit.c.action == "conversation.weigh")
        ).scalars().all()  # fmt: skip
    assert (case.kind, case.priority, case.id) == (CaseKind.CONVERSATION, Priority.HIGH, alarm.case)
    assert {one.text for one in kept} <= set(STEPS)
    assert len(kept) >= 5
    assert {one.author for one in kept} == {"ann"}
    assert (known.ground.jurisdiction, known.ground.basis) == ("US", LAW)
    assert any(LAW in str(one) for one in audited)


def test_the_same_messages_in_turn_are_of_two_sides_and_do_not_add_up(served, client):
    answer = send(client, "turn", talk(messages=steps(turn=True))).json()
    assert answer["alarms"] == []
    assert chat_of(served, "turn").case is None


def test_stages_that_come_in_on_different_days_add_up_and_resending_does_not(served, client):
    for _ in range(5):
        assert send(client, "days", talk(messages=steps(2))).json()["alarms"] == []
    rang = [send(client, "days", talk(messages=[one])).json()["alarms"] for one in steps()[2:]]
    assert [len(one) for one in rang].count(1) == 1


def test_an_adult_who_writes_to_a_child_weighs_more(served, client):
    said = steps(4)
    assert send(client, "unknown", talk(messages=said)).json()["alarms"] == []
    ages = ({"age_band": "30+"}, {"age": 13})
    assert send(client, "known", talk(ages=ages, messages=said)).json()["alarms"] != []
    other = (ages[1], ages[0])
    assert send(client, "younger", talk(ages=other, messages=said)).json()["alarms"] == []


def test_who_takes_no_part_is_refused(client):
    for wrong in (
        {"id": "m", "author": "cas", "text": "hello"},
        {"id": "m", "author": "ann", "to": "cas", "text": "hello"},
        {"id": "m", "author": "ann", "to": "ann", "text": "hello"},
    ):
        assert send(client, "wrong", talk(messages=[wrong])).status_code == 422
    twice = talk(messages=[]) | {"participants": [{"account": "ann"}, {"account": "ann"}]}
    assert send(client, "wrong", twice).status_code == 422
    assert send(client, "wrong", talk(messages=[]) | {"service": "photos"}).status_code == 403
    assert send(client, "wrong", talk(messages=[]) | {"legal_basis": ""}).status_code == 422


def proven(reference, text="good morning", n=1, platform=PLATFORM):
    """As a platform makes it, by the how-to; not by the code under test."""
    key, at = b"\x21" * 32, datetime(2026, 11, 1, 12, 0, 0, 250_000, UTC)
    commitment = hmac.new(key, text.encode(), hashlib.sha256).digest()
    framed = b""
    for name in (reference, f"m-{n}", "ann", "ben", str(int(at.timestamp() * 1000))):
        framed += len(name.encode()).to_bytes(4, "big") + name.encode()
    tag = hmac.new(platform, commitment + framed, hashlib.sha256).digest()
    return {
        "id": f"m-{n}", "author": "ann", "to": "ben", "at": at.isoformat(), "text": text,
        "key": key.hex(), "commitment": commitment.hex(), "tag": tag.hex(),
    }  # fmt: skip


def report(client, reference, *messages, place="DE", **more):
    body = talk(place, messages=list(messages), **more)
    return client.post(f"/v1/conversations/{reference}/reports", json=body)


def test_a_report_with_its_proof_goes_to_a_person_whole(served, client):
    answer = report(client, "sealed", proven("sealed"), proven("sealed", "and a good day", 2))
    assert answer.status_code == 200, answer.text
    chat = chat_of(served, "sealed")
    with served.app.db.read() as tx:
        case = cases.get(tx, chat.case)
        kept = kept_comments.of_chat(tx, chat.id)
        assert conversations.find(tx, chat.id).reports == 1
    assert case.priority is Priority.MEDIUM
    assert {one.text for one in kept} == {"good morning", "and a good day"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "good evening"}, {"author": "ben", "to": "ann"}, {"id": "m-9"},
        {"key": "00" * 32}, {"tag": "00" * 32}, {"at": "2026-11-01T12:00:00Z"},
    ],
)  # fmt: skip
def test_a_wrong_proof_is_refused_counted_and_leaves_nothing(served, client, wrong):
    before = served.app.metrics.proofs.labels("refused")._value.get()
    answer = report(client, "forged", proven("forged", n=1), proven("forged", n=2) | wrong)
    assert answer.status_code == 422
    assert answer.json()["code"] == "proof_refused"
    assert served.app.metrics.proofs.labels("refused")._value.get() == before + 1
    assert chat_of(served, "forged") is None


def test_a_proof_of_another_conversation_or_platform_does_not_hold(served, client):
    assert report(client, "here", proven("there")).status_code == 422
    assert report(client, "here", proven("here", platform=b"\x01" * 32)).status_code == 422
    assert chat_of(served, "here") is None


def test_a_service_without_a_franking_key_cannot_report_messages(served):
    other = served.client(served.key("stream:write", service="photos"))
    body = talk(messages=[proven("sealed")]) | {"service": "photos"}
    answer = other.post("/v1/conversations/sealed/reports", json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_counts_alone_are_kept_and_never_alarm(served, client):
    counts = {"account": "ann", "first_contacts": 900, "of_young": 800, "unanswered": 700}
    refused = report(client, "counts", signals=counts)
    assert (refused.status_code, refused.json()["code"]) == (403, "scanning_not_permitted")
    assert chat_of(served, "counts") is None
    answer = report(client, "counts", signals=counts, place="GB")
    assert answer.status_code == 200, answer.text
    assert answer.json()["alarms"] == []
    chat = chat_of(served, "counts")
    assert chat.case is None
    with served.app.db.read() as tx:
        assert "contacts" in str(conversations.find(tx, chat.id).sums)


def test_what_is_kept_of_ordinary_messages_names_nobody(served, client):
    canary = "a polite canary sings"
    one = {"id": "m-c", "author": "ann", "text": canary, "lang": "en"}
    assert send(client, "calm", talk(messages=[one])).json()["alarms"] == []
    chat = chat_of(served, "calm")
    with served.app.db.read() as tx:
        kept = str(conversations.find(tx, chat.id).sums)
        rows = tx.execute(sa.select(chats_table).where(chats_table.c.id == chat.id)).all()
    assert canary not in kept + str(rows)
    assert "ann" not in kept


def test_odd_input_is_refused_or_taken_and_never_a_fault(served):
    client = served.client(served.key("stream:write"), headers={"Content-Type": "application/json"})
    place = f'"service": "clips", "jurisdiction": "US", "legal_basis": "{LAW}"'
    people = '"participants": [{"account": "ann", "age_band": "90-3"}, {"account": "\\ud800"}]'
    odd = '{"id": "\\u0000\\udfff", "author": "\\ud800", "to": "ann", "text": "%s"}'
    for text in ("\\ud800\\u0000", "a\\u0301" * 50_000, "\\u202e" * 9_000, ""):
        sent = f'{{{place}, {people}, "messages": [{odd % text}]}}'
        answer = client.post("/v1/conversations/odd/messages", content=sent)
        assert answer.status_code in {200, 422}, answer.text
        assert answer.json().get("unscored", 0) == 0
    for name in ("%00", "a" * 257, "%ff"):
        answer = client.post(f"/v1/conversations/{name}/messages", json=talk(messages=[]))
        assert answer.status_code in {200, 404, 422}, answer.text
    lone = talk(messages=[proven("odd")])
    lone["legal_basis"] = "a\nb"
    assert client.post("/v1/conversations/odd/reports", json=lone).status_code == 422

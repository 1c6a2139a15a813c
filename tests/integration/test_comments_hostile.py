"""Bad comments over real HTTP: odd texts, floods, wrong clocks, many authors; bounded, and nothing shown."""

from __future__ import annotations

import json
import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog

from breakwater.records import chat_course, kept_comments
from breakwater.records.tables import metadata
from tests.integration.commenting import LURE, NDJSON, begun, chat_of, episode, said
from tests.integration.served import serving

LONG = os.environ.get("LONG") == "1"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("hostile")) as running:
        yield running


@pytest.fixture(scope="module")
def client(served):
    made = served.client(served.key("stream:write", service="clips"))
    made.timeout = 600 if LONG else 60  # while lanes have enough to do nobody reads
    return made


@pytest.fixture
def stream(served):
    return begun(served)


ODD = (
    "z" + "\u0301\u0489" * 40_000, "\u202eltr \u2066mixed\u2069 кириллица latin", "\ud800",
    "half \udfff \ud83d", "", " ", "\0\x01\x7f", "\ufeff\u200b\u200d" * 500, "ｗｉｄｅ ① 𝔣𝔯𝔞𝔨",
    "x" * 1_000_000, "😀" * 5_000,
)  # fmt: skip


def test_odd_texts_are_taken_and_never_hurt(served, client, stream):
    sent = {"messages": [said(n, text) for n, text in enumerate(ODD)]}
    raw = json.dumps(sent).encode()
    answer = client.post(
        f"/v1/streams/{stream}/comments", content=raw, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 200
    assert (answer.json()["taken"], answer.json()["unscored"]) == (len(ODD), 0)


def test_ten_megabytes_in_one_message_are_cut_and_no_memory_of_them_is_kept(served, client, stream):
    raw = json.dumps({"messages": [said(1, "y" * (10 << 20))]}).encode()
    answer = client.post(
        f"/v1/streams/{stream}/comments", content=raw, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["taken"]) == (200, 1)
    (text,) = served.app.hearing.chats.texts(chat_of(served, stream))
    assert len(text.text) <= 8_192
    too_large = b" " * (17 << 20)
    answer = client.post(
        f"/v1/streams/{stream}/comments", content=too_large,
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    assert answer.status_code == 413


def test_clocks_that_are_wrong_and_orders_that_are_mixed_change_nothing(served, client, stream):
    now = datetime.now(UTC)
    moments = [
        now + timedelta(days=400),
        now - timedelta(days=400),
        now,
        now - timedelta(minutes=9),
    ]
    sent = [said(n, at=one.isoformat()) for n, one in enumerate(moments)]
    random.Random(7).shuffle(sent)
    answer = client.post(f"/v1/streams/{stream}/comments", json={"messages": sent})
    assert answer.json()["taken"] == 4
    texts = served.app.hearing.chats.texts(chat_of(served, stream))
    assert all(now - timedelta(minutes=10) < one.at < now + timedelta(minutes=1) for one in texts)


def test_many_authors_in_a_minute_take_bounded_memory(served, client, stream):
    """A flood of accounts; 100,000 of them with LONG=1."""
    many = 100_000 if LONG else 10_000
    client.post(f"/v1/streams/{stream}/comments", json={"messages": [said(0)]})
    (child,) = served.app.hearing.lanes.processes()
    before = resident(child)

    def lines():
        for n in range(many):
            yield (json.dumps(said(n, f"hello {n % 50}", author=f"new-{n}")) + "\n").encode()

    answer = client.post(f"/v1/streams/{stream}/comments", content=lines(), headers=NDJSON)
    assert answer.json()["taken"] == many
    assert answer.json()["unscored"] == 0
    assert resident(child) - before < 200 << 20
    with served.app.db.read() as tx:
        assert len(chat_course.of_chat(tx, chat_of(served, stream).id)) <= 5


def resident(child):
    pages = Path(f"/proc/{child}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def test_a_flood_around_an_episode_neither_hides_nor_makes_it(served, client, stream):
    chatter = [said(10_000 + n, "good morning all", author=f"f-{n % 300}") for n in range(600)]
    calm = client.post(f"/v1/streams/{stream}/comments", json={"messages": chatter}).json()
    assert calm["alarms"] == []
    mixed = chatter[:]
    for n, one in enumerate(episode(messages=40, authors=4)):
        mixed.insert(n * 15, {**one, "at": None} | {"id": f"e-{n}"})
    for n, one in enumerate(mixed):
        if one["id"].startswith("m-"):
            mixed[n] = {**one, "id": f"again-{n}"}
    found = client.post(f"/v1/streams/{stream}/comments", json={"messages": mixed[:1_000]}).json()
    assert found["alarms"]


def test_nothing_that_was_written_is_anywhere_but_sealed(served, client, stream, capfd, caplog):
    """Canaries in texts, through good batches, bad ones and odd ones."""
    some = random.Random(11)
    canaries = [f"canary{some.randrange(1 << 40):x}" for _ in range(50)]
    seen = structlog.testing.LogCapture()
    structlog.configure(processors=[seen])
    answers = []
    for n, canary in enumerate(canaries):
        words = f"{canary} {LURE}" if n % 3 == 0 else canary
        good = {"messages": [said(n, words, author=f"y-{n % 2}")]}
        answers += [
            client.post(f"/v1/streams/{stream}/comments", json=good).text,
            client.post(f"/v1/streams/{stream}/comments", json={**good, "more": canary}).text,
            client.post(
                f"/v1/streams/{stream}/comments", headers=NDJSON,
                content=f'{{"text": "{canary}"}}\n{canary}\n',
            ).text,
            client.post(
                f"/v1/streams/{stream}/comments", json={"messages": [{"text": canary, "id": 7}]}
            ).text,
        ]  # fmt: skip
    served.app.hearing.lanes.snapshot()
    with served.app.db.read() as tx:
        rows = repr([tx.execute(sa.select(table)).all() for table in metadata.tables.values()])
        kept = kept_comments.of_chat(tx, chat_of(served, stream).id)
    out, err = capfd.readouterr()
    figures = served.client(served.key("metrics:read")).get("/metrics").text
    told = "\n".join(
        [*answers, rows, out, err, figures, caplog.text, repr(seen.entries), repr(kept)]
    )
    assert [one for one in canaries if one in told] == []
    assert any(canaries[0] in one.text for one in kept), "the test would see one"


@pytest.mark.timeout(3_600)
def test_fuzzed_streams_show_none_of_their_canaries(served, client, stream, capfd):
    """Lines cut, mixed and broken at random; a million messages with 1,000 canaries with LONG=1."""
    many, kinds = (1_000_000, 1_000) if LONG else (6_000, 100)
    some = random.Random(13)
    canaries = [f"kanarie{some.randrange(1 << 40):x}" for _ in range(kinds)]
    seen = structlog.testing.LogCapture()
    structlog.configure(processors=[seen])

    def lines():
        for n in range(many):
            text = f"{some.choice(canaries)} {some.choice(SPICE)}"
            line = json.dumps(said(n, text, author=f"z-{n % 500}")).encode()
            match n % 50:
                case 0:
                    line = line[: some.randrange(len(line))]
                case 1:
                    line = bytes(some.randrange(256) for _ in range(9)) + line
                case 2:
                    line = line.replace(b'"text"', b'"texts"')
            yield line.replace(b"\n", b" ") + b"\n"

    answer = client.post(f"/v1/streams/{stream}/comments", content=lines(), headers=NDJSON)
    assert answer.status_code == 200
    counts = answer.json()
    assert counts["unscored"] == 0
    assert counts["taken"] + counts["refused"] >= many * 0.99, "a cut line may be empty"
    assert counts["refused"] > many / 50
    served.app.hearing.lanes.snapshot()
    with served.app.db.read() as tx:
        rows = repr([tx.execute(sa.select(table)).all() for table in metadata.tables.values()])
    figures = served.client(served.key("metrics:read")).get("/metrics").text
    told = "\n".join([answer.text, rows, figures, *capfd.readouterr(), repr(seen.entries)])
    assert "kanarie" not in told
    assert "z-1" not in rows, "nor who wrote"


SPICE = (LURE, "", "\u202e", "a\u0301" * 40, "\ud800", "кто", "😀" * 20, "\0", "x" * 300)

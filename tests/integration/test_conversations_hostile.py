"""Conversation routes under fuzz, over real HTTP: no fault of ours, and no canary anywhere but sealed."""

from __future__ import annotations

import copy
import json
import os
import random

import pytest
import sqlalchemy as sa
import structlog

from breakwater.model.chat import About, ChatKind
from breakwater.records import chats, kept_comments
from breakwater.records.tables import metadata
from tests.integration.commenting import LURE
from tests.integration.served import serving
from tests.integration.test_conversations_api import PLATFORM, proven, steps, talk

LONG = os.environ.get("LONG") == "1"
ODD = (
    None, True, -1, 2**70, 1e308, "", " ", "\ud800", "\0", "\u202e", "a\u0301" * 3_000, "😀" * 400,
    "x" * 20_000, [], {}, [[]], [None], {"": ""}, "2026-13-45T99:99:99Z", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59+14:00", "US", "de", "../..", "m-1", "ann",
)  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(
        tmp_path_factory.mktemp("hostile-talks"), conversations_jurisdictions="US,GB",
        conversations_franking_keys=f"clips={PLATFORM.hex()}",
    ) as running:  # fmt: skip
        yield running


@pytest.fixture(scope="module")
def client(served):
    return served.client(served.key("stream:write", service="clips"))


def whole(some: random.Random, canary: str, reference: str):
    """A request that is right, and to which route."""
    if some.random() < 0.4:
        return "reports", talk(messages=[proven(reference, f"{canary} {LURE}", 1)])
    names = [{"account": f"ann-{canary}"}, {"account": f"ben-{canary}"}]
    sent = [
        {**one, "id": f"m-{canary}-{n}", "author": names[n % 2]["account"]}
        | {"text": f"{canary} {one['text']}"}
        for n, one in enumerate(steps())
    ]
    counts = {"account": names[0]["account"], "first_contacts": 40, "of_young": 31, "unanswered": 9}
    return "messages", talk(messages=sent) | {"participants": names, "signals": counts}


def places(said, here=()):
    """Where something stands in a body, from the outside in."""
    inner = said.items() if isinstance(said, dict) else enumerate(said)
    for name, value in inner:
        yield (*here, name)
        if isinstance(value, dict | list):
            yield from places(value, (*here, name))


def spoilt(some: random.Random, body) -> bytes:
    """The same with a few things wrong, or cut."""
    body = copy.deepcopy(body)
    for _ in range(some.choice((0, 1, 1, 2, 5))):
        found = list(places(body))
        if not found:
            break
        *way, last = some.choice(found)
        inner = body
        for name in way:
            inner = inner[name]
        match some.randrange(4):
            case 0 if isinstance(inner, dict):
                del inner[last]
            case 1 if isinstance(inner, dict):
                inner[f"more-{last}"] = some.choice(ODD)
            case 2 if isinstance(inner, list):
                inner += [copy.deepcopy(inner[last])] * some.choice((1, 70))
            case _:
                inner[last] = some.choice(ODD)
    raw = json.dumps(body).encode()
    return raw[: some.randrange(len(raw))] if some.random() < 0.1 else raw


@pytest.mark.timeout(3_600)
def test_fuzzed_conversations_make_no_fault_and_show_none_of_their_canaries(
    served, client, capfd, caplog
):
    """Bodies wrong at random places; 20,000 of them with LONG=1."""
    some, many = random.Random(17), 20_000 if LONG else 400
    seen = structlog.testing.LogCapture()
    structlog.configure(processors=[seen])
    statuses, answers = [], []
    for n in range(many):
        canary = f"kanarie{some.randrange(1 << 40):x}"
        reference = f"talk-{n % 97}"
        route, body = whole(some, canary, reference)
        answer = client.post(
            f"/v1/conversations/{reference}/{route}", content=spoilt(some, body),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
        statuses.append(answer.status_code)
        answers.append(answer.text)
    assert not [one for one in statuses if one >= 500]
    assert statuses.count(200) > many / 10, "some of them are right"
    assert statuses.count(422) > many / 10
    served.app.hearing.lanes.snapshot()
    with served.app.db.read() as tx:
        rows = repr([tx.execute(sa.select(table)).all() for table in metadata.tables.values()])
        found = [
            chats.find(tx, About(ChatKind.CONVERSATION, "clips", f"talk-{n}")) for n in range(97)
        ]
        kept = [one.text for chat in found if chat for one in kept_comments.of_chat(tx, chat.id)]
    figures = served.client(served.key("metrics:read")).get("/metrics").text
    told = "\n".join(
        [*answers, rows, figures, *capfd.readouterr(), caplog.text, repr(seen.entries)]
    )
    assert "kanarie" not in told
    assert any("kanarie" in one for one in kept), "the test would see one"

"""What tests of comments send: ordinary messages, an episode of several accounts, and lines of both."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

from breakwater.model.broadcast import Sender
from breakwater.model.ids import Id
from breakwater.records import chats, streams

LURE = "how old are you, are you home alone, add me on telegram, i pay you, do not tell anyone"
NDJSON = {"Content-Type": "application/x-ndjson"}


def begun(served):
    """A broadcast that runs."""
    with served.app.db.transaction() as tx:
        made = streams.start(
            tx, server="", name=f"live/{time.monotonic_ns()}", sender=Sender(service="clips")
        )
    return made.id


def said(n, text="good morning all", author=None, **facts):
    return {"id": f"m-{n}", "author": author or f"a-{n % 7}", "text": text, "lang": "en"} | facts


def episode(first=1_000, authors=5, messages=30, text=LURE):
    begin = datetime.now(UTC) - timedelta(seconds=9 * messages)
    return [
        said(
            first + n, f"{text} {n}", author=f"x-{n % authors}",
            at=(begin + timedelta(seconds=9 * n)).isoformat(),
        )
        for n in range(messages)
    ]  # fmt: skip


def body(*messages):
    return "\n".join(json.dumps(one) for one in messages) + "\n"


def chat_of(served, stream):
    with served.app.db.read() as tx:
        return chats.of_stream(tx, Id(stream))

"""What people write, told by Owncast's webhooks and by signed events of a service."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook

from breakwater.live.servers import NewServer
from breakwater.model.broadcast import Sender
from breakwater.model.chat import Chat
from breakwater.model.server import ServerKind
from breakwater.records import chat_course, chats, streams
from tests.integration.served import OPERATOR, serving

OWNCAST = "live/owncast"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("chathooks")) as running:
        yield running


@pytest.fixture(scope="module")
def cast(served):
    new = NewServer("cast", ServerKind.OWNCAST, service="live", control_url="http://127.0.0.1:9")
    shared = served.app.live.servers.add(new, OPERATOR).shared
    path = f"/v1/hooks/{shared.hook}/owncast"
    started = {"type": "STREAM_STARTED", "eventData": {"id": "x"}}
    assert served.client().post(path, json=started).status_code == 204
    return path


@pytest.fixture(scope="module")
def service(served):
    new = NewServer("own", ServerKind.GENERIC, service="clips", control_url="http://127.0.0.1:9")
    known = served.app.live.servers.add(new, OPERATOR)
    with served.app.db.transaction() as tx:
        streams.start(tx, server="own", name="live/014", sender=Sender(service="clips"))
    return known.shared


def wrote(kind="CHAT", text="hello all", **more):
    user = {"id": "qSRQ", "displayName": "lazyDaisy", "createdAt": "2026-01-01T00:00:00Z"}
    data = {"user": user, "rawBody": text, "body": f"<p>{text}</p>", "id": "msg-1",
            "visible": True, "timestamp": datetime.now(UTC).isoformat()}  # fmt: skip
    return {"type": kind, "eventData": data | more}


def chat(served, server, name) -> Chat | None:
    with served.app.db.read() as tx:
        return chats.of_stream(tx, streams.last(tx, server, name).id)


def signed(served, shared, said, *, message="msg-1", secret=""):
    body = json.dumps(said)
    at = datetime.now(UTC)
    signature = Webhook(secret or shared.signing).sign(message, at, body)
    headers = {
        "webhook-id": message, "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature, "Content-Type": "application/json",
    }  # fmt: skip
    return (
        served.client()
        .post(f"/v1/hooks/{shared.hook}/events", content=body, headers=headers)
        .status_code
    )


def test_owncasts_chat_is_weighed_as_it_was_typed(served, cast):
    for said in (wrote(), wrote("USER_JOINED"), wrote("USER_PARTED"), wrote(id="msg-2")):
        assert served.client().post(cast, json=said).status_code == 204
    found = chat(served, "cast", OWNCAST)
    assert (found.messages, found.scored, found.service) == (2, 2, "live")
    texts = served.app.hearing.chats.texts(found)
    assert [one.text for one in texts] == ["hello all", "hello all"]
    with served.app.db.read() as tx:
        course = chat_course.of_chat(tx, found.id)
    assert (sum(one.joins for one in course), sum(one.leaves for one in course)) == (1, 1)


def test_an_owncast_event_that_is_no_message_hurts_nobody(served, cast):
    before = chat(served, "cast", OWNCAST)
    for said in ({"type": "CHAT"}, {"type": "CHAT", "eventData": {"user": 7}}, wrote(id="")):
        assert served.client().post(cast, json=said).status_code == 403
    assert served.client().post(cast, json={"type": "NAME_CHANGED"}).status_code == 204
    after = chat(served, "cast", OWNCAST)
    assert (after.messages if after else 0) == (before.messages if before else 0)


def test_signed_comments_of_a_service_are_taken_once(served, service):
    some = [{"id": f"m-{n}", "author": f"a-{n}", "text": "hi", "lang": "en-GB"} for n in range(9)]
    said = {"type": "stream.comments", "data": {"name": "live/014", "messages": some}}
    assert signed(served, service, said) == 204
    assert signed(served, service, said) == 403, "the same message again"
    found = chat(served, "own", "live/014")
    assert (found.messages, found.scored, found.lang) == (9, 9, "en")


def test_what_is_not_signed_or_is_no_comment_is_refused(served, service):
    other = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"
    one = {"id": "x", "author": "y", "text": "hi"}
    said = {"type": "stream.comments", "data": {"name": "live/014", "messages": [one]}}
    before = chat(served, "own", "live/014")
    assert signed(served, service, said, message="other", secret=other) == 403
    for n, wrong in enumerate(({}, {"name": "live/014"}, {"name": "live/014", "messages": [7]},
                               {"name": "live/014", "messages": [one | {"kind": "?"}]})):  # fmt: skip
        event = {"type": "stream.comments", "data": wrong}
        assert signed(served, service, event, message=f"wrong-{n}") == 403
    unknown = {"type": "stream.comments", "data": {"name": "live/none", "messages": [one]}}
    assert signed(served, service, unknown, message="none") == 204, "of no broadcast: nobody's"
    assert chat(served, "own", "live/014") == before

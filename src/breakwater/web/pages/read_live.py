"""Media servers, the graded policy and the watchers, for who runs them. Read by `pages.live`."""

from __future__ import annotations

from typing import Any, Final

from breakwater.banks.cutting import AUTO_CUT
from breakwater.live.policy import Policy
from breakwater.model.server import ServerConfig, ServerKind
from breakwater.model.stream import Control, StreamState
from breakwater.records import approvals, bank_cuts, banks, media_servers, streams
from breakwater.records.database import Tx
from breakwater.web.pages import stream_words, words
from breakwater.web.pages.models import Mark, Number
from breakwater.web.pages.models_live import (
    CutRow,
    LiveSettings,
    ServerForm,
    ServerRow,
    StepRow,
)
from breakwater.web.pages.speech import figure, later, say, say_n

KINDS: Final = {
    ServerKind.NGINX_RTMP: "nginx-rtmp",
    ServerKind.NODE_MEDIA_SERVER: "Node-Media-Server",
    ServerKind.MEDIAMTX: "MediaMTX",
    ServerKind.OWNCAST: "Owncast",
    ServerKind.GENERIC: later("Another, by signed calls"),
}


def view(tx: Tx, app: Any, edit: str = "") -> LiveSettings:
    """The page; `edit` names the media server that is to be changed."""
    running = [one for one in streams.wall(tx) if one.state is not StreamState.ENDED]
    lost = sum(one.state is StreamState.LOST for one in running)
    share = sum(one.seen_share for one in running) / len(running) if running else 0.0
    seen = say("%(share)s of 100", share=round(share * 100)) if running else say("None")
    return LiveSettings(
        numbers=(
            Number(words.count(len(running)), say("streams run")),
            Number(words.count(lost), say("lost"), late=lost > 0),
            Number(seen, say("seen of them")),
        ),
        servers=tuple(_server(tx, one) for one in media_servers.every(tx)),
        kinds=tuple((kind.value, say(word)) for kind, word in KINDS.items()),
        steps=_steps(app.live.streams.policy),
        banks=_banks(tx),
        edit=_edit(tx, media_servers.get(tx, edit)) if edit else None,
    )


def _edit(tx: Tx, one: ServerConfig) -> ServerForm:
    n = len(streams.on_server(tx, one.name))
    return ServerForm(
        name=one.name, kind=say(KINDS[one.kind]), service=one.service,
        control_url=one.control_url, rtmp_url=one.rtmp_url, hls_url=one.hls_url,
        networks=" ".join(one.hook_networks), active=one.active, version=one.version,
        running=say_n("%(n)s stream of it runs.", "%(n)s streams of it run.", n) if n else "",
    )  # fmt: skip


def _server(tx: Tx, one: ServerConfig) -> ServerRow:
    state = Mark("ok", say("Its hooks come")) if one.hook_at else Mark("wait", say("No hook yet"))
    if not one.active:
        state = Mark("none", say("Not in use"))
    hook = words.ago(one.hook_at, tx.now).words if one.hook_at else say("Publish a test stream.")
    return ServerRow(one.name, say(KINDS[one.kind]), one.service, one.control_url, state, hook)


def _steps(policy: Policy) -> tuple[StepRow, ...]:
    """What each step needs, weakest first."""
    people = (
        say("Two people, or the rule below")
        if policy.two_people
        else say("One person, or the rule below")
    )
    auto = (
        say(
            "By itself: %(n)s new frames aligned over %(s)s s, a bank marked below, two who verified",
            n=policy.cut_frames,
            s=figure(policy.cut_span_s, "0.0"),
        )
        if policy.auto_cut
        else say("Never by itself: automatic cuts are off")
    )
    word = stream_words.ORDERED
    return (
        StepRow(word[Control.WATCHED], say("Risk from %(n)s of 100", n=round(policy.watch_at * 100))),
        StepRow(word[Control.HIDDEN], say("Risk from %(n)s of 100", n=round(policy.hide_at * 100))),
        StepRow(word[Control.FROZEN], say("A match with something known, or a person")),
        StepRow(word[Control.CUT], people),
        StepRow(say("Automatic cut"), auto),
    )  # fmt: skip


def _banks(tx: Tx) -> tuple[CutRow, ...]:
    rows = []
    for bank in banks.every(tx):
        waits = any(
            one.kind == AUTO_CUT and one.state(tx.now).value == "waiting"
            for one in approvals.of_subject(tx, bank.id)
        )
        may = bank_cuts.allowed(tx, bank.id)
        state = Mark("held", say("May cut by itself")) if may else Mark("none", say("Freezes"))
        if waits:
            state = Mark("wait", say("Waits for a second person"))
        rows.append(CutRow(bank.name, state, may, waits))
    return tuple(rows)

"""The console over sample values: every page in its full, empty and error state.

`create(state)` makes an application with the real pages, templates, headers and static files,
where only the reading side is replaced; `python tests/console_samples.py [full|empty|error]`
serves it for looking at. Pictures are made on the spot: plain gradients.
"""

from __future__ import annotations

import asyncio
import math
import random
import sys
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from breakwater.errors import BreakwaterError, DatabaseUnavailable, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.case import Priority
from breakwater.model.ids import Id
from breakwater.review.looking.views import Look, Still
from breakwater.web import pages
from breakwater.web.envelope import REFERENCE, Envelope
from breakwater.web.pages import words
from breakwater.web.pages.models import (
    CasePreview,
    Exposure,
    Found,
    IndexRow,
    Mark,
    Number,
    Option,
    OverviewView,
    Part,
    PriorityCount,
    QueueView,
    Series,
    VerdictRow,
    Viewer,
)
from breakwater.web.pages.models_case import CaseView
from breakwater.web.pages.models_lists import (
    AuditRow,
    AuditView,
    BankRow,
    BanksView,
    BankView,
    EntryRow,
    ImportRow,
    KindShare,
)
from breakwater.web.pages.models_wellbeing import BreakView, LiveCase
from breakwater.web.pages.reads import AuditQuery, QueueQuery
from breakwater.web.pages.render import found_pages
from breakwater.web.pages.trouble import page_for, wants_page
from breakwater.web.problem import problem_of
from tests.console_values import (
    BAD_ACTION,
    CASE,
    EVERYBODY,
    HELD,
    HOLD_ACTION,
    NOW,
    OK,
    case_view,
    picture,
    queue_rows,
)


@dataclass
class SampleReads:
    """Reads that answer from values."""

    state: str = "full"
    permissions: frozenset[Permission] = EVERYBODY

    def now(self) -> datetime:
        return NOW

    def _check(self) -> bool:
        if self.state == "error":
            raise DatabaseUnavailable("It did not answer within 5 seconds.")
        return self.state == "full"

    def viewer(self, who: Principal) -> Viewer:
        sees = Permission.MEDIA_VIEW in self.permissions
        exposure = Exposure(5760, 14400, "1 h 36 of 4 h · break in 12 min") if sees else None
        return Viewer(
            name=who.name, roles="Reviewer, administrator", permissions=self.permissions,
            exposure=exposure, waiting_now=2 if self.state == "full" else 0,
        )  # fmt: skip

    def overview(self, who: Principal) -> OverviewView:
        full = self._check()
        counts = (2, 3, 4, 2) if full else (0, 0, 0, 0)
        notes = (
            ("oldest 2 min", "oldest 14 min", "oldest 3 h 10", "oldest 21 h") if full else ("",) * 4
        )
        reasons = (
            ("none", "Passed", "No match in 4 banks."),
            ("bad", "Blocked", "Very close match: 4 of 256 bits differ (limit 31). Bank HOTLINE_A."),
            ("none", "Passed", "No match in 4 banks."),
            ("held", "Held", "Similar match: 27 of 256 bits differ (limit 31). Bank OWN_FINDINGS."),
            ("none", "Passed", "No match in 4 banks."),
            ("bad", "Blocked", "Exact match: the exact file (SHA-256). Bank HOTLINE_A."),
            ("none", "Passed", "Known harmless: entry 7,311 says so at 2 of 256 bits."),
            ("none", "Passed", "No match in 4 banks."),
        )  # fmt: skip
        recent = tuple(
            VerdictRow(
                at=words.at(NOW - timedelta(seconds=3 * i)), action=Mark(style, word), reason=why,
                service=("photos", "video", "forum")[i % 3], surface=("public", "live", "profile")[i % 3],
                case=CASE if style != "none" else "", case_number=1042 - i if style != "none" else 0,
            )
            for i, (style, word, why) in enumerate(reasons)
        )  # fmt: skip
        return OverviewView(
            headline="Every part works. 2 cases need a person now." if full else "Every part works. Nothing is waiting.",
            numbers=(
                Number("42.6", "uploads a second", running=True) if full else Number("0", "uploads a second", running=True),
                Number("38,112" if full else "0", "passed in 15 minutes"),
                Number("61" if full else "0", "held"), Number("148" if full else "0", "blocked"),
                Number("18 ms" if full else "–", "half are answered within"),
            ),
            queue=tuple(
                PriorityCount(words.PRIORITY[p], counts[i], notes[i], f"/queue?priority={p.value}")
                for i, p in enumerate(Priority)
            ),
            index=(
                IndexRow("PDQ", "how a picture looks", "3,502,118", "12", "0.2 s", OK),
                IndexRow("SHA-256", "the exact file", "812,004", "0", "0.2 s", OK),
                IndexRow("MD5", "the exact file", "2,104,553", "0", "0.2 s", OK),
            ) if full else (),
            parts=(
                Part("Jail", OK, "2 children"), Part("Database", OK, "SQLite, one writer"),
                Part("Vault", OK, "encrypted"), Part("Audit log", OK, "checkpoint 14:00:00"),
            ),
            recent=recent if full else (),
        )  # fmt: skip

    def series(self) -> Series:
        full = self._check()
        rng = random.Random(4)
        at = tuple(int(NOW.timestamp()) - 5 * (180 - i) for i in range(180))
        if not full:
            return Series(at, (0.0,) * 180, (0.0,) * 180, (0.0,) * 180)
        wave = [
            38 + 9 * math.sin(i / 21) + 4 * math.sin(i / 5) + rng.uniform(-2, 2) for i in range(180)
        ]
        return Series(
            at, tuple(round(v, 1) for v in wave),
            tuple(round(max(0, 2 + 2 * math.sin(i / 9) + rng.uniform(-1, 1)), 1) for i in range(180)),
            tuple(round(max(0, 4 + 3 * math.sin(i / 13) + rng.uniform(-2, 2)), 1) for i in range(180)),
        )  # fmt: skip

    def queue(self, who: Principal, query: QueueQuery) -> QueueView:
        full = self._check()
        rows = queue_rows() if full else ()
        if query.priority:
            rows = tuple(r for r in rows if r.priority.style == query.priority)
        choices = (
            Option("", "Any"),
            *(Option(p.value, p.value.capitalize(), p == query.priority) for p in Priority),
        )
        return QueueView(
            numbers=(
                Number("3" if full else "0", "due in 5 minutes", late=full),
                Number(str(len(rows)), "waiting"), Number("0", "held by you"),
            ),
            rows=rows, priorities=choices,
            kinds=(Option("", "Anything"), Option("upload", "An upload matched"), Option("undecodable", "A file cannot be read")),
            states=(Option("", "Waiting or held"), Option("closed", "Closed")),
            filtered=query.filtered, next_url="/queue?after=50" if full else "",
            preview=self.preview(who, CASE) if rows else None,
        )  # fmt: skip

    def preview(self, who: Principal, case: str) -> CasePreview:
        row = next((r for r in queue_rows() if r.id == case), queue_rows()[0])
        return CasePreview(
            id=row.id, number=row.number, priority=row.priority, why=row.why, due=row.due,
            facts=(("Found by", "An upload matched"), ("Where", row.where), ("Account", "harbour-41"), ("Earlier cases", "2"), ("Waiting", row.waiting.words)),
            matches=("HOTLINE_A, entry 48213: 4 of 256 bits differ", "PARTNER_B, entry 912: 22 of 256 bits differ"),
        )  # fmt: skip

    def case(self, who: Principal, case: str) -> CaseView:
        if not self._check():
            return replace(
                case_view(), pairs=(), strip=(), spans=(), earlier=(), same=(), account=(), warning="",
                why="The file cannot be read: the content does not follow its format.",
                rule="The content does not follow its format and cannot be decoded.", may_view=False, verdict=HELD,
            )  # fmt: skip
        if case == "0":
            raise NotFound("There is no case 0.")
        view = case_view()
        if Permission.MEDIA_VIEW not in self.permissions:
            view = replace(view, may_view=False, no_view="Your role works without pictures.")
        return view

    def banks(self, who: Principal) -> BanksView:
        full = self._check()
        rows = (
            BankRow("HOTLINE_A", "/banks/HOTLINE_A", "Confirmed material, from the national hotline", BAD_ACTION, "3,502,118", 0.4, "1.4 of 3.5 M", "National hotline", "every upload", verified=True),
            BankRow("OWN_FINDINGS", "/banks/OWN_FINDINGS", "What our own reviewers confirmed", HOLD_ACTION, "4,209", 1.0, "all", "Own reviewers", "every upload"),
            BankRow("PARTNER_B", "/banks/PARTNER_B", "Shared by a partner under agreement 12", HOLD_ACTION, "812,004", 0.98, "0.80 of 0.81 M", "Partner B", "10 % of uploads", expires=words.due(NOW + timedelta(days=90), NOW)),
            BankRow("KNOWN_HARMLESS", "/banks/KNOWN_HARMLESS", "Pictures that were mistaken before", Mark("none", "Only note"), "318", 1.0, "all", "Own reviewers", "every upload"),
        ) if full else ()  # fmt: skip
        return BanksView(
            numbers=(Number("4" if full else "0", "banks that act"), Number("4.32 M" if full else "0", "entries")),
            rows=rows, share_words="1.4 of 3.5 M entries can be matched here; 2.1 M need PhotoDNA." if full else "",
        )  # fmt: skip

    def bank(self, who: Principal, name: str, after: int) -> BankView:
        full = self._check()
        rng = random.Random(9)
        entries = tuple(
            EntryRow(48213 + i, "pdq", rng.randbytes(32).hex(), Mark("held", "Quarantined") if i == 4 else Mark("ok", "Active"),
                     "List of 20 Nov", ("category-1",) if i % 2 else (), words.at(NOW - timedelta(minutes=i)), negative=i == 6)
            for i in range(14)
        )  # fmt: skip
        return BankView(
            name=name, purpose="Confirmed material, from the national hotline.", action=BAD_ACTION,
            facts=(("Source", "National hotline"), ("May be used for", "detection and reporting"), ("Acts on", "every upload"), ("Made", "3 Nov 2026, 09:12:40 UTC")),
            numbers=(Number("3,502,118" if full else "0", "entries"), Number("1.40 M" if full else "0", "can be matched here")),
            kinds=(KindShare("PDQ", "how a picture looks", "1,402,118", 1.0, "All can be matched"), KindShare("PhotoDNA", "licensed", "2,100,000", 0.0, "Needs the operator's licensed library")) if full else (),
            entries=entries if full else (), limits=(("PDQ", "31 of 256 bits"),),
            imports=(ImportRow("list-2026-11-20.csv", words.at(NOW), "3,502,130", "3,502,118", "12", Mark("ok", "Done")),) if full else (),
            next_url=f"/banks/{name}?after=48226" if full else "",
        )  # fmt: skip

    def audit(self, who: Principal, query: AuditQuery) -> AuditView:
        full = self._check()
        acts = (
            (
                "Sam Reed",
                "Saw a frame, grey, at most 480 pixels",
                (("ms", "2,140"), ("frame", "12")),
            ),
            ("breakwater", "Opened a case", (("priority", "now"),)),
            ("Ada Quist", "Signed in with a passkey", ()),
            ("photos (key)", "Added 120 entries", (("bank", "OWN_FINDINGS"),)),
            ("breakwater", "Signed a checkpoint", (("size", "12,340"),)),
        )
        rows = tuple(
            AuditRow(12345 - i, words.at(NOW - timedelta(seconds=40 * i)), acts[i % 5][0], acts[i % 5][1], CASE, acts[i % 5][2])
            for i in range(20)
        )  # fmt: skip
        return AuditView(
            numbers=(Number("12,345" if full else "0", "rows"), Number("14:00:00" if full else "–", "last checkpoint")),
            state=Mark("ok", "The record is whole"), state_words="Every row up to 12,340 is covered by a signed checkpoint.",
            rows=rows if full else (), actions=(Option("", "Anything"), Option("view.start", "Saw a frame")),
            filtered=bool(query.q or query.action), next_url="/audit?before=12325" if full else "",
        )  # fmt: skip

    def rest(self, who: Principal) -> BreakView:
        self._check()
        return BreakView(
            title="Time for a break", words="You are on a break.", support="Robin, 555 0100, always",
            until=words.due(NOW + timedelta(minutes=8), NOW), may_end=True,
            live=(LiveCase(CASE, 1042, "A live stream matched."),),
        )  # fmt: skip

    def find(self, who: Principal, text: str) -> list[Found]:
        found = [f for f in found_pages(self.viewer(who)) if text.lower() in f.word.lower()]
        if text.isdigit():
            found.append(Found(f"Case {text}", f"/cases/{CASE}", "Case"))
        return found


@dataclass
class SampleGate:
    """Lets one sample person in."""

    who: Principal
    secure: bool = False

    async def admit(self, request: Request, need: Any) -> Principal | None:
        return self.who

    def csrf(self, who: Principal) -> str:
        return "sample"


@dataclass
class SampleViews:
    """What shows frames; counts what was asked of it."""

    calls: list[str] = field(default_factory=list)
    refusal: BreakwaterError | None = None

    def look(self, who: Principal, **asked: Any) -> Look:
        self.calls.append("look")
        if self.refusal is not None:
            raise self.refusal
        return Look(Id(CASE), picture(480, 270), 10_000)

    def end(self, who: Principal, view: Id, ms: int) -> None:
        self.calls.append("end" if ms else "end at once")

    def stills(
        self, who: Principal, *, case: Id, frames: list[tuple[Id, int]], device: str
    ) -> list[Still]:
        self.calls.append("stills")
        return [Still(item, frame, picture(32, 18)) for item, frame in frames]


@dataclass
class SampleParts:
    """What the routes take of the composition root."""

    views: SampleViews = field(default_factory=SampleViews)
    live: SimpleQueue[str] = field(default_factory=SimpleQueue)
    opened: int = 0
    open: int = 0
    settings: Any = field(default_factory=lambda: SimpleNamespace(trusted_proxies=()))
    review: Any = None
    access: Any = field(default_factory=lambda: SimpleNamespace(oidc=SimpleNamespace(name="")))

    def __post_init__(self) -> None:
        """Every machine is a workstation here; what a telephone sees is tried elsewhere."""
        devices = SimpleNamespace(admit=lambda approach: "sample", known=lambda approach: None)
        self.review = SimpleNamespace(views=self.views, devices=devices)


def create(
    state: str = "full",
    permissions: frozenset[Permission] = EVERYBODY,
    parts: SampleParts | None = None,
) -> Any:
    """The application; `parts` says what was asked of it."""
    api = FastAPI(docs_url=None, openapi_url=None)
    who = Principal(
        id=Id(CASE), name="Ada Quist", permissions=permissions, person=Id(CASE), session=Id(CASE)
    )
    api.state.gate = SampleGate(who)
    api.state.parts = parts or SampleParts()
    api.state.site = SimpleNamespace(host="localhost")
    _events(api)
    pages.mount(api, reads=SampleReads(state, permissions))

    @api.exception_handler(BreakwaterError)
    def refuse(request: Request, error: Exception) -> Response:
        problem = problem_of(error, reference=request.scope.get(REFERENCE, ""))
        return page_for(request, problem) if wants_page(request) else problem.response()

    return Envelope(api, count=lambda route, status: None)


def _events(api: FastAPI) -> None:
    """A stream that says what a test puts into `parts.live`; how many were opened, and still are."""
    parts: SampleParts = api.state.parts
    live = parts.live

    @api.get("/events")
    async def events() -> Response:
        async def lines() -> Any:
            parts.opened += 1
            parts.open += 1
            try:
                yield "data: beat\n\n"
                while True:
                    while not live.empty():
                        yield f"data: {live.get()}\n\n"
                    await asyncio.sleep(0.05)
            finally:
                parts.open -= 1

        return StreamingResponse(lines(), media_type="text/event-stream")


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(create(*sys.argv[1:2]), port=8471, log_level="warning")

"""The curators' queue: entries that members disagree on, that are held, or that came as a flood.

Plain forms; what is refused is said on the page. Thin over `hub.curate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import Form, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from breakwater.errors import BadInput, BreakwaterError, Conflict, NeedsSecondPerson
from breakwater.hub.curate import Open
from breakwater.model.access import Permission, Principal
from breakwater.model.hub import FeedbackKind
from breakwater.model.hub_given import Outcome, QueueWhy
from breakwater.model.ids import Id
from breakwater.records import hub_feeds
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import words
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.models import Mark, Number
from breakwater.web.pages.models_hub import Choice, QuestionRow, QueueView
from breakwater.web.pages.pictures import id_of
from breakwater.web.pages.retold import refused
from breakwater.web.pages.speech import Spoken, figure, later, say

P = Permission
router = Router(include_in_schema=False)
SEE_OTHER: Final = 303
SHOWN: Final = 12
"""Questions on the page, the oldest; the next come as these are settled. It keeps the page small."""
CANNOT: Final = (BadInput, Conflict, NeedsSecondPerson)
WHY: Final[Mapping[QueueWhy, Mark]] = Spoken({
    QueueWhy.CONFLICT: Mark("held", later("Members disagree")),
    QueueWhy.TRAFFIC: Mark("held", later("Matches much ordinary content")),
    QueueWhy.FLOOD: Mark("held", later("Came as a flood")),
    QueueWhy.RETURNED: Mark("held", later("Was withdrawn, given again")),
    QueueWhy.GRADED: Mark("none", later("Graders look at it")),
})  # fmt: skip
OUTCOMES: Final[Mapping[Outcome, str]] = Spoken({
    Outcome.KEEP: later("Keep it"),
    Outcome.WITHDRAW: later("Withdraw it"),
    Outcome.RECLASSIFY: later("Classify it anew"),
    Outcome.GRADERS: later("Send it to graders"),
})  # fmt: skip
SAID: Final = {
    "settled": later("It is settled."),
    "graders": later("It is with the graders now."),
    "second": later("It waits for a second person."),
}


@router.get("/hub/queue")
@needs(P.HUB_CURATE)
def queue(
    request: Request, app: Parts, pages: Pages, who: Who,
    done: Annotated[str, Query(max_length=16)] = "",
) -> HTMLResponse:  # fmt: skip
    """What is open, the oldest first."""
    return _page(request, app, pages, who, said=say(SAID[done]) if done in SAID else "")


@router.post("/hub/queue/{question}")
@needs(P.HUB_CURATE)
def settle(  # noqa: PLR0917 - the form's fields
    request: Request, app: Parts, pages: Pages, who: Who,
    question: Annotated[str, Path(max_length=64)],
    outcome: Annotated[str, Form(max_length=16)] = "",
    note: Annotated[str, Form(max_length=2000)] = "",
    category: Annotated[str, Form(max_length=40)] = "",
) -> Response:  # fmt: skip
    """Decide one question."""
    curate, one = app.hub.curating.curate, id_of(question)
    try:
        wanted = Outcome(outcome) if outcome in set(Outcome) else Outcome.KEEP
        done = curate.settle(who, one, wanted, note=note, category=category)
    except CANNOT as error:
        return _page(request, app, pages, who, wrong=error)
    said = "graders" if wanted is Outcome.GRADERS else "settled"
    return RedirectResponse(f"/hub/queue?done={'second' if done.waits else said}", SEE_OTHER)


def _page(
    request: Request, app: Parts, pages: Pages, who: Principal, *, said: str = "",
    wrong: BreakwaterError | None = None,
) -> HTMLResponse:  # fmt: skip
    curate, now = app.hub.curating.curate, app.clock.now()
    with app.db.read() as tx:
        names = {one: name for one, (_, name) in hub_feeds.names(tx).items()}
    waiting = curate.waiting()
    rows = tuple(
        QuestionRow(
            one.question.id, one.entry.number, one.bank, WHY[one.question.why],
            words.ago(one.question.at, now), _gave(one, names), _said(one, names),
            "" if one.score is None else figure(round(one.score.value * 100)), len(one.cluster),
        )
        for one in curate.queue(who, limit=SHOWN)
    )  # fmt: skip
    view = QueueView(
        numbers=(
            Number(figure(sum(waiting.values())), say("open questions")),
            Number(figure(waiting.get(QueueWhy.CONFLICT, 0)), say("disagreements")),
        ),
        rows=rows, outcomes=tuple(Choice(one.value, OUTCOMES[one]) for one in Outcome),
    )  # fmt: skip
    return show(
        request, pages, who, "hub_queue", view=view, said=said,
        wrong=refused(wrong) if wrong else "", status=wrong.status if wrong else 200,
    )  # fmt: skip


def _gave(one: Open, names: Mapping[Id, str]) -> str:
    found = [f"{names.get(each.member, '')} {each.category}".strip() for each in one.givers]
    return ", ".join(found) or say("this hub")


def _said(one: Open, names: Mapping[Id, str]) -> str:
    """Who contradicts and who confirms, by name."""
    found = []
    for each in one.feedback:
        sure = each.opinion is FeedbackKind.AFFIRMATIVE
        name = names.get(each.member, "")
        found.append(say("%(who)s confirms", who=name) if sure else say("%(who)s contradicts", who=name))  # fmt: skip
    return ", ".join(found)

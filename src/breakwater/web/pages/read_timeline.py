"""What a case's line of time shows, from records: each source answers points, in any order.

A further source (a broadcast: its risk, its comments, the spans that matched) is one more
function in `SOURCES`. Rights are applied here: what a report says is for those who decide.
Names of those who looked stand in the audit log and not here. Read by `read_case`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from breakwater.model.access import Permission
from breakwater.model.case import Case
from breakwater.model.media import Level
from breakwater.model.upload import Upload
from breakwater.records import decisions, uploads, user_reports, views
from breakwater.web.pages import read_chat, read_stream
from breakwater.web.pages.evidence import moments_s, spans_of
from breakwater.web.pages.read_deciding import WORD
from breakwater.web.pages.read_queue import Look
from breakwater.web.pages.read_reports import CONCERNS
from breakwater.web.pages.speech import say
from breakwater.web.pages.timeline import Point, Sort, Timeline, timeline

MOST: Final = 200
"""Rows read of one source; `timeline` shows fewer and counts the rest."""

Source = Callable[[Look, Case, Upload | None], Iterator[Point]]


def of_case(look: Look, found: Case, upload: Upload | None) -> Timeline:
    """The line of time of one case."""
    return timeline(point for source in SOURCES for point in source(look, found, upload))


def _opened(_look: Look, found: Case, _upload: Upload | None) -> Iterator[Point]:
    yield Point(Sort.OPENED, found.opened_at, say("Case %(n)s", n=found.number))


def _reports(look: Look, found: Case, _upload: Upload | None) -> Iterator[Point]:
    reads = look.may(Permission.CASE_DECIDE)
    for one in user_reports.of_case(look.tx, found.id, MOST):
        yield Point(Sort.REPORT, one.at, CONCERNS[one.concern] if reads else "")


def _decisions(look: Look, found: Case, _upload: Upload | None) -> Iterator[Point]:
    for one in decisions.of_case(look.tx, found.id):
        kind = WORD[one.kind]
        back = one.undoes is not None
        yield Point(Sort.DECISION, one.at, say("Taken back: %(kind)s", kind=kind) if back else kind)


def _views(look: Look, found: Case, _upload: Upload | None) -> Iterator[Point]:
    """Looks at a picture by itself; small grey stills are shown with every page."""
    for one in views.of_case(look.tx, found.id, MOST):
        if one.level in {Level.S3, Level.S4}:
            yield Point(Sort.VIEW, one.at)


def _matched(look: Look, _found: Case, upload: Upload | None) -> Iterator[Point]:
    """An upload matches at the moment it is compared; where within it, the words say."""
    if upload is None:
        return
    for revision in uploads.history(look.tx, upload.id):
        if revision.verdict.matches:
            spans = spans_of(moments_s(revision.verdict.matches))
            words = ", ".join(span.words for span in spans)
            yield Point(Sort.SPAN, revision.at, words or say("The whole file"))
            return


def _broadcast(look: Look, found: Case, _upload: Upload | None) -> Iterator[Point]:
    """What was seen and ordered of a broadcast."""
    yield from read_stream.points(look, found)


def _chat(look: Look, found: Case, _upload: Upload | None) -> Iterator[Point]:
    """What was written, in numbers, and what was done in the chat."""
    yield from read_chat.points(look, found)


SOURCES: Final[tuple[Source, ...]] = (
    _opened, _reports, _decisions, _views, _matched, _broadcast, _chat,
)  # fmt: skip
"""Where points come from."""

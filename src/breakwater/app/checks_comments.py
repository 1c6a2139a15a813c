"""What `breakwater doctor` says of comments: which model and lists weigh them, or why none can."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from breakwater.app.finding import Check
from breakwater.app.hearing import lane_rules_of
from breakwater.comments import lexicon, model
from breakwater.errors import BreakwaterError
from breakwater.model.clock import SystemClock
from breakwater.settings import Settings

NAME: Final = "comments"
_TODO: Final = (
    "Until then comments come in and are counted as unscored. See comments_package and "
    "comments_lexicons."
)


def comments(settings: Settings) -> Iterator[Check]:
    """A package or list that cannot be used is told loudly: nothing is weighed without it."""
    if not settings.comments_enabled:
        yield Check(NAME, "ok", "off")
        return
    rules, today = lane_rules_of(settings), SystemClock().now().date()
    try:
        package = model.load(Path(rules.package)) if rules.package else None
        lists = [lexicon.load(Path(one), today=today).id for one in rules.lexicons]
    except BreakwaterError as error:
        yield Check(NAME, "warn", error.detail, _TODO)
        return
    named = "no model" if package is None else package.id
    if package is not None and package.card["surrogate"]:
        named += " (a surrogate: it shows how a model works, and finds polite spam)"
    yield Check(NAME, "ok", f"{named}; lists: {', '.join(lists) or 'none'}; cues and behaviour")

"""What viewers write in the demo: generated chatter, and polite generated offers among it.

Out: messages as `POST /v1/streams/{id}/comments` takes them, the same on every run. All of it is
put together here from ordinary words. The offers ("buy cheap followers") stand in for what is
looked for: a surrogate, which shows the machinery and is no claim about finding abuse.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

VIEWERS: Final = 60
SELLERS: Final = 5
CHATTER_A_MINUTE: Final = 120
OFFERS_A_MINUTE: Final = 5
WARM_MINUTES: Final = 20
"""Of ordinary chat before the first offer: as much as makes a model's scores mean something."""

LAST_MINUTES: Final = 9
"""In which the offers come."""

PARTS: Final = {
    "what": "song|game|camera|bridge|boat|bird|recipe|map|river|melody",
    "how": "so nice|really calm|great|lovely|a bit loud|very blue|too dark|perfect|funny",
    "who": "everyone|all of you|chat|friends|folks",
    "from": "Lisbon|Graz|Osaka|Leeds|Quito|Oslo|Accra|Perth|Turin|Lima",
    "when": "this morning|yesterday|last week|just now|in summer|every Sunday|tonight",
    "does": "watching|cooking|drawing|working|reading|having tea|folding laundry",
    "goods": "followers|views|likes|subscribers|channel points",
    "thing": "headphones|posters|mugs|shirts|phone cases",
}
CHATTER: Final = (
    "good morning {who}", "what {what} is this", "the {what} is {how}", "hello from {from}",
    "I was there {when}", "I am {does} and listening", "how is the weather over there",
    "that {what} again, {how}", "is that the same {what} as {when}", "we saw a {what} like it {when}",
    "no idea, maybe a {what}", "the picture froze for a second", "sound is fine here in {from}",
    "thanks for the stream {who}", "welcome back {who}", "lol the {what}", "same here in {from}",
    "was {does} {when} and missed it", "can you turn to the {what}", "it looks {how} from here",
    "who else is {does}", "back in a minute", "did you try it with another {what}",
    "my cat likes the {what}", "wow", "yes", "not sure", "agreed, {how}",
    "which {thing} do you use", "my {thing} came {when}", "how many {goods} does it take",
)  # fmt: skip
OFFERS: Final = (
    "I know where followers are cheap",
    "special price on posters this week",
    "followers for a small price, ask me",
    "my friend sells views",
    "you could have more subscribers",
    "a special price on shirts for you",
    "views for a small price, ask me",
    "everyone has more followers than you",
    "ask me about subscribers",
    "special price on headphones this week",
    "nice stream, it deserves more subscribers",
    "I know where channel points are cheap",
    "who wants more followers",
    "views help a small channel",
    "a special price on mugs for you",
    "likes for a small price, ask me",
    "my friend sells followers",
    "special price on phone cases this week",
    "half of you want followers, ask me",
    "channel points help a small channel",
    "a special price on posters for you",
    "got my subscribers there last week",
    "nice stream, it deserves more channel points",
    "likes help a small channel",
)


@dataclass(frozen=True, slots=True)
class Minute:
    """A minute of a chat, as a service sends it.

    Attributes:
        messages: in the order of their time.
        offers: ids of those among them that are offers.
    """

    messages: tuple[dict[str, Any], ...]
    offers: frozenset[str]


def minutes(until: datetime) -> Iterator[Minute]:
    """Half an hour of chat that ends at a moment: ordinary first, then offers among it."""
    draw = random.Random(7)  # noqa: S311 - the same chat on every run
    total = WARM_MINUTES + LAST_MINUTES
    offered = 0
    for number in range(total):
        begin = until - timedelta(minutes=total - number)
        rows = list(_chatter(draw, begin, number))
        some = OFFERS_A_MINUTE if number >= WARM_MINUTES else 0
        made = [_offer(begin, offered + n, (n + 0.5) / some) for n in range(some)]
        offered += some
        both = sorted((*rows, *made), key=lambda one: one["at"])
        yield Minute(tuple(both), frozenset(one["id"] for one in made))


def _chatter(draw: random.Random, begin: datetime, number: int) -> Iterator[dict[str, Any]]:
    for n in range(CHATTER_A_MINUTE):
        author = f"viewer-{draw.randrange(VIEWERS) + 1}"
        at = begin + timedelta(seconds=60 * n / CHATTER_A_MINUTE)
        yield _said(f"chat-{number}-{n}", author, at, _filled(draw, CHATTER))


def _offer(begin: datetime, number: int, part: float) -> dict[str, Any]:
    """One of the episode: its accounts take turns."""
    author = f"seller-{number % SELLERS + 1}"
    return _said(f"offer-{number}", author, begin + timedelta(seconds=60 * part),
                 OFFERS[number % len(OFFERS)])  # fmt: skip


def _said(name: str, author: str, at: datetime, text: str) -> dict[str, Any]:
    return {"id": name, "author": author, "at": at.isoformat(), "text": text, "lang": "en"}


def _filled(draw: random.Random, patterns: tuple[str, ...]) -> str:
    return re.sub(
        r"{(\w+)}", lambda found: draw.choice(PARTS[found[1]].split("|")), draw.choice(patterns)
    )

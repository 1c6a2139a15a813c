"""Make the shipped model: a small surrogate for polite, generated advertising spam.

In: sentences put together from the parts below, and the ordinary chat of the tests (CC-BY-4.0).
Out: `src/breakwater/comments/surrogate/`, the same bytes on every run. It shows that the
machinery runs from training to an explained alarm. It knows nothing of abuse, and no figure from
it is a claim about finding any.
"""

from __future__ import annotations

import gzip
import hashlib
import random
import shutil
import string
import sys
from collections.abc import Iterator
from pathlib import Path

from breakwater.comments.model import SHIPPED
from breakwater.comments.rows import Row
from breakwater.comments.train import About, split, train

ROOT = Path(__file__).resolve().parents[1]
ORDINARY = ROOT / "tests/data/chat/ordinary.txt.gz"
EACH = 60  # sentences of one pattern
BLOCK = 40  # messages of ordinary chat that stay together

PARTS = {
    "goods": "followers|views|likes|subscribers|watch hours|playlist plays|channel points",
    "many": "100|500|1000|2000|5000|10000",
    "cheap": "cheap|low price|best price|affordable|discounted|half price",
    "fast": "today|in one hour|within a day|right now|this week|instantly",
    "shop": "our shop|our site|our store|the link in my profile|our page|our new website",
    "code": "SAVE10|SPRING20|HELLO15|STREAM5|WELCOME25|FRIENDS30",
    "thing": "headphones|phone cases|sneakers|game keys|gift boxes|posters|mugs|shirts",
    "price": "$5|$10|$15|$20|9.99|4.99",
    "please": "please|kindly|dear friends|hello everyone|hi all|dear viewers",
    "thanks": "thank you|thanks|have a nice day|best regards|see you there",
}
SPAM = (
    "{please} buy {cheap} {goods} at {shop}, {thanks}",
    "get {many} {goods} for only {price}, delivered {fast}",
    "{many} {goods} {fast}! visit {shop}",
    "promo code {code} gives you a discount on {thing} at {shop}",
    "big sale {fast}: {thing} from {price}, use code {code}",
    "grow your channel with {many} real {goods}, {cheap} and safe",
    "we offer {cheap} {goods}, order {fast} at {shop}",
    "{please} check out {shop} for {thing}, {thanks}",
    "limited offer: {thing} for {price} {fast}",
    "want more {goods}? {shop} has {cheap} packages from {price}",
    "free shipping on all {thing} {fast}, code {code}",
    "earn money from home, learn how at {shop}, {thanks}",
    "subscribe to my channel and win {thing}, {thanks}",
    "special deal for streamers: {many} {goods} for {price}",
    "our customers love these {thing}, order {fast} with {code}",
    "{please} do you need {goods}? message {shop} {fast}",
    "best {goods} service, {cheap}, trusted by {many} streamers",
    "{thing} on sale at {shop}, only {price}, {thanks}",
    "click the link for {many} free {goods}",
    "new collection of {thing}, {cheap}, available {fast}",
    "boost your stream {fast} with {many} {goods}",
    "use {code} to save on {goods} packages at {shop}",
    "{thanks} for reading, {cheap} {thing} are waiting at {shop}",
    "become a partner of {shop} and earn {price} for each sale",
)
HARMLESS = (
    "my {thing} broke {fast}, so sad",
    "how many {goods} does this channel have",
    "I bought {thing} for {price} and they are fine",
    "{thanks} for the stream",
    "{please} what game is this",
    "you got {many} {goods}, congratulations",
    "which {thing} do you use",
    "the {goods} went up {fast}",
    "was that {price} or more",
    "I saw it on {shop} I think",
    "{please} say hello to my brother",
    "that price is too high for {thing}",
)


def sentences(pattern: str, draw: random.Random) -> Iterator[str]:
    """Sentences of one pattern, in the spelling of a hurried writer."""
    names = [name for _, name, _, _ in string.Formatter().parse(pattern) if name]
    for _ in range(EACH):
        chosen = {name: draw.choice(PARTS[name].split("|")) for name in names}
        text = pattern.format(**chosen)
        style = draw.random()
        if style < 0.15:
            text = text.upper()
        elif style < 0.5:
            text = text[0].upper() + text[1:]
        yield text + draw.choice(("", "", "!", ".", " :)", "!!"))


def rows() -> list[Row]:
    """All messages with their groups."""
    draw = random.Random(20260101)  # noqa: S311 - the same sentences on every run
    made = [
        Row(text, label, f"{kind} {number}", "en")
        for kind, label, patterns in (("spam", True, SPAM), ("harmless", False, HARMLESS))
        for number, pattern in enumerate(patterns)
        for text in sentences(pattern, draw)
    ]
    lines = gzip.decompress(ORDINARY.read_bytes()).decode("utf-8").splitlines()
    texts = [line for line in lines if not line.startswith("#")]
    made += [Row(text, False, f"chat {at // BLOCK}", "en") for at, text in enumerate(texts)]
    return made


def main(target: Path = SHIPPED) -> None:
    """Train and write the package."""
    about = About(
        id="surrogate-polite-spam-1",
        title="Surrogate: polite generated spam against ordinary chatter",
        about=(
            "Made to exercise the machinery. Positives are advertising sentences generated from "
            "patterns; negatives are a technical help chat and generated harmless sentences with "
            "the same nouns. It knows nothing of abuse; no figure here is a claim about finding any."
        ),
        licence="Apache-2.0 (generated); CC-BY-4.0 (chat: jkkummerfeld/irc-disentanglement)",
        surrogate=True,
        failures=(
            "Generated text has few patterns: real advertising is found far less often.",
            "English only; every other language abstains.",
            "Harmless talk about shops and prices in words it has not seen may score high.",
        ),
    )
    held = rows()
    listed = "\n".join(f"{row.label:d}\t{row.group}\t{row.text}" for row in held)
    sources = {
        "generated by tools/make_surrogate.py, with ordinary chat": hashlib.sha256(
            listed.encode()
        ).hexdigest(),
        "tests/data/chat/ordinary.txt.gz": hashlib.sha256(ORDINARY.read_bytes()).hexdigest(),
    }
    trained = train(split(held, seed="polite"), about, sources=sources, augment=True)
    if target.exists():
        shutil.rmtree(target)
    trained.save(target)
    print(trained.files["card.yaml"].decode())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))

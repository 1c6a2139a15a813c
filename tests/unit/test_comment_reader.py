"""One message read whole: its parts add up, unknown languages abstain, and no word comes out."""

import logging
import random
import traceback
from datetime import date

import pytest
import structlog

from breakwater import observe
from breakwater.comments.engine import Read
from breakwater.comments.lexicon import Lexicon, parse
from breakwater.comments.model import SHIPPED, load
from breakwater.comments.normalise import normalise
from breakwater.comments.reader import MOST_CUES, MessageReader
from breakwater.comments.rows import read_rows
from breakwater.errors import BreakwaterError
from breakwater.model.comment import Cue, Message, Source

TODAY = date(2026, 1, 2)
LIST = """\
version: 1
id: list-A
source: {owner: "somebody", licence: "ours"}
confidential: true
entries:
  - {t: "marmalade", id: a1, weight_nats: 2.0}
  - {t: "teapot", id: a2, context: {any_cue: [move_service], within_s: 60}}
"""


@pytest.fixture(scope="module")
def reader() -> MessageReader:
    return MessageReader(load(SHIPPED), [parse(LIST.encode(), today=TODAY)])


def by_source(read: Read) -> dict[Source, float]:
    return {one.source: one.nats for one in read.scored.by}


def test_the_parts_are_named_and_add_up(reader: MessageReader) -> None:
    read = reader.read("m4rm\u200balade? add me on t3legram, buy cheap followers", "en")
    parts = by_source(read)
    assert set(parts) == {Source.MODEL, Source.LEXICON, Source.CUE, Source.BEHAVIOUR}
    assert read.scored.nats == pytest.approx(sum(one.nats for one in read.scored.by))
    refs = {one.ref for one in read.scored.by}
    assert refs == {"surrogate-polite-spam-1", "list-A/a1", "move_service", "obfuscation"}
    assert read.cues == (Cue.MOVE_SERVICE,)
    assert read.raw is not None


@pytest.mark.parametrize("lang", ["de", "ja", None])
def test_an_uncalibrated_language_keeps_lists_and_cues_and_says_so(reader, lang) -> None:
    read = reader.read("marmalade, hast du discord?", lang)
    assert (read.raw, read.scored.abstained) == (None, True)
    assert Source.MODEL not in by_source(read)
    assert by_source(read)[Source.LEXICON] == 2.0
    assert read.scored.lang == (lang or "und")


def test_what_nobody_says_is_the_readers_own_language() -> None:
    read = MessageReader(load(SHIPPED), lang="en").read("what song is this")
    assert (read.scored.lang, read.scored.abstained) == ("en", False)


def test_without_a_model_nothing_abstains(reader: MessageReader) -> None:
    read = MessageReader().read("how old are you", "en")
    assert (read.raw, read.scored.abstained) == (None, False)
    assert set(by_source(read)) == {Source.CUE}


def test_a_context_is_of_the_chat_or_of_the_message(reader: MessageReader) -> None:
    def refs(text: str, ago=None) -> set[str]:
        return {one.ref for one in reader.read(text, "en", ago).scored.by}

    assert "list-A/a2" not in refs("teapot")
    assert "list-A/a2" in refs("teapot", {Cue.MOVE_SERVICE: 59.0})
    assert "list-A/a2" not in refs("teapot", {Cue.MOVE_SERVICE: 61.0})
    assert "list-A/a2" in refs("teapot, add me on telegram")


def test_cues_together_are_bounded(reader: MessageReader) -> None:
    text = "how old are you, are you home alone, add me on telegram, our secret, stand up now"
    read = MessageReader().read(text, "en")
    assert len(read.cues) == 5
    assert read.scored.nats == pytest.approx(MOST_CUES)


@pytest.mark.parametrize("text", ["", " ", "\ud800", "\u200b\u0301", "\x00"])
def test_empty_messages_weigh_nothing_but_their_oddity(reader: MessageReader, text: str) -> None:
    read = reader.read(text, "en")
    assert {one.source for one in read.scored.by} <= {Source.BEHAVIOUR}
    assert read.cues == ()


def test_equal_messages_are_equal_reads(reader: MessageReader) -> None:
    assert reader.read("Hello!", "en") == reader.read("Hello!", "en")
    assert reader.read("Hello!", "en").key == reader.read("h e l l o", "en").key


def test_ten_megabytes_are_read_in_part_and_that_is_evidence(reader: MessageReader) -> None:
    read = reader.read("what song is this " * 600_000, "en")
    assert read.scored.obfuscation.uncounted > 10_000_000
    assert by_source(read)[Source.BEHAVIOUR] == 1.5


CANARIES = 1_000
RUINS = (
    "\u200b",
    "\u0301",
    "\u0336",
    "\ud800",
    " ",
    ".",
    "\n",
    "%s",
    "{0}",
    "\x00",
    "😀",
    "\u202e",
)


def canaries(draw: random.Random) -> list[str]:
    letters = "bcdfghjkpqvwxz"  # none that folding changes: a canary is found in a skeleton too
    words = {"".join(draw.choices(letters, k=12)) for _ in range(4 * CANARIES)}
    plain = [one for one in sorted(words) if normalise(one).skeleton.text == one]
    assert len(plain) >= CANARIES
    return plain[:CANARIES]


def ruined(draw: random.Random, words: list[str]) -> str:
    text = " ".join(draw.choices(words, k=draw.randint(1, 4)))
    for _ in range(draw.randint(0, 5)):
        at = draw.randint(0, len(text))
        text = text[:at] + draw.choice(RUINS) + text[at:]
    if draw.random() < 0.1:
        text = draw.choice((str.upper, str.title))(text)
    if draw.random() < 0.3:
        text += draw.choice(
            (" add me on telegram", " how old are you", " +49 170 123 45 67", " $20 song")
        )
    return text


def holding(words: list[str], extra: str = "") -> bytes:
    entries = "\n".join(f"  - {{t: {word}, id: c{n}}}" for n, word in enumerate(words))
    head = LIST.split("entries:", maxsplit=1)[0]
    return f"{head}entries:\n{entries}\n{extra}".encode()


def faults(words: list[str], tmp_path) -> list[str]:
    """What is said when lists, packages and rows that hold canaries are broken."""
    said = []
    broken = [
        holding(words, f"  - {{t: [{words[0]}, id: x}}"),
        holding(words, f"  - {{t: {words[0]}, id: c0}}"),
        holding(words, f"  - {{{words[1]}: 1, id: x}}"),
        holding(words, f"{words[2]}: {words[3]}"),
        holding(words, f"  - &{words[4]} {words[5]}"),
        holding(words, f"  - {{t: {words[6]} {words[7]}, id: x}}"),
    ]
    for data in broken:
        with pytest.raises(BreakwaterError) as caught:
            parse(data, today=TODAY)
        said += ["".join(traceback.format_exception(caught.value)), repr(caught.value)]
    for number, text in enumerate(
        (f"text,label,group\n{words[0]},7,{words[1]}\n", f'text\n"{words[2]}"x')
    ):
        path = tmp_path / f"{number}.csv"
        path.write_text(text, "utf-8")
        with pytest.raises(BreakwaterError) as caught:
            read_rows(path)
        said.append("".join(traceback.format_exception(caught.value)))
    return said


@pytest.mark.parametrize(
    "messages",
    [10_000, pytest.param(1_000_000, marks=[pytest.mark.long, pytest.mark.timeout(3_600)])],
)
def test_no_canary_reaches_a_log_a_repr_or_a_traceback(messages, tmp_path, caplog, capfd) -> None:
    """Fuzzed messages with 1,000 canary terms, and everything that can be said of them."""
    caplog.set_level(logging.DEBUG)
    draw = random.Random(20)
    words = canaries(draw)
    lexicon = parse(holding(words), today=TODAY)
    reader = MessageReader(load(SHIPPED), [lexicon])
    observe.configure(level="debug", form="json")
    log = structlog.get_logger()
    shown = [*faults(words, tmp_path), repr(lexicon.terms)]
    hits = 0
    for number in range(messages):
        text = ruined(draw, words)
        read = reader.read(text, draw.choice(("en", "de", None)))
        hits += any(one.source is Source.LEXICON for one in read.scored.by)
        if number % 100 == 0:
            normal = normalise(text)
            message = Message(f"m{number}", text, None, text, to=text)
            found = lexicon.find(normal)
            shown.append(repr([read, normal, message, lexicon, found]))
            log.info("comment.read", nats=read.scored.nats, by=str(read.scored.by))
            try:
                _fail(read, normal, message)
            except RuntimeError as error:
                shown.append("".join(traceback.format_exception(error)))
    assert hits > messages / 2
    out, err = capfd.readouterr()
    everything = "".join((*shown, caplog.text, out, err)).casefold()
    assert "comment.read" in everything
    leaked = [word for word in words if word in everything]
    assert not leaked, len(leaked)


def _fail(*held: object) -> None:
    raise RuntimeError(f"a fault while holding {held!r}")


def test_a_canary_would_be_seen() -> None:
    """The guard itself: what is searched would show a word that stands in it."""
    word = canaries(random.Random(20))[7]
    with pytest.raises(RuntimeError) as caught:
        _fail(f"{word} leaked")
    assert word in "".join(traceback.format_exception(caught.value)).casefold()


def test_a_lexicon_cannot_be_printed_by_its_parts() -> None:
    lexicon: Lexicon = parse(LIST.encode(), today=TODAY)
    assert "marmalade" not in f"{lexicon} {lexicon.terms} {lexicon.find(normalise('marmalade'))}"

"""A closer look at an unsure stretch of a broadcast, and the stills of its frame pairs.

In comes a stretch that the alignment is not sure of (`recognition.grey.unsure`); its child is
asked for key points at the moments of the known video's key frames, and for its sound; out goes
an alert with what was found, judged by the rule of uploads. One look at a time for a broadcast
and not more often than every `EVERY_S`; all comparing is done in one thread of its own, so that
no other broadcast waits for it. Used by `hearing`; tests: `tests/contract/test_live_closer.py`,
`tests/integration/test_live_look.py`.
"""

from __future__ import annotations

import functools
import io
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

from breakwater.errors import BadSignal, BreakwaterError
from breakwater.fingerprint import audio
from breakwater.fingerprint.video import FrameHash
from breakwater.live.watching import lookwire
from breakwater.live.watching.childwire import Message
from breakwater.live.watching.post import Post
from breakwater.live.watching.spotting import Spotted
from breakwater.model.clock import Clock
from breakwater.model.copies import Zone
from breakwater.model.ids import Id
from breakwater.model.live import LiveFrame
from breakwater.model.scene import CloserLook, Keypoints, SoundPrint
from breakwater.observe import logger
from breakwater.recognition import grey
from breakwater.recognition.align import Copy
from breakwater.records import reels, stream_stills, streams
from breakwater.records.database import Database
from breakwater.records.vault import Vault

EVERY_S: Final = 6.0
"""Least seconds between two looks at one broadcast: a look is a quarter of a second of work."""

PATIENCE_S: Final = 5.0
"""After so long a child that did not answer is asked again."""

MOST_TRIES: Final = 4
"""Looks at stretches of one known video that could not tell."""

MOST_WAITING: Final = 64
"""Looks that wait for the one thread; one more is left out, and comes again with the next frame."""

SOON_S: Final = 1.5
"""When a stretch is looked at again that is too short yet for two frames of the known video."""

LISTEN_S: Final = 60.0
OPEN_S: Final = 60.0
"""How long after its last doubt a broadcast is listened to, and a stretch may be looked at."""

HASHES: Final = 128
KNOWN: Final = 32

PAIRS: Final = 4
MOST_STILLS: Final = 24
STILLS: Final = "evidence"
"""Pairs of an alert whose stills are kept, stills of one broadcast, and their retention class."""

_log = logger("watching")


@dataclass(frozen=True, slots=True)
class _Question:
    """A look under way."""

    number: int
    copy: Copy
    looks: tuple[grey.Look, ...]
    known: grey.Known
    offset_s: float


@dataclass(slots=True)
class Eye:
    """What looking closer at one broadcast remembers.

    Attributes:
        hashes: of its frames, for its shots.
        open: the newest unsure stretch of each known video.
        tried: looks at a known video, and the frames of the stretch then.
        asked_at: monotonic seconds of the last look; busy: it is prepared or compared.
        pull: when the pull began that is listened to.
        stills: moments asked for, in ms.
    """

    hashes: deque[FrameHash] = field(default_factory=lambda: deque(maxlen=HASHES))
    sound: audio.Ring = field(default_factory=audio.Ring)
    open: dict[int, Copy] = field(default_factory=dict)
    tried: dict[int, tuple[int, int]] = field(default_factory=dict)
    question: _Question | None = None
    asked_at: float = -1e9
    busy: bool = False
    number: int = 0
    heard_until: float = 0.0
    pull: float = -1.0
    stills: set[int] = field(default_factory=set)


class Closer:
    """Looks closer at every broadcast of this process."""

    def __init__(
        self, *, db: Database, clock: Clock, vault: Vault, tell: Callable[[Post, Spotted], None]
    ) -> None:
        """Take what it stands on.

        Args:
            db: what is kept of known videos.
            clock: of alerts.
            vault: for stills.
            tell: takes an alert; from any thread.
        """
        self._db, self._clock, self._vault, self._tell = db, clock, vault, tell
        self._eyes: dict[Id, Eye] = {}
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="looking")
        self._waiting = 0
        self._hears = bool(audio.version())
        if not self._hears:
            _log.warning("sound_not_compared", why="Chromaprint is not installed; see doctor")
        self._known: OrderedDict[int, grey.Known] = OrderedDict()

    def close(self) -> None:
        """Begin nothing more, and end what runs."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def eye(self, post: Post) -> Eye:
        """What is remembered of a broadcast."""
        return self._eyes.setdefault(post.stream.id, Eye())

    def forget(self, stream: Id) -> None:
        """A broadcast is watched no more."""
        self._eyes.pop(stream, None)

    def saw(self, post: Post, frame: LiveFrame, now: float) -> None:
        """A frame was looked at; a look follows where its stretches are unsure. Returns at once.

        Args:
            post: of the broadcast, with what its spotter doubts.
            frame: the newest.
            now: monotonic seconds.
        """
        eye = self.eye(post)
        if frame.prints:
            one = frame.prints[0]
            eye.hashes.append(
                FrameHash(
                    frame.number, post.offset_s + frame.time_s, one.signal.value, one.quality or 0
                )
            )  # fmt: skip
        doubts = post.spotter.doubts
        self._listen(post, eye, now, wanted=bool(doubts))
        eye.open |= {copy.reel.number: copy for copy in doubts}
        if eye.busy or not eye.open or now - eye.asked_at < EVERY_S:
            return
        old = post.last_s - OPEN_S
        eye.open = {at: copy for at, copy in eye.open.items() if copy.segment.end_s > old}
        worth = [copy for copy in eye.open.values() if _worth(eye, copy)]
        if worth:
            best = max(worth, key=lambda copy: copy.segment.score)
            eye.asked_at = now
            self._begin(eye, functools.partial(self._ask, post, eye, best))

    def pictures(self, post: Post, spotted: Spotted) -> None:
        """Ask for the stills of an alert's frame pairs."""
        eye = self.eye(post)
        times = [pair.time_s for one in spotted.segments[:1] for pair in one.pairs[:PAIRS]]
        times += [spotted.alert.time_s] if spotted.matches else []
        wanted = [at for at in times if round(at * 1000) not in eye.stills]
        if wanted and post.link is not None and len(eye.stills) < MOST_STILLS:
            eye.stills |= {round(at * 1000) for at in wanted}
            self._say(post, "shots", wanted)

    def told(self, post: Post, message: Message) -> None:
        """Take an answer of the child.

        Raises:
            BadAnswer: it is not well formed.
        """
        eye = self.eye(post)
        if message.kind == "sound":
            heard, anew = lookwire.sound(message)
            if anew:
                eye.sound = audio.Ring()
            eye.sound.add(replace(heard, start_s=post.offset_s + heard.start_s))
        elif message.kind == "looked":
            number, points = lookwire.looked(message)
            asked, eye.question = eye.question, None
            if asked is not None and asked.number == number:
                heard = eye.sound.sound()
                self._begin(eye, functools.partial(self._judge, post, eye, asked, points, heard))
        elif message.kind == "shots":
            found = lookwire.shots(message)
            offset_s = post.offset_s
            self._begin(None, functools.partial(self._keep, post, offset_s, found))

    def _listen(self, post: Post, eye: Eye, now: float, *, wanted: bool) -> None:
        """Sound is printed while there is something to compare it with."""
        if not self._hears or post.link is None:
            return
        if wanted:
            if now >= eye.heard_until or eye.pull != post.opened_at:
                eye.pull = post.opened_at
                self._say(post, "listen on")
            eye.heard_until = now + LISTEN_S
        elif eye.heard_until and now >= eye.heard_until:
            eye.heard_until = 0.0
            self._say(post, "listen off")

    def _begin(self, eye: Eye | None, work: Callable[[], None]) -> None:
        """Do it in the thread that compares, unless too much waits for it."""
        with self._lock:
            if self._waiting >= MOST_WAITING:
                return
            self._waiting += 1
        if eye is not None:
            eye.busy = True
        try:
            self._threads.submit(self._done, eye, work)
        except RuntimeError:  # closing
            return

    def _done(self, eye: Eye | None, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - a look that fails leaves its stretch unsure
            code = error.code if isinstance(error, BreakwaterError) else type(error).__name__
            _log.exception("look_failed", code=code)
        finally:
            with self._lock:
                self._waiting -= 1
            if eye is not None:
                eye.busy = False

    def _ask(self, post: Post, eye: Eye, copy: Copy) -> None:
        """Ask the child for the frames that lie on the stretch's line."""
        known = self._of(copy.reel.number)
        looks = grey.plan(copy.segment, known) if known is not None else ()
        if len(looks) == 1 and copy in post.spotter.doubts:
            eye.asked_at -= EVERY_S - SOON_S  # it still grows
            return
        _count(eye, copy)
        if known is None or not looks:
            return
        room = grey.LOOKS - len(looks)
        looks += grey.beyond(copy.segment, known, post.last_s, room)
        eye.number += 1
        eye.question = _Question(eye.number, copy, looks, known, post.offset_s)
        times = [*(one.time_s for one in looks), *grey.around(list(eye.hashes))]
        self._say(post, f"look {eye.number}", times)

    def _judge(
        self,
        post: Post,
        eye: Eye,
        asked: _Question,
        points: Sequence[Keypoints],
        heard: SoundPrint,
    ) -> None:
        """Compare, and tell what was found."""
        copy = asked.copy
        placed = [replace(one, time_s=asked.offset_s + one.time_s) for one in points]
        judged, look = grey.weigh(copy.segment, asked.looks, placed, asked.known, heard)
        if not look.frames and look.sound is None:
            return
        if judged.zone is not Zone.LOOK:
            eye.open.pop(copy.reel.number, None)
        post.spotter.settle(judged)
        alert = post.spotter.alert(
            replace(copy, segment=judged), self._clock.now(), post.last_s, words=said(look),
            may_cut=copy.segment.zone is judged.zone is Zone.LINK,
        )  # fmt: skip
        self._tell(post, Spotted(alert, (judged,), looks=(look,)))

    def _keep(self, post: Post, offset_s: float, found: Sequence[tuple[float, bytes]]) -> None:
        """Seal stills of a broadcast that has a case; of others nothing is kept."""
        stream = post.stream.id
        for time_s, picture in found:
            ms = max(0, round((offset_s + time_s) * 1000))
            with self._db.read() as tx:
                if streams.get(tx, stream).case is None:
                    return
                if stream_stills.find(tx, stream, ms) is not None:
                    continue
            blob = self._vault.put(io.BytesIO(picture), purpose=STILLS)
            with self._db.transaction() as tx:
                stream_stills.keep(tx, stream, ms=ms, blob=blob)
                tx.audit("live", "stream.preserve", stream, what=stream_stills.WHAT, blob=blob)

    def _say(self, post: Post, words: str, times: Sequence[float] = ()) -> None:
        """One line to the child; moments on its pull's clock."""
        link = post.link
        if link is None:
            return
        kind, _, rest = words.partition(" ")
        own = [f"{at - post.offset_s:.3f}" for at in times]
        link.ask(post.stream.id, post.epoch, kind, " ".join([*([rest] if rest else []), *own]))

    def _of(self, reel: int) -> grey.Known | None:
        """What is kept of a known video; read once, up to 500 kB each."""
        if reel in self._known:
            self._known.move_to_end(reel)
            return self._known[reel]
        with self._db.read() as tx:
            packed = reels.look_of(tx, reel)
        if packed is None:
            return None  # it may yet come
        try:
            self._known[reel] = grey.Known.parse(packed)
        except BadSignal:
            return None
        while len(self._known) > KNOWN:
            self._known.popitem(last=False)
        return self._known[reel]


def _worth(eye: Eye, copy: Copy) -> bool:
    """Whether another look could tell more: the stretch has grown, and looks told too little."""
    tries, frames = eye.tried.get(copy.reel.number, (0, -1))
    return tries < MOST_TRIES and copy.segment.frames > frames


def _count(eye: Eye, copy: Copy) -> None:
    tries, _ = eye.tried.get(copy.reel.number, (0, 0))
    eye.tried[copy.reel.number] = (tries + 1, copy.segment.frames)


def said(look: CloserLook) -> str:
    """One sentence for people."""
    of = f"{look.agree} of {len(look.frames)}"
    heard = "" if look.sound is None else f"; {look.sound.seconds:.0f} s of sound are the same"
    if look.after == Zone.LINK:
        return f"A closer look bears it out: {of} frame pairs show the same{heard}."
    if look.after == Zone.NOTHING:
        return f"A closer look found another video: {of} frame pairs show the same."
    return f"A closer look cannot tell: {of} frame pairs show the same{heard}."

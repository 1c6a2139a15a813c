"""Wires operators' classifiers: who runs them, for broadcasts and for cases."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from breakwater.app.ground import Ground
from breakwater.app.live import Live
from breakwater.app.mapping import limits_of
from breakwater.classifiers import handlers
from breakwater.classifiers.casework import Casework
from breakwater.classifiers.manage import Classifiers
from breakwater.live.watching.classifying import TURN_S, Classifying, ScoreRules
from breakwater.model.classifier import Classifier, Trouble
from breakwater.model.work import JobKind, Subscription, Turn
from breakwater.recognition.scoring import ScoreLimits, Scorers
from breakwater.settings import Settings


@dataclass(frozen=True, slots=True)
class Scoring:
    """Classifiers, and what the worker does for them."""

    classifiers: Classifiers
    scorers: Scorers
    casework: Casework
    subscriptions: tuple[Subscription, ...]
    jobs: tuple[JobKind, ...]
    turns: tuple[Turn, ...]


def wire_scoring(settings: Settings, on: Ground, live: Live, undo: ExitStack) -> Scoring:
    """Put the parts together; no process is started before there is a model."""
    heard: list[Classifiers] = []

    def told(one: Classifier, trouble: Trouble | None, detail: str) -> None:
        for classifiers in heard:
            classifiers.told(one, trouble, detail)

    scorers = Scorers(
        clock=on.clock, opener=on.vault.open, limits=score_limits_of(settings), on_trouble=told
    )
    undo.callback(scorers.close)
    classifiers = Classifiers(
        db=on.db, vault=on.vault, scorers=scorers, metrics=on.metrics, on=settings.classifiers,
        people=settings.classifier_people,
    )  # fmt: skip
    heard.append(classifiers)
    casework = Casework(
        db=on.db, vault=on.vault, pool=on.pool, scorers=scorers,
        limits=limits_of(settings).video, on=settings.classifiers,
    )  # fmt: skip
    watched = Classifying(
        db=on.db, clock=on.clock, metrics=on.metrics, door=live.streams, scorers=scorers,
        rules=ScoreRules(settings.classifier_share, settings.classifier_every),
    )  # fmt: skip
    undo.callback(watched.close)
    watching = live.watching
    watching.hearing.takers["pixels"] = watched.take

    def turn() -> None:
        watched.turn(watching.every(), on.clock.now().timestamp())

    return Scoring(
        classifiers=classifiers,
        scorers=scorers,
        casework=casework,
        subscriptions=handlers.subscriptions(casework),
        jobs=handlers.job_kinds(casework),
        turns=(*handlers.turns(classifiers), Turn("live.classifiers", TURN_S, turn)),
    )


def score_limits_of(settings: Settings) -> ScoreLimits:
    """What one classifier may use, from settings."""
    return ScoreLimits(
        score_s=settings.classifier_seconds,
        memory=settings.classifier_memory,
        most_bytes=settings.classifier_bytes,
    )

"""Logs and metrics: what happened, how often, how long; never content.

Logs are structlog events with neutral fields. `redact` is the last processor before the
writer: it drops fields that could carry media bytes, chat text, addresses or secrets, and
masks anything in a value that looks like an address or a key (tested with canaries).
Metrics are prometheus-client objects on one registry per `Metrics`, so that tests and
several apps in one process do not meet.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

FORBIDDEN: Final = frozenset({
    "address", "body", "chat", "comment", "content", "cookie", "data", "email", "headers",
    "ip", "key", "message_text", "password", "payload", "phone", "pixels", "remote_addr",
    "secret", "snapshot", "text", "token", "url",
})  # fmt: skip
"""Field names that are dropped whatever they hold."""

_MASKS: Final = (
    (re.compile(r"\bbw_[A-Za-z0-9-]{6,}_[A-Za-z0-9_-]{8,}"), "[api key]"),
    (re.compile(r"\bwhsec_[A-Za-z0-9+/=]{8,}"), "[secret]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}"), "[credentials]"),
    (re.compile(r"/login/[A-Za-z0-9_-]{8,}"), "/login/[link]"),
    (re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"), "[address]"),
    (re.compile(r"(?i)(?<![\w:])(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}(?![\w:])"), "[address]"),
    (re.compile(r"(?i)(?<![\w:])[0-9a-f:]{0,34}::[0-9a-f:]{0,34}(?![\w:])"), "[address]"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"), "[email]"),
)  # fmt: skip


def mask(text: str) -> str:
    """Replace what looks like an address, key or link inside a text."""
    for pattern, word in _MASKS:
        text = pattern.sub(word, text)
    return text if len(text) <= 2_000 else text[:2_000] + "…"


def _clean(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} bytes]"
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {k: "[dropped]" if str(k) in FORBIDDEN else _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value][:50]
    if value is None or isinstance(value, bool | int | float):
        return value
    return mask(str(value))


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last processor: nothing private passes it."""
    return {
        name: "[dropped]" if name in FORBIDDEN else _clean(value) for name, value in event.items()
    }


def configure(*, level: str = "info", form: str = "auto") -> None:
    """Set up logging for this process, the standard library's loggers included."""
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    render: Any = (
        structlog.dev.ConsoleRenderer()
        if console
        else structlog.processors.JSONRenderer(sort_keys=True)
    )
    number = logging.getLevelName(level.upper())
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared[1:], processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, render,
        ])
    )  # fmt: skip
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.WARNING))


def logger(room: str) -> structlog.typing.FilteringBoundLogger:
    """A logger for one room of the program."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger().bind(room=room)
    return bound


class Metrics:
    """Every metric of one installation; `docs/reference/metrics.md` is made from these."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        self.uploads = Counter(
            "breakwater_uploads_total", "Uploads by verdict", ["action", "rule"], registry=r
        )
        self.upload_seconds = Histogram(
            "breakwater_upload_seconds",
            "Seconds from the last byte of an upload to its verdict",
            registry=r,
            buckets=(0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.2, 2.5, 5, 10, 60),
        )
        self.lookups = Counter("breakwater_lookup_signals_total", "Signals looked up", registry=r)
        self.lookup_hits = Counter(
            "breakwater_lookup_hits_total", "Looked-up signals that matched", registry=r
        )
        self.undecodable = Counter(
            "breakwater_undecodable_total", "Media that could not be read", ["reason"], registry=r
        )
        self.our_faults = Counter(
            "breakwater_decoder_faults_total", "Decodes that failed by our fault", registry=r
        )
        self.refused_private = Counter(
            "breakwater_refused_private_total",
            "Private uploads and batches of messages refused for want of a legal basis",
            ["jurisdiction"],
            registry=r,
        )
        self.index_entries = Gauge(
            "breakwater_index_entries", "Entries in the index", ["kind"], registry=r
        )
        self.index_lag = Gauge(
            "breakwater_index_lag_changes", "Changes in SQL not yet in the index", registry=r
        )
        self.cases_open = Gauge(
            "breakwater_cases_open", "Cases that wait", ["priority"], registry=r
        )
        self.filings_open = Gauge(
            "breakwater_filings_open", "Reports to a recipient that are not filed yet",
            ["destination"], registry=r,
        )  # fmt: skip
        self.webhooks = Counter(
            "breakwater_webhooks_total", "Webhook deliveries", ["outcome"], registry=r
        )
        self.views = Counter("breakwater_views_total", "Media views", ["level"], registry=r)
        self.requests = Counter(
            "breakwater_http_requests_total", "HTTP requests", ["route", "status"], registry=r
        )
        self.alarms = Counter("breakwater_alarms_total", "Alarms raised", ["kind"], registry=r)
        self._people(r)
        self._broadcasts(r)
        self._classifiers(r)
        self._spot_checks(r)
        self._comments(r)
        self._justice(r)
        self._links(r)

    def _justice(self, r: CollectorRegistry) -> None:
        """Those of reports and of registrations."""
        self.filings_overdue = Gauge(
            "breakwater_filings_overdue",
            "Reports to a recipient past their time; anything but 0 is an alarm",
            ["destination"], registry=r,
        )  # fmt: skip
        self.registrations = Counter(
            "breakwater_registrations_total", "Registrations checked", ["answer"], registry=r
        )

    def _links(self, r: CollectorRegistry) -> None:
        """Those of links between what is kept."""
        self.links_looked = Counter(
            "breakwater_links_looked_total",
            "Media that links were sought for: looked, abstained (nothing to compare by), failed",
            ["outcome"], registry=r,
        )  # fmt: skip
        self.links_found = Counter(
            "breakwater_links_found_total", "Links found, by what two media share", ["kind"],
            registry=r,
        )  # fmt: skip
        self.links_media = Gauge(
            "breakwater_links_media", "Media that links are sought for, by how far they are",
            ["state"], registry=r,
        )  # fmt: skip
        self.links_series = Gauge("breakwater_links_series", "Series of media", registry=r)

    def _people(self, r: CollectorRegistry) -> None:
        """Those of people on duty."""
        self.duty_people = Gauge(
            "breakwater_duty_people", "People on duty now; 0 is an alarm", registry=r
        )
        self.duty_answer_seconds = Histogram(
            "breakwater_duty_answer_seconds",
            "Seconds from a call about a case to its acknowledgement",
            registry=r,
            buckets=(5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1800),
        )
        self.pages = Counter(
            "breakwater_pager_messages_total", "Messages to the pager service", ["outcome"],
            registry=r,
        )  # fmt: skip

    def _broadcasts(self, r: CollectorRegistry) -> None:
        """Those of live broadcasts."""
        self.live_streams = Gauge("breakwater_live_streams", "Broadcasts being pulled", registry=r)
        self.live_seen_share = Gauge(
            "breakwater_live_seen_share", "Mean share of the broadcasts' length that was seen",
            registry=r,
        )  # fmt: skip
        self.live_frames = Counter(
            "breakwater_live_frames_total", "Frames of broadcasts looked at", registry=r
        )
        self.live_frame_seconds = Histogram(
            "breakwater_live_frame_seconds", "Seconds from a frame's arrival to its alerts",
            registry=r, buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5),
        )  # fmt: skip
        self.live_pull_ends = Counter(
            "breakwater_live_pull_ends_total", "Pulls that ended", ["why"], registry=r
        )
        self.live_refused = Counter(
            "breakwater_live_refused_total",
            "Packets of broadcasts that the container of the pre-roll did not take", registry=r,
        )  # fmt: skip
        self.live_stale = Counter(
            "breakwater_live_stale_total", "Messages under an old epoch, dropped", registry=r
        )
        self.order_seconds = Histogram(
            "breakwater_order_seconds",
            "Seconds from an order on a broadcast to each step of the media server, and to all of it",
            ["to", "step"],
            registry=r,
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 120),
        )
        self.media_servers = Gauge(
            "breakwater_media_server_up", "Whether a media server answers", ["server"], registry=r
        )

    def _spot_checks(self, r: CollectorRegistry) -> None:
        """Those of broadcasts drawn at random."""
        self.spot_draws = Counter(
            "breakwater_spot_draws_total", "Broadcasts drawn for spot checks", registry=r
        )
        self.spot_strips = Counter(
            "breakwater_spot_strips_total", "Strips of spot checks taken, or missed", ["outcome"],
            registry=r,
        )  # fmt: skip
        self.spot_answers = Counter(
            "breakwater_spot_answers_total", "Spot checks looked at, by answer", ["answer"],
            registry=r,
        )  # fmt: skip
        self.spot_purges = Counter(
            "breakwater_spot_purges_total", "Strips of spot checks purged", registry=r
        )
        self.spot_waiting = Gauge(
            "breakwater_spot_waiting", "Strips that wait for somebody to look", registry=r
        )
        self.spot_overdue = Gauge(
            "breakwater_spot_overdue", "Strips past their purge; anything but 0 is a fault",
            registry=r,
        )  # fmt: skip

    def _comments(self, r: CollectorRegistry) -> None:
        """Those of chats."""
        self.comments = Counter(
            "breakwater_comments_total",
            "Messages of chats by what became of them: scored, unscored, busy (refused whole), or "
            "waits_unknown (held in a paused chat beyond those that are known to wait)",
            ["outcome"], registry=r,
        )  # fmt: skip
        self.comment_encoder = Counter(
            "breakwater_comment_encoder_total",
            "Messages an encoder was asked about (asked), and those it gave no number for (missed)",
            ["outcome"], registry=r,
        )  # fmt: skip
        self.comment_texts = Counter(
            "breakwater_comment_texts_let_go_total",
            "Texts let go before their half hour for want of room: plain, or evidence",
            ["kind"], registry=r,
        )  # fmt: skip
        self.comments_drifted = Gauge(
            "breakwater_comments_drifted",
            "Services, languages and speeds of chat whose ordinary traffic has changed",
            registry=r,
        )
        self.irc_unread = Counter(
            "breakwater_irc_unread_total", "Lines of the IRC server that could not be read",
            registry=r,
        )  # fmt: skip
        self.irc_up = Gauge(
            "breakwater_irc_up", "Whether a channel of the IRC server is being read", registry=r
        )
        self.chat_alarms = Counter(
            "breakwater_chat_alarms_total", "Alarms of chats", ["level"], registry=r
        )
        self.proofs = Counter(
            "breakwater_franking_proofs_total",
            "Proofs of reported messages by what became of them: held, or refused",
            ["outcome"], registry=r,
        )  # fmt: skip

    def _classifiers(self, r: CollectorRegistry) -> None:
        """Those of operators' classifiers."""
        self.classifier_up = Gauge(
            "breakwater_classifier_up", "Whether a classifier that is on gives scores",
            ["classifier"], registry=r,
        )  # fmt: skip
        self.classifier_scores = Counter(
            "breakwater_classifier_scores_total",
            "Pictures by what came of them: over, under, or why there is no score",
            ["classifier", "outcome"], registry=r,
        )  # fmt: skip
        self.classifier_seconds = Histogram(
            "breakwater_classifier_seconds", "Seconds that one picture took one classifier",
            registry=r, buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3),
        )  # fmt: skip

    def exposition(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self.registry)

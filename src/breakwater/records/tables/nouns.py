"""Every table of a noun, and which of them are only ever appended to.

The tables stand in files by the room that reads them; this one is what migrations and
triggers take: database triggers refuse UPDATE and DELETE on `APPEND_ONLY` in both databases.
"""

from __future__ import annotations

from typing import Final

from breakwater.records.tables import (
    nouns_access,
    nouns_appeal,
    nouns_bank,
    nouns_decision,
    nouns_duty,
    nouns_exposure,
    nouns_grading,
    nouns_intake,
    nouns_people,
    nouns_quality,
    nouns_queue,
    nouns_resumable,
    nouns_video,
)

APPEND_ONLY: Final[tuple[str, ...]] = (
    nouns_bank.entry_history.name,
    nouns_bank.entry_opinions.name,
    nouns_intake.upload_verdicts.name,
    nouns_intake.upload_matches.name,
    nouns_intake.case_history.name,
    nouns_intake.account_snapshots.name,
    nouns_people.approvals.name,
    nouns_people.approval_decisions.name,
    nouns_people.views.name,
    nouns_people.view_ends.name,
    nouns_grading.grade_answers.name,
    nouns_grading.grade_results.name,
    nouns_grading.grade_schemes.name,
    nouns_grading.grade_code_changes.name,
    nouns_quality.grade_golds.name,
    nouns_quality.grade_alarms.name,
    nouns_quality.grade_alarm_ends.name,
    nouns_appeal.appeals.name,
    nouns_appeal.appeal_answers.name,
    nouns_appeal.user_reports.name,
    nouns_appeal.user_report_outcomes.name,
    nouns_appeal.notice_holds.name,
    nouns_exposure.limit_changes.name,
    nouns_exposure.rests.name,
    nouns_exposure.severe_marks.name,
    nouns_exposure.overtime.name,
    nouns_decision.decisions.name,
    nouns_decision.decision_effects.name,
    nouns_duty.duty_shifts.name,
    nouns_duty.duty_endings.name,
    nouns_duty.duty_calls.name,
    nouns_duty.duty_rings.name,
    nouns_duty.duty_answers.name,
    nouns_duty.duty_freezes.name,
    nouns_queue.case_skips.name,
    nouns_queue.case_routes.name,
    nouns_queue.routing_versions.name,
    nouns_queue.routing_modes.name,
    nouns_queue.bulk_acts.name,
    nouns_queue.bulk_undos.name,
)

__all__ = [
    "APPEND_ONLY",
    "nouns_access",
    "nouns_appeal",
    "nouns_bank",
    "nouns_decision",
    "nouns_duty",
    "nouns_exposure",
    "nouns_grading",
    "nouns_intake",
    "nouns_people",
    "nouns_quality",
    "nouns_queue",
    "nouns_resumable",
    "nouns_video",
]

"""Protects what is one's own: each route with an id × {own, another's}, every cell asserted.

A row says what the route answers for a thing of the caller's and for the same thing of somebody
else with the same roles. Things without an owner are open to whoever has the permission, and
both cells say so. No route with an id is without a row: a new one fails
`test_every_route_with_an_id_has_a_row`. Missing and swapped ids: `test_matrix_ids.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest

from breakwater.model.access import Permission, Role
from tests.integration import matrix_acts as acted
from tests.integration import matrix_curating as curated
from tests.integration import matrix_filing as filed
from tests.integration import matrix_holding as holding
from tests.integration import matrix_hub as hub
from tests.integration import matrix_linking as linked
from tests.integration import matrix_live as live
from tests.integration import matrix_packing as packed
from tests.integration import matrix_sanction as banned
from tests.integration import matrix_seeking as sought
from tests.integration import matrix_world as make
from tests.integration.matrix_world import Make, Somebody, World
from tests.integration.served import OPERATOR, serving
from tests.integration.test_matrix import routes
from tests.integration.test_matrix_ids import ANY_NAME

IN: Final = "in"
"""Found, and the caller's to use: what the handler then said of the rest does not matter here."""
HELD: Final = "held"
"""There, and not now or not for this person: somebody else works on it, or must decide."""
NONE: Final = "not found"
REFUSED: Final = "refused"
"""There, and not for this person whatever their role."""


Sent = dict[str, Any]
Body = Sent | Callable[[World, str], Sent] | None
"""What is sent with a request; made from the thing's id where it names more of it."""


@dataclass(frozen=True)
class Row:
    """What one route answers.

    Attributes:
        caller: roles of the caller and of the other; `service` for a key.
        make: makes the thing for whom it is.
        own, another: for the caller's thing, and for the other's.
        body: sent with it.
    """

    method: str
    path: str
    make: Make
    own: str = IN
    another: str = IN
    roles: tuple[Role, ...] = ()
    body: Body = None


ADMIN = (Role.ADMIN,)
REVIEWER = (Role.REVIEWER,)
OFFICER = (Role.REPORT_OFFICER,)
INVESTIGATOR = (Role.INVESTIGATOR,)
GRADER = (Role.GRADER,)
LEAD = (Role.QA_LEAD,)
LOOKS = (Role.REVIEWER, Role.ADMIN)
"""Somebody who sees pictures and may agree to another's limits."""
WHY = {"json": {"reason": "because"}}
FORM = {"data": {"reason": "because"}}
PART = {
    "content": b"x" * 100,
    "headers": {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
}


def same(maker: Make, roles: tuple[Role, ...], *wanted: str, **how: Any) -> list[Row]:
    """Rows that differ only in their route."""
    return [Row(*route.split(" ", 1), maker, roles=roles, **how) for route in wanted]


def to_colleague(form: str) -> Callable[[World, str], Sent]:
    """To somebody else who may decide."""

    def body(world: World, _made: str) -> Sent:
        to = world.person("colleague", *REVIEWER).who.id
        return {
            form: {"to": to, "reason": "because"} | ({"version": None} if form == "json" else {})
        }

    return body


ROWS: Final = [
    # One's own: nobody else's is even there.
    *same(make.session, REVIEWER, "DELETE /v1/me/sessions/{id}", "POST /me/sessions/{id}/end", another=NONE),
    *same(make.passkey, REVIEWER, "DELETE /v1/me/passkeys/{id}", "POST /me/passkeys/{id}/remove", another=NONE),
    *same(make.account, REVIEWER, "DELETE /v1/me/accounts/{id}", "POST /me/accounts/{id}/remove", another=NONE),
    *same(make.view, REVIEWER, "POST /views/{view}/end", another=NONE, body={"json": {"ms": 5}}),
    *same(make.upload, (), "GET /v1/verdicts/{id}", "GET /v1/verdicts/{id}/notice", another=NONE),
    *same(make.part, (), "GET /v1/uploads/{id}", another=NONE),
    *same(make.part, (), "PATCH /v1/uploads/{id}", another=NONE, body=PART),
    *same(make.resting, ADMIN, "POST /v1/entries/{number}/release", body=WHY),
    # Broadcasts: a service sees its own; whoever may stop them may stop each.
    *same(live.stream, (), "GET /v1/streams/{id}", another=NONE),
    *same(live.stream, (), "POST /v1/streams/{id}/events", another=NONE, body={"json": {"kind": "comments", "risk": 0.2}}),
    *same(live.stream, (), "POST /v1/streams/{id}/viewers", another=NONE, body={"json": {"count": 3}}),
    *same(live.stream, (), "POST /v1/streams/{id}/comments", another=NONE, body={"json": {"messages": []}}),
    *same(live.stream, (), "POST /v1/streams/{id}/reports", another=NONE, body={"json": {"concern": "other", "reporter": "acct-3"}}),
    *same(live.stream, REVIEWER, "POST /v1/streams/{id}/orders", body={"json": {"to": "frozen"}}),
    *same(live.wanted_cut, REVIEWER, "POST /v1/streams/{id}/orders/confirm", own=HELD, body=WHY),
    *same(live.wanted_cut, REVIEWER, "POST /v1/streams/{id}/orders/refuse", body=WHY),
    *same(live.stream, REVIEWER, "POST /v1/streams/{id}/orders/options"),
    *same(live.talk, (), "GET /v1/streams/{id}/chat", "GET /v1/streams/{id}/chat/orders", another=NONE),
    *same(live.talk, REVIEWER, "POST /v1/streams/{id}/chat/orders", body={"json": {"to": "slow"}}),
    *same(live.talk, REVIEWER, "POST /v1/streams/{id}/chat/orders/undo", body=live.with_order),
    *same(live.talk, REVIEWER, "POST /v1/streams/{id}/chat/released", body=live.with_held),
    *same(live.talk, REVIEWER, "POST /v1/streams/{id}/chat/labels", body=live.with_label),
    *same(live.talk, (), "POST /v1/streams/{id}/chat/answers", another=NONE, body=live.with_order),
    *same(live.strip, REVIEWER, "POST /v1/spot-checks/{id}/answer", body={"json": {"answer": "case"}}),
    *same(live.strip, REVIEWER, "POST /spots/{id}", body={"data": {"answer": "case"}}),
    *same(live.strip, (), "GET /v1/spot-checks/{id}"),
    *same(live.stream_label, REVIEWER, "POST /live/{label}/orders", body={"data": {"to": "frozen"}}),
    *same(live.talk_label, REVIEWER, "POST /live/{label}/chat", body={"data": {"to": "slow"}}),
    *same(live.wanted_cut_label, REVIEWER, "POST /live/{label}/agree", own=HELD, body=FORM),
    *same(live.wanted_cut_label, REVIEWER, "POST /live/{label}/refuse", body=FORM),
    # Reports to authorities: officers share them.
    *same(filed.illegal_case, OFFICER, "GET /v1/cases/{id}/filings"),
    *same(filed.illegal_case, OFFICER, "POST /v1/cases/{id}/filings"),
    *same(filed.illegal_case, OFFICER, "GET /cases/{case}/report"),
    *same(filed.received_case, OFFICER, "POST /cases/{case}/refer", body={"data": {"recipient": "A hotline"}}),
    *same(filed.illegal_case, OFFICER, "POST /cases/{case}/report", body={"data": {"to": "renew"}}),
    *same(filed.filing, OFFICER, "GET /v1/filings/{id}"),
    *same(filed.filing, OFFICER, "GET /v1/filings/{id}/sealed", own=NONE, another=NONE),
    *same(filed.filing, OFFICER, "POST /v1/filings/{id}/receipts", own=HELD, another=HELD, body={"json": {"reference": "Crime 12"}}),
    *same(filed.illegal_case, OFFICER, "GET /cases/{case}/sealed", own=NONE, another=NONE),
    *same(filed.illegal_case, OFFICER, "GET /cases/{case}/danger"),
    *same(filed.illegal_case, OFFICER, "POST /cases/{case}/danger", own=HELD, another=HELD, body={"data": {"role": "unknown"}}),
    *same(filed.illegal_case, OFFICER, "POST /cases/{case}/danger/calls", body=filed.CALL),
    *same(filed.filing, OFFICER, "PUT /v1/filings/{id}/report", body=filed.with_report),
    *same(filed.filing, OFFICER, "POST /v1/filings/{id}/send", own=HELD, another=HELD),
    *same(filed.filing, OFFICER, "POST /v1/filings/{id}/confirm", own=NONE, another=NONE),
    *same(filed.filing, OFFICER, "POST /v1/filings/{id}/take-back", own=HELD, another=HELD, body=WHY),
    *same(filed.filing, OFFICER, "POST /v1/filings/{id}/drop", body=WHY),
    *same(filed.filing, OFFICER, "POST /v1/filings/{id}/retry", own=HELD, another=HELD),
    # What is held: officers share it; whoever proposed an end does not agree to it.
    *same(holding.case, OFFICER, "GET /v1/cases/{id}/holds", "GET /cases/{case}/hold"),
    *same(holding.case, OFFICER, "POST /v1/cases/{id}/holds", body={"json": {"reference": "2 K 2", "reason": "because"}}),
    *same(holding.case, OFFICER, "POST /cases/{case}/hold", body={"data": {"reference": "2 K 2", "reason": "because"}}),
    *same(holding.dated, OFFICER, "POST /v1/holds/{id}/extend", body={"json": {"until": holding.LATER, "reason": "because"}}),
    *same(holding.hold, OFFICER, "POST /v1/holds/{id}/end", body=WHY),
    *same(holding.waiting, OFFICER, "POST /v1/holds/{id}/confirm", own=HELD),
    *same(holding.waiting, OFFICER, "POST /v1/holds/{id}/refuse", body=WHY),
    *same(holding.waiting_case, OFFICER, "POST /cases/{case}/hold/acts", own=HELD, body=holding.form_confirm),
    # Evidence packages: officers share them; whoever proposed one does not agree to it.
    *same(packed.case, OFFICER, "GET /v1/cases/{id}/packages", "GET /cases/{case}/package"),
    *same(packed.case, OFFICER, "POST /v1/cases/{id}/packages", body=packed.with_key),
    *same(packed.case, OFFICER, "POST /cases/{case}/package", body=packed.form_key),
    *same(packed.case, OFFICER, "POST /cases/{case}/package/keys", "POST /cases/{case}/package/receipts", body=FORM),
    *same(packed.waiting, OFFICER, "POST /v1/cases/{id}/packages/confirm", own=HELD),
    *same(packed.waiting, OFFICER, "POST /v1/cases/{id}/packages/refuse"),
    *same(packed.waiting, OFFICER, "POST /cases/{case}/package/acts", own=HELD, body={"data": {"to": "confirm"}}),
    *same(packed.package, OFFICER, "GET /v1/packages/{id}", "GET /v1/packages/{id}/file", "GET /packages/{package}/file"),
    *same(packed.package, OFFICER, "POST /v1/packages/{id}/retry", own=HELD, another=HELD),
    *same(packed.key, OFFICER, "POST /v1/packages/keys/{id}/withdraw"),
    # Cases as VICS: investigators share them; whoever proposed one does not agree to it.
    *same(packed.case, INVESTIGATOR, "GET /v1/cases/{id}/vics", "GET /cases/{case}/vics"),
    *same(packed.case, INVESTIGATOR, "GET /v1/cases/{id}/vics/file", body={"params": packed.VICS}),
    *same(packed.case, INVESTIGATOR, "POST /v1/cases/{id}/vics", body={"json": packed.VICS}),
    *same(packed.case, INVESTIGATOR, "POST /cases/{case}/vics", body={"data": packed.VICS}),
    *same(packed.vics, INVESTIGATOR, "POST /v1/cases/{id}/vics/confirm", own=HELD),
    *same(packed.vics, INVESTIGATOR, "POST /v1/cases/{id}/vics/refuse"),
    *same(packed.vics, INVESTIGATOR, "POST /cases/{case}/vics/acts", own=HELD, body={"data": {"to": "confirm"}}),
    # Legal requests: those who handle them share them.
    *same(acted.request, OFFICER, "GET /v1/requests/{id}"),
    *same(acted.request, OFFICER, "POST /v1/requests/{id}/steps", body={"json": {"to": "note", "words": "because"}}),
    *same(acted.request_number, OFFICER, "GET /requests/{number}"),
    *same(acted.request_number, OFFICER, "POST /requests/{number}", body={"data": {"to": "note", "words": "because"}}),
    # Acts on services: a service sees and acknowledges its own; reviewers share them.
    *same(acted.act, REVIEWER, "GET /v1/acts/{id}"),
    *same(acted.act, (), "POST /v1/acts/{id}/acknowledgements", another=NONE, body={"json": {"epoch": 1, "outcome": "done"}}),
    *same(acted.failing, REVIEWER, "POST /v1/acts/{id}/retry"),
    *same(acted.failing, REVIEWER, "POST /acts/{act}/retry", body=FORM),
    *same(acted.case_of_act, REVIEWER, "GET /v1/cases/{id}/acts", "GET /cases/{case}/acts"),
    *same(acted.case_of_act, REVIEWER, "POST /v1/cases/{id}/acts", body={"json": {"kind": "close_account", "reason": "because"}}),
    *same(acted.case_of_act, REVIEWER, "POST /cases/{case}/acts", body={"data": {"kind": "close_account", "reason": "because"}}),
    # Cases: everybody reads; who works on it, works alone.
    *same(make.case, REVIEWER, "GET /v1/cases/{id}/decisions", "GET /cases/{case}", "GET /cases/{case}/preview", "GET /cases/{case}/lease", "GET /cases/{case}/reports"),
    *same(live.talk_case, REVIEWER, "GET /cases/{case}/chat", "POST /cases/{case}/chat/words"),
    *same(live.talk_case, REVIEWER, "POST /cases/{case}/chat/orders", body={"data": {"to": "slow"}}),
    *same(live.talk_case, REVIEWER, "POST /cases/{case}/chat/released", body=live.form_held),
    *same(live.talk_case, REVIEWER, "POST /cases/{case}/chat/labels", body=live.form_label),
    *same(live.watched_case, REVIEWER, "GET /v1/cases/{id}/viewers", "GET /cases/{case}/viewers"),
    *same(live.watched_case, REVIEWER, "POST /v1/cases/{id}/viewers/spans", body=live.with_spans),
    *same(live.watched_case, REVIEWER, "POST /cases/{case}/viewers/spans", body=live.form_spans),
    *same(live.watched_case, REVIEWER, "POST /v1/cases/{id}/viewers/directed", body=live.with_viewer),
    *same(live.watched_case, OFFICER, "POST /v1/cases/{id}/viewers/looks", body=WHY),
    *same(live.watched_case, OFFICER, "POST /cases/{case}/viewers/looks", body=FORM),
    *same(live.watched_case, OFFICER, "POST /v1/cases/{id}/viewers/packs", body={"json": {"countries": ["GB"], "reason": "because"}}),
    *same(live.watched_case, OFFICER, "POST /cases/{case}/viewers/packs", body={"data": {"countries": "GB", "reason": "because"}}),
    *same(live.wanted_pack, OFFICER, "POST /v1/cases/{id}/viewers/packs/confirm", "POST /cases/{case}/viewers/packs/confirm", own=HELD),
    *same(live.wanted_pack, OFFICER, "POST /v1/cases/{id}/viewers/packs/refuse", "POST /cases/{case}/viewers/packs/refuse"),
    *same(banned.sanctioned, REVIEWER, "GET /v1/sanctions/{id}"),
    *same(banned.sanctioned, REVIEWER, "POST /sanctions/{sanction}/release", body=FORM),
    *same(banned.registration, REVIEWER, "POST /sanctions/registrations/{registration}/wrong", body=FORM),
    *same(banned.wanted_release, REVIEWER, "POST /v1/sanctions/{id}/confirm", "POST /sanctions/{sanction}/confirm", own=HELD),
    *same(banned.wanted_release, REVIEWER, "POST /v1/sanctions/{id}/refuse", "POST /sanctions/{sanction}/refuse"),
    *same(curated.question, LEAD, "POST /v1/hub/queue/{id}/settle", body={"json": {"outcome": "keep"}}),
    *same(curated.entry, LEAD, "GET /hub/entries/{number}"),
    *same(curated.entry, LEAD, "GET /v1/hub/entries/{number}", "POST /v1/hub/entries/{number}/withdraw", body=WHY),
    *same(curated.gone, LEAD, "POST /v1/hub/entries/{number}/reinstate", body=WHY),
    *(row for maker, how, wanted in hub.ROUTES for row in same(maker, LEAD, *wanted, **how)),
    *(row for maker, how, wanted in linked.ROUTES for row in same(maker, INVESTIGATOR, *wanted, **how)),
    *(row for maker, how, wanted in sought.ROUTES for row in same(maker, INVESTIGATOR, *wanted, **how)),
    *same(live.viewers_log, (), "POST /v1/viewers/imports/{id}/sessions", another=NONE, body={"json": {"before": 0, "to": 9}}),
    *same(make.case, REVIEWER, "POST /v1/cases/{id}/comments", body={"json": {"words": "a word"}}),
    *same(make.case, REVIEWER, "POST /cases/{case}/comments", body={"data": {"words": "a word"}}),
    *same(make.case, REVIEWER, "POST /v1/cases/{id}/decisions/preview", body={"json": {"kind": "not_illegal"}}),
    *same(make.case, REVIEWER, "POST /v1/cases/{id}/decisions", another=HELD, body={"json": {"kind": "not_illegal", "reason": "because"}}),
    *same(make.case, REVIEWER, "POST /cases/{case}/decide", another=HELD, body={"data": {"kind": "not_illegal", "reason": "because"}}),
    *same(make.case, REVIEWER, "POST /v1/cases/{id}/take", another=HELD, body={"json": {"version": None}}),
    *same(make.case, REVIEWER, "POST /v1/cases/{id}/keep", "POST /v1/cases/{id}/skip", "POST /v1/cases/{id}/release", another=HELD, body=WHY),
    *same(make.case, REVIEWER, "POST /v1/cases/{id}/escalate", body=WHY),
    *same(make.case, REVIEWER, "POST /cases/{case}/take", "POST /cases/{case}/skip", "POST /cases/{case}/release", "POST /cases/{case}/keep", another=HELD, body=FORM),
    *same(make.case, REVIEWER, "POST /cases/{case}/escalate", body=FORM),
    *same(make.decision, REVIEWER, "POST /v1/decisions/{id}/undo", body=WHY),
    # The installation's: whoever has the permission.
    *same(make.bank, ADMIN, "GET /v1/banks/{name}", "PATCH /v1/banks/{name}", "DELETE /v1/banks/{name}", "GET /v1/banks/{name}/entries", "POST /v1/banks/{name}/entries", "GET /v1/banks/{name}/imports", "POST /v1/banks/{name}/imports", "GET /v1/banks/{name}/reels", "POST /v1/banks/{name}/reels", "GET /banks/{name}", "GET /c/bank/{name}", "PUT /c/bank/{name}", "DELETE /c/bank/{name}", "POST /c/bank/{name}/signal", "POST /c/bank/{name}/content"),
    *same(make.entry, ADMIN, "GET /v1/entries/{number}", "DELETE /v1/entries/{number}", "POST /v1/entries/{number}/quarantine", "POST /v1/entries/{number}/opinions"),
    *same(make.reel, ADMIN, "GET /v1/reels/{number}", "DELETE /v1/reels/{number}", "POST /v1/reels/{number}/vouch"),
    *same(make.key, ADMIN, "DELETE /v1/keys/{id}", "POST /settings/keys/{id}/revoke"),
    *same(make.webhook, ADMIN, "DELETE /v1/webhooks/{id}", "POST /settings/webhooks/{id}/remove"),
    *same(live.classifier, ADMIN, "GET /v1/classifiers/{name}", "POST /v1/classifiers/{name}/off", "POST /v1/classifiers/{name}/check", "DELETE /v1/classifiers/{name}"),
    *same(live.classifier_off, ADMIN, "POST /v1/classifiers/{name}/on"),
    *same(live.classifier_waiting, ADMIN, "POST /v1/classifiers/{name}/confirm", own=HELD),
    *same(make.media_server, ADMIN, "GET /v1/media-servers/{name}", "PATCH /v1/media-servers/{name}", "DELETE /v1/media-servers/{name}", "POST /v1/media-servers/{name}/check", "POST /v1/media-servers/{name}/recipe"),
    *same(make.feed, ADMIN, "GET /v1/exchanges/{name}", "PATCH /v1/exchanges/{name}", "DELETE /v1/exchanges/{name}", "POST /v1/exchanges/{name}/check", "POST /v1/exchanges/{name}/pull", "POST /v1/exchanges/{name}/packs", "GET /v1/exchanges/{name}/packs/last", "GET /hub/feeds/{name}"),
    *same(make.feed, ADMIN, "POST /v1/exchanges/{name}/packs/taken", body={"content": b"no pack"}),
    *same(make.feed, ADMIN, "POST /hub/feeds/{name}", body={"data": {"to": "pull"}}),
    *same(make.shift, ADMIN, "DELETE /v1/duty/shifts/{id}", "POST /duty/shifts/{shift}/end"),
    *same(make.device, ADMIN, "DELETE /v1/devices/{id}", "POST /workstations/{device}/remove"),
    # People: an administrator's own account is a colleague's business.
    *same(make.human, ADMIN, "POST /v1/people/{id}/link", "GET /v1/people/{id}/sessions", "DELETE /v1/people/{id}/sessions", "POST /v1/people/{id}/unlock", "GET /people/{id}", "POST /people/{id}/link", "POST /people/{id}/unlock", "POST /people/{id}/sessions/end"),
    *same(make.oneself, ADMIN, "PUT /v1/people/{id}/roles", own=REFUSED, body={"json": {"roles": ["admin"]}}),
    *same(make.oneself, ADMIN, "DELETE /v1/people/{id}", "POST /v1/people/{id}/activate", "POST /people/{id}/roles", "POST /people/{id}/deactivate", "POST /people/{id}/activate", own=REFUSED, body={"data": {"was": "admin", "roles": "admin"}}),
    # Two people: whoever proposed it does not agree to it.
    *same(make.negative, ADMIN, "POST /v1/entries/{number}/confirm", own=HELD),
    *same(make.bank, ADMIN, "GET /v1/banks/{name}/auto-cut", "PUT /v1/banks/{name}/auto-cut", "DELETE /v1/banks/{name}/auto-cut", "POST /v1/banks/{name}/auto-cut/options", body=WHY),
    *same(make.cutting_bank, ADMIN, "POST /v1/banks/{name}/auto-cut/confirm", own=HELD),
    *same(make.proposed, REVIEWER, "POST /v1/cases/{id}/decisions/confirm", "POST /v1/cases/{id}/decisions/confirm/options", own=HELD, body=WHY),
    *same(make.proposed, REVIEWER, "POST /cases/{case}/confirm", own=HELD, body=FORM),
    *same(make.proposed, REVIEWER, "POST /v1/cases/{id}/decisions/refuse", body=WHY),
    *same(make.proposed, REVIEWER, "POST /cases/{case}/refuse", body=FORM),
    *same(make.loosening, LOOKS, "POST /v1/exposure/proposals/{id}/confirm", "POST /wellbeing/proposals/{subject}/confirm", own=HELD, body={"json": {"note": "because"}}),
    *same(make.loosening, LOOKS, "POST /v1/exposure/proposals/{id}/refuse", "POST /wellbeing/proposals/{subject}/refuse", body={"json": {"note": "because"}}),
    *same(make.appeal_of_own_decision, REVIEWER, "POST /v1/appeals/{id}/decision", own=HELD, body={"json": {"outcome": "upheld", "reason": "because"}}),
    *same(make.appeal_of_own_decision, REVIEWER, "POST /appeals/{name}/decision", own=HELD, body={"data": {"answer": "upheld", "reason": "because"}}),
    # Appeals, notices, calls, bulk acts.
    *same(make.appeal, (), "GET /v1/appeals/{id}", another=NONE),
    *same(make.appeal, REVIEWER, "GET /appeals/{name}"),
    *same(make.upload, REVIEWER, "GET /notices/{upload}", "POST /notices/{upload}", body={"data": {"days": "30", "reason": "because"}}),
    *same(make.call, REVIEWER, "POST /v1/duty/calls/{id}/acknowledge", "POST /duty/calls/{call}/acknowledge", another=REFUSED),
    *same(make.bulk_act, REVIEWER, "POST /v1/cases/bulk/{id}/undo", "POST /queue/bulk/{act}/undo", another=REFUSED),
    *same(make.version, ADMIN, "GET /v1/routing/{number}/shadow", "GET /queue/routing/{number}/shadow"),
    *same(make.version, ADMIN, "PUT /v1/routing/{number}/mode", body={"json": {"mode": "shadow"}}),
    *same(make.version, ADMIN, "POST /queue/routing/{number}/mode", body={"data": {"mode": "shadow"}}),
    *same(make.human, ADMIN, "PUT /v1/people/{id}/skills", body={"json": {"skills": ["severe"]}}),
    *same(make.human, ADMIN, "POST /queue/routing/skills/{person}", body={"data": {"skill": "severe"}}),
    # Grading: a set is everybody's, an item is whose it was given to.
    *same(make.graded_set, GRADER, "POST /v1/grading/sets/{number}/page", "POST /v1/grading/sets/{number}/next", "POST /v1/grading/sets/{number}/back", "POST /v1/grading/sets/{number}/stack", "GET /grade/sets/{number}", "GET /grade/sets/{number}/first", "GET /grade/sets/{number}/stack", "POST /grade/sets/{number}/stack"),
    *same(make.graded_set, GRADER, "POST /v1/grading/sets/{number}/first-pass", own=NONE, another=NONE, body={"json": {"looks": {"2000000000": "full_facts"}}}),
    *same(make.graded_set, GRADER, "POST /grade/sets/{number}/first", body={"data": {}}),
    *same(make.graded_set, LEAD, "GET /v1/grade-sets/{number}", "GET /v1/grade-sets/{number}/bad-rows", "GET /v1/grade-sets/{number}/facts", "POST /v1/grade-sets/{number}/open", "POST /v1/grade-sets/{number}/close", "GET /sets/{number}"),
    *same(make.graded_set, LEAD, "POST /sets/{number}/open", "POST /sets/{number}/close", body={"data": {}}),
    *same(make.table, LEAD, "POST /v1/schemes/{scheme}/confirm", own=HELD, body={"json": {"note": "because"}}),
    *same(make.table, LEAD, "POST /v1/schemes/{scheme}/refuse", body={"json": {"note": "because"}}),
    *same(make.table, LEAD, "POST /qa/schemes/{scheme}/confirm", own=HELD, body={"data": {"note": "because"}}),
    *same(make.table, LEAD, "POST /qa/schemes/{scheme}/refuse", body={"data": {"note": "because"}}),
    *same(make.alarm, LEAD, "POST /v1/quality/alarms/{id}/end", body={"json": {"note": "because"}}),
    *same(make.alarm, LEAD, "POST /qa/alarms/{alarm}/end", body={"data": {"note": "because"}}),
    *same(make.case, REVIEWER, "POST /v1/cases/{id}/overtime", own=REFUSED, another=REFUSED, body=WHY),
    *same(make.task, GRADER, "POST /v1/grading/items/{number}/facts", another=REFUSED, body={"json": {"facts": {"activity": "none", "children": []}}}),
    *same(make.task, GRADER, "POST /v1/grading/items/{number}/second-opinion", another=REFUSED, body={"json": {"note": "because"}}),
    *same(make.task, GRADER, "POST /grade/items/{number}/second-opinion", "POST /grade/items/{number}/not-pertinent", "GET /grade/items/{number}", "POST /grade/items/{number}", another=REFUSED, body={"data": {}}),
    *same(make.task, GRADER, "GET /grade/items/{number}/back", own=HELD, another=REFUSED),
    *same(make.task, GRADER, "POST /v1/grading/items/{number}/dispute", "POST /grade/disputes/{number}/take", own=HELD, another=HELD),
    *same(make.task, GRADER, "POST /v1/grading/items/{number}/stack"),
    *same(make.gradeless, LEAD, "GET /v1/grade-items/{number}"),
    *same(make.gradeless, LEAD, "PUT /v1/quality/golds/{number}", "POST /v1/quality/golds/{number}/end", own=HELD, another=HELD, body=WHY),
    *same(make.gradeless, LEAD, "PUT /v1/quality/golds/{number}/reach", own=HELD, another=HELD, body={"json": {"everywhere": True}}),
    *same(make.gradeless, LEAD, "POST /qa/gold/{number}", "POST /qa/gold/{number}/end", own=HELD, another=HELD, body=FORM),
    *same(make.case, REVIEWER, "POST /v1/cases/{id}/hand-over", another=HELD, body=to_colleague("json")),
    *same(make.case, REVIEWER, "POST /cases/{case}/hand-over", another=HELD, body=to_colleague("data")),
    *same(make.decided, REVIEWER, "POST /cases/{case}/undo", body=lambda world, made: {"data": {"decision": make.standing_decision(world, made), "reason": "because"}}),
]  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("owners"), max_wait_ms=1000) as running:
        yield World(running)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
def test_own_and_another_s(world: World, row: Row) -> None:
    for whose, expected in (("own", row.own), ("another", row.another)):
        me = caller(world, "me", row)
        holder = me if whose == "own" else caller(world, "other", row)
        answer = ask(world, me, row, row.make(world, holder))
        assert outcome(answer) == expected, (whose, answer.status_code, answer.text[:400])


def caller(world: World, name: str, row: Row) -> Somebody:
    if not row.roles:
        return world.machine("photos" if name == "me" else "video")
    if row.own != IN:  # what is refused to one is done by the other, once: each time new ones
        return world.signed_in(world.served.person(*row.roles).id)
    return world.person(name, *row.roles)


def ask(world: World, me: Somebody, row: Row, made: str) -> httpx.Response:
    path = row.path
    while "{" in path:
        path = path[: path.index("{")] + made + path[path.index("}") + 1 :]
    body = row.body(world, made) if callable(row.body) else row.body or {"json": {}}
    if row.method in {"GET", "DELETE"}:
        body = {}
    elif "data" in body:
        body = {"headers": {"Content-Type": "application/x-www-form-urlencoded"}} | body
    return me.client.request(row.method, path, **body)


def outcome(answer: httpx.Response) -> str:
    assert answer.status_code < 500, answer.text
    return {403: REFUSED, 404: NONE, 409: HELD, 401: "nobody"}.get(answer.status_code, IN)


def test_a_session_of_one_person_is_not_ended_in_the_name_of_another(world: World) -> None:
    """Two ids in one path: both must belong together."""
    admin, theirs = world.person("me", *ADMIN), world.person("other", Role.GRADER)
    mine = make.session(world, world.person("third", Role.GRADER))
    for method, path in (
        ("DELETE", f"/v1/people/{theirs.who.id}/sessions/{mine}"),
        ("POST", f"/people/{theirs.who.id}/sessions/{mine}/end"),
    ):
        assert admin.client.request(method, path).status_code == 404
    own = make.session(world, theirs)
    assert admin.client.delete(f"/v1/people/{theirs.who.id}/sessions/{own}").status_code == 200


def test_an_entry_of_another_bank_is_not_found_under_this_one(world: World) -> None:
    admin = world.person("me", *ADMIN)
    name, number = make.bank(world, admin), make.entry(world, admin)
    path = f"/c/bank/{name}/content/{number}"
    assert admin.client.get(path).status_code == 404
    assert admin.client.put(path, json={"disable_until_ts": 0}).status_code == 404
    assert admin.client.delete(path).json() == {"deleted": 0}
    assert admin.client.get(f"/v1/entries/{number}").json()["status"] == "active"


def test_a_command_on_the_host_asks_how_far_an_import_is(world: World) -> None:
    number = make.graded_set(world, world.person("me", *LEAD))
    also = frozenset({Permission.DESK_SIGN})
    _, desk = world.app.access.keys.create(OPERATOR, name="desk", scopes=["bank:read"], also=also)
    path = f"/v1/grade-imports/{number}"
    assert world.served.client(desk).get(path).status_code == 200
    assert world.machine("photos").client.get(path).status_code == 403


def test_every_route_with_an_id_has_a_row(world: World) -> None:
    known = {(row.method, row.path) for row in ROWS}
    known |= {
        ("DELETE", "/v1/people/{id}/sessions/{session}"),
        ("GET", "/v1/grade-imports/{number}"),
    }
    known |= {("POST", "/people/{id}/sessions/{session}/end")}
    known |= {(method, "/c/bank/{name}/content/{id}") for method in ("GET", "PUT", "DELETE")}
    there = {
        (method, route.path)
        for route in routes(world.served.api)
        if route.param_convertors and route.path not in ANY_NAME
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert known - there == set()
    assert sorted(there - known) == []

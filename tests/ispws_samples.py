"""Small reports as senders write them, by hand, for tests of the receiving side."""

from __future__ import annotations

TYPE = "Child Pornography (possession, manufacture, and distribution)"
WHEN = "2026-02-28T08:00:00Z"
REPORTER = (
    "<reporter><reportingPerson><email>desk@photos.example</email></reportingPerson></reporter>"
)


def report(
    *, kind: str = TYPE, when: str = WHEN, summary: str = "", places: str = "", people: str = "",
    before: str = "", extra: str = "", annotations: str = "",
) -> bytes:  # fmt: skip
    """A report: `summary` stands between type and time, `people` after the reporter."""
    return (
        f"<report>{before}<incidentSummary><incidentType>{kind}</incidentType>{summary}"
        f"{annotations}<incidentDateTime>{when}</incidentDateTime></incidentSummary>"
        f"{places}{REPORTER}{people}{extra}</report>"
    ).encode()


def urgent(**parts: str) -> bytes:
    """A report whose sender says that it cannot wait."""
    return report(
        summary="<escalateToHighPriority>She is live now.</escalateToHighPriority>", **parts
    )


def person(*, account: str = "otter-9", address: str = "81.2.69.160", extra: str = "") -> str:
    """Somebody reported, with an address and its port."""
    return (
        f"<personOrUserReported><espIdentifier>{account}</espIdentifier>"
        f"<screenName>Otter</screenName><ipCaptureEvent><ipAddress>{address}</ipAddress>"
        f"<eventName>Login</eventName><dateTime>{WHEN}</dateTime><port>40001</port>"
        f"</ipCaptureEvent>{extra}</personOrUserReported>"
    )


def details(report_id: int, file_id: str, inner: str = "") -> bytes:
    """What a sender says of a file."""
    return (
        f"<fileDetails><reportId>{report_id}</reportId><fileId>{file_id}</fileId>{inner}"
        "</fileDetails>"
    ).encode()


WHOLE = report(
    before='<batchedReport reason="VIRAL_POTENTIAL_MEME">true</batchedReport>',
    summary="<platform>Live</platform>",
    annotations="<reportAnnotations><sextortion/><csamSolicitation/></reportAnnotations>",
    places="<internetDetails><webPageIncident thirdPartyHostedContent='false'>"
    "<url>https://live.example/quay</url></webPageIncident></internetDetails>"
    "<internetDetails><chatImIncident><chatClient>Live</chatClient><chatRoomName>quay"
    "</chatRoomName><content>one: hello\ntwo: hello</content></chatImIncident></internetDetails>"
    "<lawEnforcement><agencyName>Polizei</agencyName><caseNumber>7</caseNumber><reportedToLe>true"
    "</reportedToLe></lawEnforcement>",
    people=person(
        extra="<priorCTReports>12</priorCTReports><accountTemporarilyDisabled "
        'disabledDate="2026-02-28T09:00:00Z">true</accountTemporarilyDisabled>'
        '<associatedAccount type="Linked"><espIdentifier>otter-10</espIdentifier>'
        "</associatedAccount>"
    )
    + person(account="heron-4", address="2001:db8::7")
    + "<intendedRecipient><espIdentifier>crane-1</espIdentifier></intendedRecipient>"
    "<victim><victimPerson><firstName>Zoë 静</firstName><age>13</age></victimPerson></victim>",
    extra="<additionalInfo>Everything else.</additionalInfo>",
)
"""A report with most of what there is, in the order of the interface."""

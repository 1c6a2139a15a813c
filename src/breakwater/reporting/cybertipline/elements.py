"""Every element of NCMEC's report and file details, in their order: one table, read both ways.

In: nothing. Out: `REPORT` and `FILE_DETAILS`, from which alone `write` makes XML and `read` reads
it. An element says which member of `model.report` stands in it (`of`), in what form, how much room
there is and what its attributes are. Room is counted in UTF-16 units, the strictest of the ways
in which validators count letters. Sources: NCMEC's documentation (2025-06-11) and schema (November
2025); where neither gives a limit to a short text, 255 is ours. The order is held against an
independent schema by `tests/property/test_cybertipline_xml.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Final

from breakwater.model.country import COUNTRIES as ISO_COUNTRIES
from breakwater.model.report import (
    AccountKind,
    AddressKind,
    Annotation,
    Classification,
    DetailKind,
    EmailKind,
    FileAnnotation,
    IncidentType,
    PhoneKind,
    Relevance,
)
from breakwater.reporting.cybertipline.form import Attribute, Element, Form

SHORT: Final = 255
URL_ROOM: Final = 2083
LONG_ROOM: Final = 3000
COUNTRIES: Final = (ISO_COUNTRIES - {"XK"}) | {"A1", "A2", "O1", "AP"}
"""ISO 3166-1, and what older address databases say for proxies, satellites and regions."""

_POSTAL: Final = """
AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY
NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI
"""
US_STATES: Final = frozenset(_POSTAL.split())
"""States, the District of Columbia and inhabited territories, as the United States' post has them."""

EVENTS: Final = frozenset({"Login", "Registration", "Purchase", "Upload", "Other", "Unknown"})
CALLING_CODE: Final = re.compile(r"\+[0-9]{1,3}")
HASH_TYPE: Final = re.compile(r"(?s)[^\U00010000-\U0010ffff]{1,64}")


def _words(kind: type[StrEnum]) -> frozenset[str]:
    return frozenset(one.value for one in kind)


def _group(name: str, of: str, *children: Element, must: bool = False) -> Element:
    return Element(name, of, Form.GROUP, must=must, children=children)


def _groups(name: str, of: str, *children: Element) -> Element:
    return Element(name, of, Form.GROUP, many=True, children=children)


def _name(name: str, of: str, room: int | None = SHORT, *, must: bool = False) -> Element:
    return Element(name, of, Form.NAME, room, must=must)


def _text(name: str, of: str, room: int | None = SHORT) -> Element:
    return Element(name, of, Form.TEXT, room)


def _truth(name: str, of: str) -> Element:
    return Element(name, of, Form.TRUTH)


def _url(name: str, of: str) -> Element:
    return Element(name, of, Form.URL, URL_ROOM)


def _when(name: str, of: str = "at", *, must: bool = False) -> Element:
    return Element(name, of, Form.TIME, must=must)


def _place(
    name: str, of: str, *children: Element, attributes: tuple[Attribute, ...] = ()
) -> Element:
    return Element(name, of, Form.GROUP, attributes=attributes, children=(*children, MORE))


def _country(name: str, of: str = "country", *, must: bool = False) -> Element:
    return Element(name, of, Form.WORD, words=COUNTRIES, must=must)


def _kind_of(kind: type[StrEnum], *, must: bool = False) -> Attribute:
    return Attribute("type", "kind", Form.WORD, must=must, words=_words(kind))


MORE: Final = Element("additionalInfo", "additional", Form.MORE)
_VERIFIED: Final = (
    Attribute("verified", "verified", Form.TRUTH),
    Attribute("verificationDate", "verified_at", Form.TIME),
)
EVENT_NAME: Final = Element("eventName", "event", Form.WORD, words=EVENTS, other="Other")
IP_CAPTURE: Final = _groups(
    "ipCaptureEvent", "captures",
    Element("ipAddress", "address", Form.ADDRESS, must=True),
    EVENT_NAME,
    _when("dateTime"),
    _truth("possibleProxy", "possible_proxy"),
    Element("port", "port", Form.NUMBER),
)  # fmt: skip
DEVICE: Final = _groups(
    "deviceId", "devices",
    Element("idType", "kind", Form.TEXT, SHORT, must=True),
    _name("idValue", "value", URL_ROOM, must=True),
    EVENT_NAME,
    _when("dateTime"),
)  # fmt: skip
PHONE: Final = Element(
    "phone", "phones", Form.NAME, inner="number", many=True,
    attributes=(
        _kind_of(PhoneKind),
        *_VERIFIED,
        Attribute("countryCallingCode", "calling_code", Form.NAME, pattern=CALLING_CODE),
        Attribute("extension", "extension", Form.NAME),
    ),
)  # fmt: skip
EMAIL: Final = Element(
    "email", "emails", Form.NAME, inner="address", many=True,
    attributes=(_kind_of(EmailKind), *_VERIFIED),
)  # fmt: skip
ADDRESS: Final = replace(
    _groups(
        "address", "addresses",
        _text("address", "street", None),
        _text("city", "city", None),
        _text("zipCode", "zip_code", None),
        Element("state", "state", Form.WORD, words=US_STATES),
        _text("nonUsaState", "region", None),
        _country("country"),
    ),
    attributes=(_kind_of(AddressKind),),
)  # fmt: skip
CONTACT: Final = (
    _text("firstName", "first_name"), _text("lastName", "last_name"), PHONE, EMAIL, ADDRESS,
)  # fmt: skip
PERSON: Final = (
    *CONTACT,
    Element("age", "age", Form.NUMBER),
    Element("dateOfBirth", "born", Form.DATE),
)
_DISABLED: Final = (
    Attribute("disabledDate", "at", Form.TIME),
    Attribute("userNotified", "user_notified", Form.TRUTH),
    Attribute("userNotifiedDate", "user_notified_at", Form.TIME),
)
CLOSED: Final = (
    Element(
        "accountTemporarilyDisabled", "temporarily_disabled", Form.TRUTH, inner="done",
        attributes=(*_DISABLED, Attribute("reenabledDate", "reenabled_at", Form.TIME)),
    ),
    Element(
        "accountPermanentlyDisabled", "permanently_disabled", Form.TRUTH, inner="done",
        attributes=_DISABLED,
    ),
)  # fmt: skip
LOCATION: Final = replace(
    _group(
        "estimatedLocation", "location",
        _text("city", "city"), _text("region", "region"), _country("countryCode", must=True),
    ),
    attributes=(
        Attribute("verified", "verified", Form.TRUTH),
        Attribute("timestamp", "at", Form.TIME),
    ),
)  # fmt: skip
ID: Final = _name("espIdentifier", "account")
SERVICE: Final = _text("espService", "service", 100)
COMPROMISED: Final = _truth("compromisedAccount", "compromised")
SCREEN_NAME: Final = _name("screenName", "screen_name", 256)
DISPLAY_NAME: Final = Element("displayName", "display_names", Form.NAME, many=True)
PROFILE_URL: Final = Element("profileUrl", "profile_urls", Form.URL, URL_ROOM, many=True)
BIO: Final = _text("profileBio", "profile_bio", None)
GROUP_ID: Final = _name("groupIdentifier", "group")
ALL_EMAILS: Final = _truth("allEmailsReported", "all_emails_reported")
PRIOR: Final = Element("priorCTReports", "prior_reports", Form.NUMBER, many=True)
NAMED: Final = (
    ID, SERVICE, COMPROMISED, SCREEN_NAME, DISPLAY_NAME, PROFILE_URL, BIO, IP_CAPTURE, DEVICE,
)  # fmt: skip

ASSOCIATED: Final = replace(
    _groups(
        "associatedAccount", "linked",
        replace(
            _text("platform", "platform", 256),
            attributes=(Attribute("thirdPartyUser", "third_party", Form.TRUTH),),
        ),
        _text("firstName", "person.first_name"),
        _text("middleName", "person.middle_name"),
        _text("lastName", "person.last_name"),
        Element("approximateAge", "person.age", Form.NUMBER),
        Element("dateOfBirth", "person.born", Form.DATE),
        replace(PHONE, of="person.phones"),
        replace(EMAIL, of="person.emails"),
        ALL_EMAILS,
        replace(ADDRESS, of="person.addresses"),
        SERVICE, ID, PROFILE_URL, SCREEN_NAME, DISPLAY_NAME, BIO, GROUP_ID, COMPROMISED,
        *CLOSED,
        IP_CAPTURE, DEVICE,
        replace(PRIOR, name="priorCTReport"),
        MORE,
    ),
    attributes=(_kind_of(AccountKind, must=True),),
)  # fmt: skip

PLACES: Final = (
    _place(
        "webPageIncident", "WebPage",
        replace(_url("url", "urls"), many=True),
        attributes=(Attribute("thirdPartyHostedContent", "third_party_hosted", Form.TRUTH),),
    ),
    _place(
        "emailIncident", "EmailMessages",
        replace(EMAIL, name="emailAddress", of="addresses"), _text("content", "content", None),
    ),
    _place(
        "newsgroupIncident", "Newsgroup",
        _text("name", "name"), replace(EMAIL, name="emailAddress", of="addresses"),
        _text("content", "content", None),
    ),
    _place(
        "chatImIncident", "ChatIm",
        _text("chatClient", "client"), _name("chatRoomName", "room"),
        _text("content", "content", None),
    ),
    _place(
        "onlineGamingIncident", "OnlineGame",
        _text("gameName", "game"), _text("console", "console"), _text("content", "content", None),
    ),
    _place(
        "cellPhoneIncident", "CellPhone",
        replace(PHONE, name="phoneNumber", of="phone", many=False),
        Element("latitude", "latitude", Form.NUMBER), Element("longitude", "longitude", Form.NUMBER),
    ),
    _place(
        "nonInternetIncident", "NotInternet",
        _text("locationName", "location"), replace(ADDRESS, name="incidentAddress"),
    ),
    _place(
        "peer2peerIncident", "PeerToPeer",
        _text("client", "client"), IP_CAPTURE, _text("fileNames", "file_names", None),
    ),
)  # fmt: skip

REPORT: Final = _group(
    "report", "",
    Element(
        "batchedReport", "batched", Form.MARK,
        attributes=(Attribute("reason", "", Form.WORD, must=True, fixed="VIRAL_POTENTIAL_MEME"),),
    ),
    _group(
        "incidentSummary", "summary",
        Element("incidentType", "kind", Form.WORD, must=True, words=_words(IncidentType)),
        _text("platform", "platform", 256),
        _text("escalateToHighPriority", "escalate", LONG_ROOM),
        Element("reportAnnotations", "annotations", Form.FLAGS, words=_words(Annotation)),
        _when("incidentDateTime", must=True),
        _text("incidentDateTimeDescription", "at_note", LONG_ROOM),
        must=True,
    ),
    Element("internetDetails", "places", Form.CHOICE, many=True, children=PLACES),
    _group(
        "lawEnforcement", "law_enforcement",
        Element("agencyName", "agency", Form.TEXT, SHORT, must=True),
        _name("caseNumber", "case_number", 100),
        _group("officerContact", "officer", *CONTACT),
        _truth("reportedToLe", "reported"),
        _truth("servedLegalProcessDomestic", "served_domestic"),
        replace(
            _truth("servedLegalProcessInternational", "served_international"),
            attributes=(Attribute("fleaCountry", "served_country", Form.WORD, words=COUNTRIES),),
        ),
    ),
    _group(
        "reporter", "reporter",
        _group("reportingPerson", "person", *PERSON, must=True),
        _group("contactPerson", "contact", *CONTACT),
        _text("companyTemplate", "template", None),
        _text("termsOfService", "terms", None),
        _url("legalURL", "legal_url"),
        must=True,
    ),
    _groups(
        "personOrUserReported", "reported",
        _group("personOrUserReportedPerson", "person", *PERSON),
        _text("vehicleDescription", "vehicle", 300),
        *NAMED,
        _truth("thirdPartyUserReported", "third_party"),
        PRIOR, GROUP_ID, *CLOSED, LOCATION, ALL_EMAILS, ASSOCIATED, MORE,
    ),
    _groups(
        "intendedRecipient", "recipients",
        _group("intendedRecipientPerson", "person", *PERSON),
        *NAMED, PRIOR, GROUP_ID, *CLOSED, LOCATION, ALL_EMAILS, MORE,
    ),
    _groups(
        "victim", "victims",
        _group("victimPerson", "person", *PERSON, must=True),
        *NAMED,
        _text("schoolName", "school"),
        PRIOR, *CLOSED, LOCATION, ALL_EMAILS, ASSOCIATED, MORE,
    ),
    MORE,
)  # fmt: skip
"""`<report>`, which `POST /submit` takes."""

FILE_DETAILS: Final = _group(
    "fileDetails", "",
    Element("reportId", "report_id", Form.NUMBER, must=True),
    _name("fileId", "file_id", must=True),
    _text("fileName", "name", 2056),
    _text("originalFileName", "original_name", 2056),
    _when("uploadedToEspTimestamp", "uploaded_at"),
    _url("locationOfFile", "location"),
    _truth("fileViewedByEsp", "viewed"),
    _truth("exifViewedByEsp", "exif_viewed"),
    _truth("publiclyAvailable", "public"),
    Element("fileRelevance", "relevance", Form.WORD, words=_words(Relevance)),
    Element("potentialMeme", "annotations", Form.OLD),
    Element(
        "fileAnnotations", "annotations", Form.FLAGS, words=_words(FileAnnotation),
        unless=Relevance.SUPPLEMENTAL, barred=frozenset({FileAnnotation.MEME.value}),
    ),
    Element(
        "industryClassification", "classification", Form.WORD, words=_words(Classification),
        unless=Relevance.SUPPLEMENTAL,
    ),
    Element(
        "originalFileHash", "original_hashes", Form.NAME, inner="value", many=True,
        attributes=(Attribute("hashType", "kind", Form.NAME, must=True, pattern=HASH_TYPE),),
    ),
    replace(IP_CAPTURE, once=True),
    DEVICE,
    replace(
        _groups(
            "details", "details",
            replace(
                _groups(
                    "nameValuePair", "pairs",
                    Element("name", "name", Form.TEXT, 64, must=True), Element("value", "value", must=True),
                ),
                must=True,
            ),
        ),
        attributes=(_kind_of(DetailKind, must=True),),
    ),
    MORE,
)  # fmt: skip
"""`<fileDetails>`, which `POST /fileinfo` takes: one a file."""

ROOTS: Final[Mapping[str, Element]] = {one.name: one for one in (REPORT, FILE_DETAILS)}

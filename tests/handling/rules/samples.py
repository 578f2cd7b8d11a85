"""One valid agreement and one valid report, from which every test breaks one thing."""

import tomllib
from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Any

from handling.data import codes, scheme
from handling.rules.agreement_document import parse
from handling.rules.agreements import Agreement
from handling.rules.consent import Consented
from handling.rules.facts import ReportFacts
from handling.rules.grading import Grade, Handling
from handling.rules.risk import RiskFact
from handling.rules.terms import DataCategory, Tlp

TODAY = date(2026, 11, 23)
AGENCY = "harbour-customs"
PURPOSE = "investigation"

TOML = """\
id = "customs-2026"
version = 1
title = "Sharing with the customs service"
valid_from = 2026-01-01
review_by = 2027-06-30
expires_on = 2027-12-31
suspended = false
purposes = ["intelligence", "investigation", "seizure"]
subjects = ["wildlife", "goods.ivory", "crime.customs"]
handling = ["P", "C"]
conditions = ["Keep the report apart from the case file."]

[unit]
id = "unit"
contact = "Desk, through the portal"
lawful_basis = "Wildlife Act, section 12"

[agency]
id = "harbour-customs"
name = "Harbour Customs Service"
class = "customs"
country = "KE"
channel = "age"
fingerprint = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
contact = "Liaison officer"
lawful_basis = "Customs Act, section 3"

[content]
data = ["contact", "conveyance", "trade"]
named_persons = true
special_categories = ["conviction"]
minors = false

[marking]
maximum = "AMBER"
actions = ["A1", "A2"]
sanitisations = ["S1", "S2"]

[grading]
scheme = "3x5x2"
source_minimum = "3"
information_minimum = "C"
unknown_source_may_go = true
unknown_information_may_go = true
suspected_false_may_go = false

[geography]
about = ["KE", "TZ"]
transfer = ["KE"]

[use]
evidence = "ask"
attribution = "may"

[encryption]
in_transit = "must"
at_rest = "must"

[onward]
rule = "ask"

[duties]
retention_days = 365
acknowledge_working_days = 2
feedback_days = 90
stages = ["assessed", "outcome"]
disposal_proof = true

[threat_to_life]
may_go = true
review_days = 7

[accountability]
rfi_working_days = 5
reciprocity_days = 180
dissemination_list = true
breach_hours = 72
termination = "destroy"
"""


def grade(text: str) -> Grade:
    return scheme().parse(text)


def agreement(toml: str = TOML) -> Agreement:
    return parse(toml.encode(), codes())


def document() -> dict[str, Any]:
    """The valid agreement as parsed TOML."""
    return tomllib.loads(TOML)


def consent_of(originator: str, recipient: str = AGENCY, purpose: str = PURPOSE, until: date = date.max) -> Consented:
    """An agency's consent, as a decision sees it once its token was verified."""
    return Consented(originator, recipient, purpose, until, sha256(originator.encode()).hexdigest())


AGREEMENT = agreement().as_signed()
FACTS = ReportFacts(
    subjects=frozenset({"wildlife.smuggling", "goods.ivory"}),
    grades=(grade("2D"), grade("1B")),
    handling=Handling.of("P"),
    suspected_false=False,
    reviewed=True,
    agencies=frozenset({AGENCY, "river-parks"}),
    date=date(2026, 11, 20),
    marking=Tlp.AMBER,
    data=frozenset({DataCategory.TRADE}),
    named_persons=True,
    special_categories=frozenset(),
    minors=False,
    removable=frozenset(),
    about=frozenset({"KE"}),
    originators=frozenset(),
    by_hand=frozenset(),
    material=(),
    approvals=frozenset(),
    threat_to_life=False,
    risk=RiskFact.ASSESSED,
    immunity=False,
)
STATED = replace(FACTS, named_persons=False)
"""Facts that the practice agreements accept."""


RECIPIENT = AGREEMENT.recipient()

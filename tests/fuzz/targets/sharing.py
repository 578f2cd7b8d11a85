"""Agreements, manifests, packages and what the guard and the desk are handed."""

import json
from dataclasses import replace

from crypto import age
from crypto.canonical import canonical, parse
from crypto.errors import CanonicalError
from crypto.secret import Secret
from handling.data import codes, scheme, schemes
from handling.desk.feedback import AnswerFormatError, parse_answer
from handling.desk.reports import Report, ReportFormatError
from handling.exchange import forms
from handling.guard import markup
from handling.guard.asked import FormatError, ReleaseAsked, Review, ReviewAsked
from handling.guard.scan import scan
from handling.material import SEALED_MAX, Material, MaterialError, Signed, seal, sealed_file
from handling.rules.agreement_document import AgreementError
from handling.rules.agreement_document import parse as parse_agreement
from handling.rules.facts import FactsError, ReportFacts
from handling.rules.feedback import Feedback, FeedbackError
from handling.rules.grading import GradeError
from handling.rules.manifest import Manifest, ManifestError
from handling.rules.material import Piece
from handling.rules.member_list import MembershipError
from handling.rules.member_list import check as check_members
from handling.rules.package import PackageError, pack, unpack
from tests.fuzz.target import Target, both, these, vectors
from tests.handling.materials import ASKED, CONDITIONS, MATERIAL
from tests.handling.rules.samples import FACTS, TODAY, TOML
from tests.handling.rules.test_manifest import BODY
from tipline.base.forms import FormError

CODES = codes()
RESTING = replace(FACTS, material=(Piece("aa" * 32, "coast", CONDITIONS),), originators=frozenset({"coast"}))
RECIPIENT = age.Identity.from_seed(Secret(bytes(32))).recipient


def agreement(data: bytes) -> None:
    read = parse_agreement(data, CODES)
    assert read.valid_from <= read.review_by <= read.expires_on


def manifest(data: bytes) -> None:
    assert canonical(Manifest.from_body(parse(data)).to_body()) == data


def package(data: bytes) -> None:
    assert pack(unpack(data)) == data


def scanned(data: bytes) -> None:
    scan(data, {"amina", "tipline-guard"})


def page(data: bytes) -> None:
    read = markup.read(data.decode("utf-8", "replace"))
    assert isinstance(read.text, str)


def facts(data: bytes) -> None:
    read = ReportFacts.from_body(parse(data))  # a fact that nobody stated may be left out, so there are many forms
    assert ReportFacts.from_body(read.to_body()) == read


def feedback(data: bytes) -> None:
    assert canonical(Feedback.from_body(parse(data)).to_body()) == data


def grade(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    assert scheme().parse(text)


def asked(data: bytes) -> None:
    for kind in (ReviewAsked, ReleaseAsked):
        try:
            kind.read(data)
        except FormatError:
            continue
    Review.read(parse(data))


def report(data: bytes) -> None:
    Report.parse(parse(data))


def material_document(data: bytes) -> None:
    read = Material.read(data, schemes())
    assert Material.read(read.encode(), schemes()) == read


def material_parts(data: bytes) -> None:
    read = Signed.parse(data)
    assert data.startswith(read.document)
    assert Signed.parse(read.encode()) == read


def material_handed_in(data: bytes) -> None:
    assert len(sealed_file(data.decode("utf-8", "replace"))) <= SEALED_MAX


def desk_answer(data: bytes) -> None:
    value = parse(data)
    for kind in ("acknowledgement", "feedback"):
        parse_answer(kind, value)


def agency_form(data: bytes) -> None:
    value = json.loads(data)
    if isinstance(value, dict) and all(isinstance(entry, str) for entry in value.values()):
        forms.parse_answer(value, TODAY)
    forms.parse_sha256(data.decode("utf-8", "replace"))


def member_list(data: bytes) -> None:
    check_members(parse(data))


JSON = these(b"{}", b"[]", b"null", b'{"a":[]}')
NONCE = "0" * 64
ANSWER = {"form": NONCE, "code": "arrest", "tell_source": "yes", "month": "2026-11", "text": "ok"}
REPORT = {
    "format": "tipline/report/v1",
    "urn": "urn:uuid:0b9d6f0e-2c1b-4f0e-8b1f-2f5a0d9d3c21",
    "title": "t",
    "summary": "s",
    "items": [{"text": "x", "scheme": "3x5x2", "source": "2", "information": "D"}],
    "handling": "P",
    "action": None,
    "sanitisation": None,
    "subject": ["goods.ivory"],
    "date": "2026-11-23",
}
REVIEW = {
    "report_sha256": "00" * 32,
    "urn": REPORT["urn"],
    "facts": FACTS.to_body(),
    "agencies": ["harbour-customs"],
    "author": "amina",
    "residue_kept": 0,
    "risk_sha256": None,
    "day": "2026-11-23",
}
TARGETS = {
    "agreement": Target(agreement, (AgreementError,), these(TOML.encode(), b"a = 1", b"[unit]\nid = 1"), most=8192),
    "manifest": Target(manifest, (ManifestError, CanonicalError), these(canonical(BODY))),
    "package": Target(package, (PackageError,), vectors("package", field="zip", binary=True)),
    "package-scanned": Target(scanned, (), vectors("package", field="zip", binary=True)),
    "package-page": Target(page, (), these(b'<p class="a">x</p>', b"<style>p{}</style>", b"<!--", b"<a href=#x>")),
    "facts": Target(
        facts, (FactsError, CanonicalError), these(canonical(FACTS.to_body()), canonical(RESTING.to_body()))
    ),
    "feedback": Target(feedback, (FeedbackError, CanonicalError), both(JSON, these(canonical({"stage": "assessed"})))),
    "grade": Target(grade, (GradeError,), these(b"3x5x2 2 D", b"2D"), most=64),
    "guard-request": Target(
        asked,
        (FormatError, CanonicalError),
        these(
            canonical(REVIEW),
            canonical(
                {
                    "report": REPORT,
                    "facts": FACTS.to_body(),
                    "agencies": [],
                    "author": "a",
                    "kept": [],
                    "risk": None,
                    "sum_of_knowledge": {"earlier": {"a": 1}, "reason": "r"},
                }
            ),
        ),
    ),
    "material": Target(
        material_document,
        (MaterialError,),
        both(JSON, these(MATERIAL.encode(), replace(MATERIAL, grade=None, conditions=ASKED).encode())),
    ),
    "material-signed": Target(
        material_parts,
        (MaterialError,),
        these(b"{}-----BEGIN PGP SIGNATURE-----", b"-----BEGIN SSH SIGNATURE-----\n-----BEGIN SSH SIGNATURE-----"),
    ),
    "material-file": Target(
        material_handed_in,
        (MaterialError,),
        these(seal(Signed(b"{}", b"-----BEGIN SSH SIGNATURE-----"), RECIPIENT).encode(), b"", b"-----BEGIN AGE"),
        most=8192,
    ),
    "report": Target(report, (ReportFormatError, CanonicalError), these(canonical(REPORT))),
    "desk-answer": Target(
        desk_answer,
        (AnswerFormatError, CanonicalError),
        these(
            canonical({"release": "6c1d2e2e-93a8-4a52-9a6e-6d6a6e2f7f11", "zip_sha256": "00" * 32, "day": "2026-11-23"})
        ),
    ),
    "agency-form": Target(agency_form, (FormError, ValueError), these(json.dumps(ANSWER).encode()), most=1024),
    "member-list": Target(member_list, (MembershipError, CanonicalError), both(JSON, these(canonical({"version": 1})))),
}

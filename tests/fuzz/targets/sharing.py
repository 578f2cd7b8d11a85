"""Agreements, manifests, packages and what the guard and the desk are handed."""

from contextlib import suppress
from dataclasses import replace
from urllib.parse import parse_qs

from crypto import age
from crypto.canonical import canonical, parse
from crypto.errors import CanonicalError
from crypto.secret import Secret
from crypto.statement import Statement
from handling.data import codes, schemes
from handling.desk import asking, deconfliction
from handling.desk.asking import RequestError
from handling.desk.deconfliction import AnswerError
from handling.desk.outcomes import Outcome, OutcomeError
from handling.desk.reports import Report, ReportFormatError
from handling.desk.reports import Review as DeskReview
from handling.guard import markup
from handling.guard.asked import FormatError, ReleaseAsked, Review, ReviewAsked
from handling.guard.noticed import NoticeAsked
from handling.guard.scan import scan
from handling.material import Material, MaterialError, Signed
from handling.rules import notices
from handling.rules.agreement_document import AgreementError
from handling.rules.agreement_document import parse as parse_agreement
from handling.rules.facts import FactsError, ReportFacts
from handling.rules.feedback import Feedback, FeedbackError
from handling.rules.manifest import Manifest, ManifestError
from handling.rules.material import Piece
from handling.rules.notices import Notice, NoticeError
from handling.rules.package import PackageError, pack, unpack
from handling.rules.risk import Axis, Level
from tests.fuzz.target import Target, both, these, vectors
from tests.handling.materials import ASKED, CONDITIONS, MATERIAL
from tests.handling.rules.samples import FACTS, TODAY, TOML
from tests.handling.rules.test_manifest import BODY
from tests.handling.rules.test_notices import LIST, NOTICE, RECALL

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


def asked(data: bytes) -> None:
    for kind in (ReviewAsked, ReleaseAsked):
        try:
            kind.read(data)
        except FormatError:
            continue
    Review.read(parse(data))


def report(data: bytes) -> None:
    """A report as the desk reads it, and what was signed about one."""
    value = parse(data)
    with suppress(ReportFormatError):
        DeskReview.parse(value, reviewer="ben", statement=UNSIGNED)
    Report.parse(value)


def material_document(data: bytes) -> None:
    read = Material.read(data, schemes())
    assert Material.read(read.encode(), schemes()) == read


def material_parts(data: bytes) -> None:
    with suppress(MaterialError, CanonicalError):
        Signed.from_body(parse(data))
    read = Signed.parse(data)
    assert data.startswith(read.document)
    assert Signed.parse(read.encode()) == read


def notice(data: bytes) -> None:
    """What the desk asks the guard to send, and a notice alone, as whoever opens one reads it."""
    with suppress(FormatError):
        NoticeAsked.read(data)
    read = Notice.from_body(parse(data))
    assert Notice.from_body(read.to_body()) == read
    assert notices.lines(read, {})
    assert notices.subject(read)


def desk_form(data: bytes) -> None:
    """Every form in which an analyst writes something down."""
    typed = {name: values[0] for name, values in parse_qs(data.decode("utf-8", "replace"), max_num_fields=20).items()}
    with suppress(RequestError):
        assert asking.read(typed, TODAY).day > TODAY
    with suppress(AnswerError):
        assert deconfliction.read(typed).asked
    Outcome.read(typed, TODAY)


JSON = these(b"{}", b"[]", b"null", b'{"a":[]}')
UNSIGNED = Statement.make("tipline/review/v1", {})
STATEMENT = UNSIGNED.to_json()
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
RISK = {axis.value: {"level": Level.LOW.value, "words": "w"} for axis in Axis}
WITH_ATTACHMENT = {**REPORT, "attachments": [{"name": "attachment-1.jpg", "size": 4, "sha256": "00" * 32}]}
DESK_REVIEW = {**REVIEW, "alike": True, "version_of": ["urn:uuid:1b9d6f0e-2c1b-4f0e-8b1f-2f5a0d9d3c21"]}
RELEASE = {
    "zip": "UEsDBA==",
    "manifest": BODY,
    "review": STATEMENT,
    "deconfliction": {"asked": "centre", "answer": "clear", "by": "amina", "on": "2026-11-23"},
    "consents": [{"data": "{}", "signature": "-----BEGIN SSH SIGNATURE-----"}],
}
TARGETS = {
    "agreement": Target(
        agreement,
        (AgreementError,),
        these(TOML.encode(), b"a = 1", b"[unit]\nid = 1", b"a = " + b"1" * 5_000),
        most=8192,
    ),
    "manifest": Target(manifest, (ManifestError, CanonicalError), these(canonical(BODY))),
    "package": Target(package, (PackageError,), vectors("package", field="zip", binary=True)),
    "package-scanned": Target(scanned, (), vectors("package", field="zip", binary=True)),
    "package-page": Target(page, (), these(b'<p class="a">x</p>', b"<style>p{}</style>", b"<!--", b"<a href=#x>")),
    "facts": Target(
        facts, (FactsError, CanonicalError), these(canonical(FACTS.to_body()), canonical(RESTING.to_body()))
    ),
    "feedback": Target(feedback, (FeedbackError, CanonicalError), both(JSON, these(canonical({"stage": "assessed"})))),
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
            canonical(RELEASE),
            canonical(
                {
                    "report": WITH_ATTACHMENT,
                    "facts": FACTS.to_body(),
                    "agencies": ["harbour-customs"],
                    "author": "a",
                    "kept": [{"class": "name", "text": "t", "reason": "r"}],
                    "risk": RISK,
                    "sum_of_knowledge": {"earlier": {}, "reason": "r"},
                    "attachments": {"attachment-1.jpg": "AAAA"},
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
        these(
            b'{"document":"e30=","signature":"AAAA"}',
            b"{}-----BEGIN PGP SIGNATURE-----",
            b"-----BEGIN SSH SIGNATURE-----\n-----BEGIN SSH SIGNATURE-----",
        ),
    ),
    "report": Target(
        report,
        (ReportFormatError, CanonicalError),
        these(canonical(REPORT), canonical(WITH_ATTACHMENT), canonical(DESK_REVIEW)),
    ),
    "notice": Target(
        notice,
        (NoticeError, CanonicalError),
        both(
            JSON,
            lambda: (canonical(one.to_body()) for one in (NOTICE, RECALL, LIST)),
            lambda: (canonical({"notice": one.to_body(), "review": STATEMENT}) for one in (NOTICE, RECALL)),
            these(canonical({"notice": LIST.to_body(), "released": [{"manifest": BODY, "zip_sha256": "00" * 32}]})),
        ),
        most=8192,
    ),
    "desk-form": Target(
        desk_form,
        (OutcomeError, ValueError),
        these(
            b"ask=harbour-customs+river-parks+seizure&day=2026-12-24&words=Soon.",
            b"asked=The+national+centre&answer=clear",
            b"outcome=actioned/operation&month=2026-11&tell_source=yes",
        ),
        most=1024,
    ),
}

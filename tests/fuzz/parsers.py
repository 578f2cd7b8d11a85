"""Which target fuzzes which parser, held against the syntax trees and against what each target really calls."""

import ast
import re
from collections.abc import Iterator
from types import CodeType
from typing import Final

from tests.test_house import MODULES, ROOT, tree

_NAMES: Final = re.compile(r"(parse|read|decode|unpack|b64decode|from)(_[a-z0-9_]+)?")

FUZZED: Final = {
    "age-header": ("crypto/age/format.py:parse", "crypto/age/format.py:b64decode"),
    "age-file": ("crypto/age/file.py:open_", "crypto/age/hybrid.py:check"),
    "age-armour": ("crypto/age/armor.py:Dearmorer.update",),
    "bech32": ("crypto/age/bech32.py:decode", "crypto/age/hybrid.py:Recipient.parse"),
    "recipients": (
        "crypto/age/keyfile.py:parse_recipients",
        "crypto/age/keyfile.py:parse_recipient",
        "crypto/age/x25519.py:Recipient.parse",
    ),
    "identities": (
        "crypto/age/bech32.py:decode_secret",
        "crypto/age/hybrid.py:Identity.parse",
        "crypto/age/keyfile.py:parse_identities",
        "crypto/age/keyfile.py:parse_identity",
        "crypto/age/x25519.py:Identity.parse",
    ),
    "canonical": ("crypto/canonical.py:parse",),
    "strict-json": ("tipline/base/jsons.py:parse_object",),
    "statement": ("crypto/statement.py:Statement.parse", "crypto/statement.py:Statement.from_json"),
    "codename": ("crypto/codename.py:Codename.parse", "crypto/written.py:read"),
    "pickup-code": ("crypto/codename.py:parse_pickup_code",),
    "share": ("crypto/shares.py:check", "crypto/shares.py:join"),
    "one-time-code": ("crypto/totp.py:accept",),
    "openpgp-message": ("crypto/openpgp.py:read", "crypto/openpgp.py:in_file"),
    "openpgp-text": ("crypto/openpgp.py:in_text",),
    "openpgp-key": ("tipline/pgpkey.py:PgpKey.read",),
    "ssh-signature": ("crypto/sshsig.py:verify", "crypto/sshsig.py:public_key"),
    "authenticator-answer": ("crypto/webauthn.py:Assertion.parse", "crypto/webauthn.py:verify"),
    "authenticator-registration": ("crypto/webauthn.py:Registration.parse", "crypto/webauthn.py:register"),
    "column": ("crypto/columns.py:open_",),
    "blob": ("crypto/blobs.py:BlobOpener.update",),
    "record-key": ("crypto/records.py:unwrap",),
    "form": ("tipline/base/forms.py:read_form", "tipline/base/forms.py:read_form_lists"),
    "form-report": ("tipline/source/form.py:parse",),
    "form-token": ("tipline/source/form.py:parse_token",),
    "cookie": ("tipline/source/session.py:_halves",),
    "drop-requests": (
        "tipline/drop/api.py:read_ids",
        "tipline/drop/api.py:read_receipts",
        "tipline/drop/api.py:read_bundles",
    ),
    "drop-gate": ("tipline/drop/signed.py:Gate.admit",),
    "drop-answers": ("handling/corridor/dropclient.py:read_json",),
    "worker-frame": ("tipline/source/frames.py:read_frame", "tipline/source/channel.py:unpack_submission"),
    "keep-frame": ("tipline/source/channel.py:unpack_erasure",),
    "units": ("tipline/units.py:Units.load",),
    "wrapper": ("tipline/envelope/wrapper.py:Wrapper.parse",),
    "message": (
        "tipline/envelope/message.py:Message.parse",
        "tipline/envelope/bodies.py:Tip.parse",
        "tipline/envelope/bodies.py:Answer.parse",
        "tipline/envelope/bodies.py:Part.parse",
        "tipline/envelope/bodies.py:Erase.parse",
    ),
    "message-collected": ("handling/corridor/opened.py:read",),
    "sidecar": ("tipline/envelope/bodies.py:File.parse",),
    "reply": ("tipline/envelope/reply.py:Reply.parse",),
    "slip": ("tipline/handin.py:Slip.parse", "tipline/handin.py:Listed.parse"),
    "hand-in-piece": ("tipline/source/pieces.py:PieceReader.update",),
    "place": ("tipline/envelope/thread.py:Place.open", "tipline/envelope/thread.py:ThreadState.parse"),
    "bundle": ("tipline/bundles.py:open_bundle",),
    "pickup": ("tipline/bundles.py:Pickup.parse",),
    "picked-up": ("tipline/replies.py:read",),
    "intake-key": ("tipline/envelope/intakekey.py:IntakeKey.read",),
    "keys": ("tipline/pins.py:Keys.parse",),
    "pins": ("tipline/pins.py:Pins.read", "tipline/pins.py:Pinned.parse"),
    "kit": ("tipline/kit.py:Inputs.of_page", "tipline/questionnaire/carried.py:Carried.parse"),
    "kit-statement": ("tipline/kit.py:KitStatement.read",),
    "onion": ("tipline/onion.py:read",),
    "questionnaire": ("tipline/questionnaire/reading.py:read",),
    "answers-file": ("tipline/questionnaire/filling.py:read",),
    "answers-form": ("tipline/questionnaire/answers.py:read",),
    "answers": ("tipline/questionnaire/answers.py:Filled.parse", "tipline/questionnaire/model.py:Questionnaire.parse"),
    "agency-enrolment": ("handling/agencyfiles.py:AgencyKey.read", "handling/store/agencies.py:read_key"),
    "unit-keys": ("handling/agencyfiles.py:UnitKeys.parse",),
    "agency-handed": (
        "handling/exchange/handed.py:read",
        "handling/agencyfiles.py:Acknowledged.read",
        "handling/agencyfiles.py:Sealed.read",
    ),
    "agency-told": (
        "handling/rules/copies.py:Destruction.from_body",
        "handling/rules/copies.py:Breach.from_body",
        "handling/rules/copies.py:read_minute",
    ),
    "agency-received": (
        "handling/desk/feedback.py:receive",
        "handling/desk/feedback.py:parse_answer",
        "handling/desk/received.py:HandedIn.read",
    ),
    "agency-form": (
        "handling/exchange/forms.py:parse_answer",
        "handling/exchange/forms.py:parse_copies",
        "handling/exchange/forms.py:parse_breach",
        "handling/exchange/forms.py:parse_sha256",
    ),
    "consent": (
        "handling/consents.py:read",
        "handling/consents.py:SignedAnswer.from_body",
        "handling/rules/consent.py:Token.from_body",
    ),
    "material": ("handling/material.py:Material.read",),
    "material-signed": ("handling/material.py:Signed.parse", "handling/material.py:Signed.from_body"),
    "material-file": ("handling/material.py:sealed_file",),
    "signed-elsewhere": ("handling/signing.py:OutsideCard.read", "handling/signing.py:Handed.read"),
    "emergency": ("handling/emergencies.py:Papers.read", "handling/emergencies.py:Told.read"),
    "member-list": (
        "handling/rules/member_list.py:check",
        "handling/rules/member_list.py:Entry.read",
        "handling/rules/member_list.py:Authenticator.read",
        "handling/rules/member_list.py:read_keys",
        "handling/rules/membership.py:from_json",
    ),
    "notice": (
        "handling/guard/noticed.py:NoticeAsked.read",
        "handling/rules/notices.py:Notice.from_body",
        "handling/rules/consent.py:Asked.from_body",
        "handling/rules/dissemination.py:from_about",
        "handling/rules/dissemination.py:Line.from_body",
    ),
    "guard-request": (
        "handling/guard/asked.py:Report.read",
        "handling/guard/asked.py:ReviewAsked.read",
        "handling/guard/asked.py:Review.read",
        "handling/guard/asked.py:ReleaseAsked.read",
        "handling/rules/deconfliction.py:Deconfliction.from_body",
        "handling/rules/risk.py:Assessment.from_body",
    ),
    "report": (
        "handling/desk/reports.py:Report.parse",
        "handling/desk/reports.py:Review.parse",
        "handling/rules/attachments.py:read",
    ),
    "desk-form": (
        "handling/desk/asking.py:read",
        "handling/desk/deconfliction.py:read",
        "handling/desk/outcomes.py:Outcome.read",
    ),
    "agreement": ("handling/rules/agreement_document.py:parse", "handling/rules/agreement_document.py:read"),
    "manifest": ("handling/rules/manifest.py:Manifest.from_body",),
    "package": ("handling/rules/package.py:unpack",),
    "package-page": ("handling/guard/markup.py:read",),
    "package-scanned": ("handling/guard/scan.py:scan",),
    "attachment": (
        "handling/rules/docx.py:read",
        "handling/rules/imagepdf.py:read",
        "handling/rules/jpeg.py:size",
        "handling/rules/mp4.py:tracks",
        "handling/rules/png.py:size",
    ),
    "facts": (
        "handling/rules/facts.py:ReportFacts.from_body",
        "handling/rules/material.py:Conditions.from_body",
        "handling/rules/material.py:Piece.from_body",
    ),
    "feedback": ("handling/rules/feedback.py:Feedback.from_body",),
    "grade": ("handling/rules/grading.py:Scheme.parse", "handling/rules/mapping.py:Mappings.read"),
}
"""By target, what it fuzzes: every parser that has the name of one, and others that take what somebody else wrote."""

_OWN_ROW: Final = "reads what the corridor itself sealed under the record's key; nobody else can make one that opens"
_OPERATOR: Final = "reads a file or an option of whoever runs the machine"
_MADE_HERE: Final = "takes bytes of an exact length that our own generator or key derivation made"
UNFUZZED: Final = {
    "crypto/age/hybrid.py:Identity.from_seed": _MADE_HERE,
    "crypto/codename.py:Codename.from_entropy": _MADE_HERE,
    "crypto/codename.py:Codename.from_token": _MADE_HERE,
    "crypto/signing.py:SigningKey.from_seed": _MADE_HERE,
    "crypto/pgp.py:read_public": "GnuPG reads it, in a process of its own that takes too long for this",
    "handling/corridor/content.py:Decided.parse": _OWN_ROW,
    "handling/corridor/document.py:Attached.from_body": _OWN_ROW,
    "handling/corridor/document.py:Draft.from_body": _OWN_ROW,
    "handling/corridor/risk.py:Typed.from_body": _OWN_ROW,
    "handling/corridor/stating.py:Stated.from_body": _OWN_ROW,
    "handling/corridor/parts.py:read": "joins parts of a file; a blob and a sidecar have targets of their own",
    "handling/corridor/pages/items.py:from_answer": "takes a form that has been read, and looks codes up in a table",
    "handling/desk/documents.py:read_first": "asks for a document that the desk itself sealed",
    "tipline/base/nearing.py:read": "reads names that this machine wrote, each looked up in a table",
    "tipline/base/settings.py:read": _OPERATOR,
    "tipline/cli/sheets.py:Shape.parse": _OPERATOR,
    "tipline/cli/streams.py:read_all": "reads a file whole, whatever is in it",
    "tipline/units.py:Unit.read": _OPERATOR,
}
"""Parsers that have no target, each with its reason."""


def parsers() -> frozenset[str]:
    """Every public function or method that has a parser's name and is given something to read."""
    return frozenset(name for name, takes in _functions() if takes and _is_named(name))


def functions() -> frozenset[str]:
    """Every function and method, as ``file:Class.name``."""
    return frozenset(name for name, _ in _functions())


def called_as(code: CodeType) -> str:
    """The name of a function that runs, as the table has it."""
    return f"{code.co_filename.removeprefix(f'{ROOT}/')}:{code.co_qualname}"


def _is_named(name: str) -> bool:
    *classes, function = name.partition(":")[2].split(".")
    return _NAMES.fullmatch(function) is not None and not any(one.startswith("_") for one in classes)


def _functions() -> Iterator[tuple[str, bool]]:
    for module in MODULES:
        for name, node in _within(tree(module), ""):
            yield (
                f"{module}:{name}",
                any(one.arg not in ("self", "cls") for one in node.args.posonlyargs + node.args.args),
            )


def _within(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _within(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + child.name, child

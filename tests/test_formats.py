"""Every format of docs/format.md: what goes in comes out, one changed byte is refused by name, and there are examples.

The table at the end says for each section which codecs stand in it; a section without a property and a vector fails.
"""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crypto import age, canonical, columns, macs, records, signing, sshsig
from crypto.blobs import BlobOpener, BlobSealer
from crypto.codename import Codename, keys, parse_pickup_code, pickup_code
from crypto.digest import sha256
from crypto.errors import AgeError, CanonicalError, CodenameError, OpenError, SignatureError
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling.agencyfiles import (
    Acknowledged,
    AgencyFileError,
    AgencyKey,
    SealedAnswer,
    SealedBreach,
    SealedDestruction,
    UnitKeys,
)
from handling.rules.copies import Breach, Destruction, Fate, Loss
from handling.rules.feedback import Feedback
from handling.rules.manifest import Manifest, ManifestError
from handling.rules.package import NAMES, PackageError, pack, unpack
from tests.handling.rules.test_manifest import BODY
from tests.questions import filled_forms, questionnaires
from tipline import bundles, envelope, pins
from tipline.drop.signed import Gate, RequestRefusedError
from tipline.envelope import (
    IntakeKey,
    IntakeKeyError,
    Message,
    Place,
    Reply,
    Thread,
    ThreadState,
    Wrapper,
)
from tipline.handin import Listed, Slip, part_id
from tipline.pgpkey import PgpKey, PgpKeyError
from tipline.questionnaire.answers import read as read_answers
from tipline.questionnaire.model import Questionnaire
from tipline.strict import EnvelopeError
from tipline.units import Unit, Units

ROOT = Path(__file__).parents[1]
FORMAT = (ROOT / "docs" / "format.md").read_text("utf-8")
TRIES = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))

KEY = Secret(b"k" * 32)
MINE = age.Identity.from_seed(Secret(bytes(range(32))))
SIGNER = SigningKey.from_seed(Secret(b"s" * 32))
SOURCE = keys(Codename.from_token(bytes(32)))
THREAD = Thread(SOURCE.to_unit, SOURCE.to_source)
DAY = date(2026, 11, 23)
COLUMN = {"table": "t", "column": "c", "row": "1"}

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
hashes = st.binary(min_size=32, max_size=32)
numbers = st.integers(1, 2**31 - 1)
prints = st.from_regex(r"[0-9A-F]{40}", fullmatch=True)
armoured_keys = st.from_regex(
    r"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n([A-Za-z0-9+/]{64}\n){1,3}=[A-Za-z0-9+/]{4}\n-----END PGP PUBLIC KEY BLOCK-----\n",
    fullmatch=True,
)
bodies: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    texts, st.recursive(st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts, st.lists, max_leaves=4), max_size=4
)  # fmt: skip
units = st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)
places = st.binary(min_size=envelope.SEALED_PLACE_BYTES, max_size=envelope.SEALED_PLACE_BYTES)
states = st.builds(ThreadState, st.integers(0, 2**31 - 1), hashes)
messages = st.builds(
    Message,
    lookup=st.just(SOURCE.lookup),
    recipient=st.just(SOURCE.identity.recipient),
    thread=st.just(THREAD),
    counter=numbers,
    previous=hashes,
    at=st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)).map(  # noqa: DTZ001 - UTC follows
        lambda at: at.replace(microsecond=0)
    ),
    body=st.builds(envelope.Answer, texts)
    | st.builds(envelope.Tip, texts, texts, texts, st.booleans())
    | filled_forms().map(lambda form: envelope.Filled(form[0].sha256, "en", read_answers(*form).values)),
    heard=st.integers(0, 2**31 - 1),
    way=st.sampled_from(sorted(envelope.WAYS)),
)
replies = st.builds(
    Reply, st.sampled_from(["reply", "phrase"]), hashes, numbers, hashes, st.dates(), texts, st.integers(0, 2**31 - 1)
)
wrappers = st.builds(
    Wrapper,
    unit=st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True),
    serial=numbers,
    mailbox=hashes,
    day=st.dates(),
    urgent=st.booleans(),
    kind=st.sampled_from(["message", "part"]),
)
MESSAGE = 256 + age.sealed_size(4096)
PART = 256 + age.sealed_size(64 * 1024)
slips = st.builds(
    lambda unit, serial, mailbox, day, urgent, was, now, ids: Slip(
        unit, serial, mailbox, day, urgent, None if was else SOURCE.identity.recipient, was, now,
        tuple(
            Listed(part_id(sha256(id_.bytes)), "part", PART, sha256(id_.bytes))
            if at
            else Listed(id_, "message", MESSAGE, sha256(id_.bytes))
            for at, id_ in enumerate(ids)
        ),
    ),
    units, numbers, hashes, st.dates(), st.booleans(), st.none() | hashes,
    places, st.lists(st.uuids(), min_size=1, max_size=6, unique=True),
)  # fmt: skip
pinned = st.builds(
    pins.Pins,
    st.builds(lambda name, signer: (pins.Pinned("unit", "unit", name, signer),), texts, hashes),
    st.dates(),
    st.dates(),
)


@dataclass(frozen=True, slots=True)
class Codec:
    """One format.

    Attributes:
        values: what can be written.
        write, read: both ways. What `read` returns is compared with the value, or with `shown(value)`.
        refusals: the errors of everything else.
        again: for a form without key or MAC: what `read` returned, written again; a changed byte may then be read as another
            value, whose one form is exactly those bytes. None where no changed byte may be read at all.
    """

    values: st.SearchStrategy[Any]
    write: Callable[[Any], bytes]
    read: Callable[[bytes], Any]
    refusals: tuple[type[Exception], ...]
    again: Callable[[Any], bytes] | None = None
    shown: Callable[[Any], Any] = lambda value: value


def blob(data: bytes) -> bytes:
    sealer = BlobSealer(KEY, "1")
    return sealer.update(data) + sealer.finish()


def unblob(data: bytes) -> bytes:
    opener = BlobOpener(KEY, "1")
    return opener.update(data) + opener.finish()


def read_mac(data: bytes) -> bytes:
    macs.check(KEY, data[32:], data[:32], purpose="to unit")
    return data[32:]


def read_signature(data: bytes) -> bytes:
    signing.verify(SIGNER.public, "tipline/test/v1", data[64:], data[:64])
    return data[64:]


def read_statement(data: bytes) -> dict[str, Any]:
    return dict(Statement.parse(data).verify("tipline/test/v1", [SIGNER.public]))


def drop_request(seconds: int) -> bytes:
    payload = {"method": "GET", "path": "/v1/mailboxes", "time": seconds, "unit": "unit"}
    payload["body_sha256"] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    return f"{seconds}\n{SIGNER.sign('tipline/drop-request/v1', canonical.canonical(payload)).hex()}".encode()


def read_drop_request(data: bytes) -> int:
    stated, _, signature = data.decode("utf-8", "replace").partition("\n")
    gate = Gate(Units((Unit("unit", "unit", "", SIGNER.public, SIGNER.public),)), lambda: 1_795_000_000.0)
    headers = {"Tipline-Unit": "unit", "Tipline-Time": stated, "Tipline-Signature": signature}
    gate.admit("GET", "/v1/mailboxes", headers, b"")
    return int(stated)


def read_told(kind: type[Any], data: bytes) -> tuple[UUID, Any]:
    told = kind.read(Statement.parse(data), SIGNER.public)
    return told.release, told.open(MINE)


def codename(data: bytes) -> bytes:
    return Codename.parse(data.decode("utf-8", "replace")).entropy.expose()


def words(entropy: bytes) -> bytes:
    return " ".join(Codename.from_entropy(Secret(entropy)).words()).encode()


CODECS = {
    "canonical JSON": Codec(bodies, canonical.canonical, canonical.parse, (CanonicalError,), canonical.canonical),
    "age file": Codec(
        st.binary(max_size=300), lambda d: age.seal(d, [MINE.recipient]), lambda d: age.open_(d, [MINE]), (AgeError,)
    ),
    "codename": Codec(st.binary(min_size=16, max_size=16), words, codename, (CodenameError,), words),
    "column": Codec(
        st.binary(max_size=200),
        lambda d: columns.seal(KEY, d, **COLUMN),
        lambda d: columns.open_(KEY, d, **COLUMN),
        (OpenError,),
    ),
    "blob": Codec(st.binary(max_size=200), blob, unblob, (OpenError,)),
    "record key": Codec(
        hashes,
        lambda d: records.wrap(Secret(d), MINE.recipient),
        lambda d: records.unwrap(d, MINE).expose(),
        (AgeError, OpenError),
    ),
    "MAC": Codec(st.binary(max_size=99), lambda d: macs.mac(KEY, d, purpose="to unit") + d, read_mac, (SignatureError,)),
    "signature": Codec(
        st.binary(max_size=99), lambda d: SIGNER.sign("tipline/test/v1", d) + d, read_signature, (SignatureError,)
    ),
    "statement": Codec(
        bodies, lambda body: Statement.make("tipline/test/v1", body, SIGNER).encode(), read_statement, (SignatureError,)
    ),
    "drop request": Codec(
        st.integers(1_794_999_700, 1_795_000_300), drop_request, read_drop_request, (RequestRefusedError,)
    ),
    "wrapper": Codec(wrappers, Wrapper.encode, Wrapper.parse, (EnvelopeError,), Wrapper.encode),
    "message": Codec(
        messages,
        Message.encode,
        lambda d: Message.parse(d, known=THREAD).encode(),
        (EnvelopeError,),
        shown=Message.encode,
    ),
    "reply": Codec(
        replies, lambda r: r.encode(KEY), lambda d: Reply.parse(d, KEY), (EnvelopeError,)
    ),
    "bundle": Codec(
        st.lists(st.binary(max_size=900), max_size=4),
        lambda inner: bundles.pack_bundle(inner, MINE.recipient),
        lambda d: bundles.open_bundle(d, MINE),
        (EnvelopeError,),
    ),
    "place": Codec(
        st.builds(Place, units, states, states),
        lambda place: place.seal(KEY, mailbox=bytes(32)),
        lambda d: Place.open(d, KEY, mailbox=bytes(32)),
        (OpenError,),
    ),
    "intake key": Codec(
        st.builds(IntakeKey, st.just("unit"), numbers, st.just(MINE.recipient), st.dates(), st.dates()),
        lambda key: key.sign(SIGNER),
        lambda d: IntakeKey.read(d, SIGNER.public),
        (IntakeKeyError,),
    ),
    "OpenPGP intake key": Codec(
        st.builds(
            PgpKey, st.just("unit"), numbers, prints, prints, armoured_keys, st.dates(), st.dates()
        ),
        lambda key: key.sign(SIGNER),
        lambda d: PgpKey.read(d, SIGNER.public),
        (PgpKeyError,),
    ),
    "questionnaire": Codec(
        questionnaires(), Questionnaire.encode, Questionnaire.parse, (EnvelopeError,), again=Questionnaire.encode
    ),
    "slip": Codec(slips, Slip.encode, Slip.parse, (EnvelopeError,)),
    "pickup code": Codec(
        hashes,
        lambda d: pickup_code(Secret(d)).expose(),
        lambda d: parse_pickup_code(d.decode("utf-8", "replace")).expose(),
        (CodenameError,),
        lambda d: pickup_code(Secret(d)).expose(),
    ),
    "pickup": Codec(
        st.builds(
            bundles.Pickup,
            st.binary(max_size=200).map(lambda d: d.ljust(bundles.SEALED_BUNDLE_BYTES, b"x")),
            places,
        ),
        bundles.Pickup.encode,
        bundles.Pickup.parse,
        (EnvelopeError,),
        bundles.Pickup.encode,
    ),
    "pins": Codec(
        pinned, lambda one: one.sign(SIGNER), lambda d: pins.Pins.read(d, SIGNER.public), (pins.PinsError,)
    ),
    "agency key": Codec(
        st.builds(AgencyKey, st.from_regex(r"[A-Za-z ]{0,40}[a-z]", fullmatch=True), st.just(MINE.recipient), st.just(SIGNER.public), st.dates()),
        lambda key: key.sign(SIGNER),
        AgencyKey.read,
        (AgencyFileError,),
    ),
    "acknowledgement": Codec(
        st.builds(Acknowledged, st.uuids(), hashes, st.dates()),
        lambda said: said.sign(SIGNER),
        lambda d: Acknowledged.read(Statement.parse(d), SIGNER.public),
        (AgencyFileError, SignatureError),
    ),
    "feedback": Codec(
        st.builds(lambda release, text: (release, Feedback("outcome", "seizure", text, "2026-11", tell_source=True)), st.uuids(), texts),
        lambda said: SealedAnswer.seal(*said, MINE.recipient, DAY).sign(SIGNER),
        lambda d: read_told(SealedAnswer, d),
        (AgencyFileError, SignatureError),
    ),
    "destruction": Codec(
        st.tuples(st.uuids(), st.builds(Destruction, st.just(Fate.DESTROYED), st.dates(), texts)),
        lambda said: SealedDestruction.seal(*said, MINE.recipient, DAY).sign(SIGNER),
        lambda d: read_told(SealedDestruction, d),
        (AgencyFileError, SignatureError),
    ),
    "breach": Codec(
        st.tuples(st.uuids(), st.builds(Breach, st.sampled_from(Loss), st.just(datetime(2026, 11, 26, 9, 30, tzinfo=UTC)), texts.filter(str.strip))),
        lambda said: SealedBreach.seal(*said, MINE.recipient, DAY).sign(SIGNER),
        lambda d: read_told(SealedBreach, d),
        (AgencyFileError, SignatureError),
    ),
    "unit keys": Codec(
        st.builds(UnitKeys, st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True), texts, hashes, st.just(MINE.recipient)),
        UnitKeys.encode,
        UnitKeys.parse,
        (AgencyFileError,),
        UnitKeys.encode,
    ),
    "package": Codec(
        st.fixed_dictionaries({name: st.binary(max_size=60) for name in NAMES}), pack, unpack, (PackageError,), pack
    ),
    "manifest": Codec(
        st.builds(
            lambda conditions, day: Manifest.from_body({**BODY, "conditions": conditions, "day": day.isoformat()}),
            st.lists(st.from_regex(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,20}", fullmatch=True), max_size=3),
            st.dates(),
        ),
        lambda manifest: canonical.canonical(manifest.to_body()),
        lambda d: Manifest.from_body(canonical.parse(d)),
        (ManifestError, CanonicalError),
        lambda manifest: canonical.canonical(manifest.to_body()),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CODECS)
@TRIES
@given(st.data())
def test_what_goes_in_comes_out(name: str, data: st.DataObject) -> None:
    codec = CODECS[name]
    value = data.draw(codec.values)

    assert codec.read(codec.write(value)) == codec.shown(value)


@pytest.mark.parametrize("how", ["changed", "removed", "added", "cut"])
@pytest.mark.parametrize("name", CODECS)
@TRIES
@given(st.data())
def test_a_byte_changed_removed_or_added_is_refused_by_name(name: str, how: str, data: st.DataObject) -> None:
    codec = CODECS[name]
    written = codec.write(data.draw(codec.values))
    at = data.draw(st.integers(0, len(written) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != written[at]))
    wrong = {
        "changed": written[:at] + bytes([byte]) + written[at + 1 :],
        "removed": written[:at] + written[at + 1 :],
        "added": written[:at] + bytes([byte]) + written[at:],
        "cut": written[:at],
    }[how]

    try:
        read = codec.read(wrong)
    except codec.refusals:
        return
    assert codec.again is not None or (name in _SPACES and wrong.rstrip(b" ") == written), "it was read all the same"
    if codec.again is not None and name not in _TYPED:
        assert codec.again(read) == wrong


_SPACES = {"message", "reply"}  # spaces after them are their padding
_TYPED = {"codename", "pickup code"}  # these may be typed in many ways


@TRIES
@given(st.data())
def test_a_codename_with_one_letter_changed_is_refused_or_the_same_words(data: st.DataObject) -> None:
    entropy = data.draw(st.binary(min_size=16, max_size=16))
    typed = words(entropy)
    at = data.draw(st.integers(0, len(typed) - 1))
    wrong = typed[:at] + data.draw(st.sampled_from([b"x", b"e", b"", b" "])) + typed[at + 1 :]

    try:
        again = codename(wrong)
    except CodenameError:
        return
    read = words(again).split()
    changed = sum(one != other for one, other in zip(read, typed.split(), strict=True))
    assert changed <= 1  # a checksum of 4 bits lets one other word in sixteen pass; it opens another, empty mailbox


@TRIES
@given(st.binary(max_size=99), st.from_regex(r"[a-z-]{1,20}", fullmatch=True), st.data())
def test_an_ssh_signature_is_over_every_byte_and_the_namespace(content: bytes, space: str, data: st.DataObject) -> None:
    one = sshsig.sign(SIGNER, content, namespace=space)
    at = data.draw(st.integers(0, len(content)))

    assert sshsig.sign(SIGNER, content, namespace=space) == one  # Ed25519 has one signature for each input
    assert sshsig.sign(SIGNER, content[:at] + b"\0" + content[at:], namespace=space) != one
    assert sshsig.sign(SIGNER, content, namespace=space + "x") != one


SECTIONS: dict[str, tuple[str, ...]] = {
    "Conventions": ("canonical JSON",),
    "Sealed files": ("age file",),
    "Armour": ("tests/crypto/age/test_armor.py::test_pieces_of_any_size_give_the_same_bytes",),
    "Files of keys": ("tests/crypto/age/test_keyfile.py::test_any_bytes_are_keys_or_refused",),
    "Body": ("tests/crypto/age/test_stream.py::test_pieces_of_any_size_give_the_same_bytes",),
    "Lengths": ("tests/crypto/age/test_file.py::test_a_file_in_pieces_of_any_size_comes_back",),
    "Codename": ("codename",),
    "Padding": ("tests/crypto/test_padding.py::test_a_padded_message_is_the_same_json_in_one_of_few_sizes",),
    "Sealed columns": ("column",),
    "Sealed blobs": ("blob",),
    "Record keys": ("record key",),
    "Signatures": ("signature", "drop request"),
    "Authenticators": ("tests/crypto/test_webauthn.py::test_whatever_is_stored_is_read_again_exactly",),
    "Signing away from the guard": (
        "tests/handling/test_signing.py::test_a_signature_reads_back_equal_however_its_line_is_broken",
    ),
    "Emergency disclosures": (
        "tests/handling/test_emergencies.py::test_what_was_told_reads_back_equal_under_its_signers",
    ),
    "The drop's requests": ("drop request",),
    "Keyring": ("record key",),
    "Vault epochs": ("age file",),
    "Lives of keys": (),
    "Exclusions": ("tests/handling/rules/test_exclusions.py::test_folding_twice_changes_nothing",),
    "Statements": ("statement",),
    "Member list": (
        "statement",
        "tests/handling/rules/test_membership.py::test_whatever_is_applied_in_whatever_order_the_unit_can_go_on",
    ),
    "Shares": ("tests/crypto/test_shares.py::test_any_that_are_enough_open_it_in_any_order_and_one_fewer_does_not",),
    "Share sheets": ("tests/crypto/test_shares.py::test_whatever_is_typed_is_a_share_or_the_one_error",),
    "MACs": ("MAC",),
    "Between source and unit": (),
    "Envelopes": ("wrapper",),
    "Messages": ("message",),
    "Questionnaires and answers": ("questionnaire",),
    "Intake keys": ("intake key",),
    "OpenPGP intake keys": ("OpenPGP intake key",),
    "OpenPGP messages": ("tests/crypto/test_openpgp.py::test_any_bytes_are_a_message_or_refused_by_name",),
    "Replies": ("reply",),
    "Bundles": ("bundle",),
    "Place in the thread": ("place",),
    "Hand-ins": ("slip",),
    "Picking up": ("pickup", "pickup code"),
    "Keys for sealing elsewhere": ("pins",),
    "Packages": ("package", "manifest", "tests/test_formats.py::test_an_ssh_signature_is_over_every_byte_and_the_namespace"),
    "Attachments": (
        "tests/handling/rules/test_attachments.py::test_every_pdf_that_can_be_written_is_read_again",
        "tests/handling/rules/test_attachments.py::test_every_document_that_can_be_written_is_read_again",
        "tests/handling/rules/test_attachments.py::test_arbitrary_bytes_are_never_a_copy_and_never_an_error",
    ),
    "Signatures on agreements": (
        "tests/crypto/test_sshsig.py::test_we_verify_what_we_signed_and_learn_whose_key_it_was",
    ),
    "Notices": (
        "tests/handling/rules/test_notices.py::test_every_notice_is_read_as_it_was_written",
        "tests/handling/test_notices.py::test_the_last_line_is_the_notice_and_three_lines_are_its_answers",
    ),
    "Consents": (
        "tests/handling/rules/test_consent.py::test_every_token_is_read_as_it_was_written",
        "tests/handling/test_consents.py::test_what_an_agency_signed_is_read_however_it_was_pasted",
    ),
    "What an agency writes": ("agency key", "acknowledgement", "feedback", "destruction", "breach", "unit keys"),
    "Material": (
        "tests/handling/test_material.py::test_what_an_agency_writes_comes_back_signed_and_sealed_to_the_letter",
    ),
    "Accounts and one-time codes": ("tests/crypto/test_totp.py::test_every_code_is_six_digits_and_accepted_in_its_step",),
}  # fmt: skip
_UNDER = {  # no bytes of their own: parts of a section whose vectors stand above them, a paper, JSON in a sealed column
    *("Armour", "Files of keys", "Body", "Lengths", "The drop's requests"),
    *("Authenticators", "Signing away from the guard", "Emergency disclosures", "Notices", "Consents"),
    *("OpenPGP messages", "Share sheets", "Exclusions", "Keyring", "Vault epochs", "Signatures on agreements"),
}


def sections() -> dict[str, str]:
    parts = re.split(r"^#{2,3} (.+)$", FORMAT, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_section_of_the_document_has_its_codecs_and_every_codec_a_section() -> None:
    assert set(sections()) == set(SECTIONS)
    named = {name for names in SECTIONS.values() for name in names}
    assert {name for name in named if "::" not in name} == set(CODECS)


@pytest.mark.parametrize("section", [name for name, codecs in SECTIONS.items() if codecs and name not in _UNDER])
def test_every_section_with_a_codec_names_its_vectors(section: str) -> None:
    said = re.search(r"^Vectors: (.*?)\. ", sections()[section], re.MULTILINE)

    assert said is not None
    for folder in re.findall(r"`([^`]+)`", said[1]):
        assert list((ROOT / "tests" / "vectors" / folder).glob("*.txt")), folder


@pytest.mark.parametrize("named", sorted({name for names in SECTIONS.values() for name in names if "::" in name}))
def test_every_property_that_stands_elsewhere_is_there(named: str) -> None:
    path, _, test = named.partition("::")
    functions = [node for node in ast.parse((ROOT / path).read_text("utf-8")).body if isinstance(node, ast.FunctionDef)]
    (function,) = [node for node in functions if node.name == test]

    assert any(ast.unparse(decorator).startswith("given(") for decorator in function.decorator_list)

"""What open.html makes is what the unit reads, and what the unit releases it opens, or refuses and says why."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

import pytest

from crypto import age, sshsig
from crypto.age.keyfile import parse_identities
from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.secret import Secret
from crypto.signing import SigningKey
from handling import consents, data, material, notices, undersigned
from handling.agencyfiles import (
    Acknowledged,
    AgencyKey,
    SealedAnswer,
    SealedBreach,
    SealedDestruction,
    UnitKeys,
    typed_statement,
)
from handling.exchange import forms, guide, views
from handling.material import Material
from handling.rules.agreements import PURPOSE_LABELS, Channel, Purpose
from handling.rules.copies import Breach, Destruction, Fate, Loss
from handling.rules.feedback import AXES, Feedback
from handling.rules.grading import Action, Handling, Sanitisation
from handling.rules.package import MANIFEST, REPORT_HTML, REPORT_JSON, hashes, pack
from handling.rules.terms import CLASS_LABELS, TLP_LABELS
from handling.store.agencies import Agency, read_key
from tests.handling.materials import CONDITIONS
from tests.handling.rules.test_manifest import BODY
from tests.handling.rules.test_notices import LIST, NAMES, NOTICE
from tests.tipline.away.node import Node, RefusedError, b64, unb64

PHRASE = "abandon ability able about above absent absorb"
TODAY = "2026-11-26"
DESK = age.Identity.generate()
SIGNER = SigningKey.generate()
UNIT = UnitKeys("unit", "Practice Unit", SIGNER.public, DESK.recipient)


@pytest.fixture(scope="module")
def made(js: Node) -> dict[str, Any]:
    """An agency's keys, made once: stretching a passphrase takes a second."""
    keys = js("agencyKeys", name="Zoll 税関", today=TODAY, passphrase=PHRASE, unit=UNIT.encode().decode())
    assert isinstance(keys, dict)
    return keys


def test_the_enrolment_file_is_one_that_the_unit_takes_and_both_show_one_fingerprint(made: dict[str, Any]) -> None:
    read = AgencyKey.read(made["enrolment"].encode())

    assert read.fingerprint() == made["fingerprint"]
    assert (read.name, read.made_on) == ("Zoll 税関", date(2026, 11, 26))


def test_the_key_file_opens_with_its_passphrase_here_and_there_and_holds_an_identity_as_age_reads_it(
    js: Node, made: dict[str, Any]
) -> None:
    opened = js("keyFile", file=made["file"], passphrase=PHRASE)
    plain = age.open_passphrase(unb64(made["file"]), Secret(PHRASE.encode()))
    (identity,) = parse_identities(Secret(plain))

    assert opened["identity"] == made["secret"]["identity"]
    assert opened["seed"] == made["secret"]["seed"]
    assert opened["pinned"]["pinnedOn"] == TODAY
    assert opened["steps"] > 5
    assert opened["last"] == 1
    sealed = age.seal(b"to the agency", [AgencyKey.read(made["enrolment"].encode()).recipient])
    assert age.open_(sealed, [identity]) == b"to the agency"


@pytest.mark.parametrize("how", ["another passphrase", "changed", "cut", "no age file", "another age file"])
def test_a_key_file_that_does_not_open_says_whether_the_passphrase_or_the_file_is_wrong(
    js: Node, made: dict[str, Any], how: str
) -> None:
    file = unb64(made["file"])
    damaged = {
        "another passphrase": file,
        "changed": file[:-1] + bytes([file[-1] ^ 1]),
        "cut": file[:-20],
        "no age file": b"no age file",
        "another age file": age.seal_passphrase(b"AGE-SECRET", Secret(PHRASE.encode()), log_n=4),
    }[how]

    with pytest.raises(RefusedError) as caught:
        js("keyFile", file=b64(damaged), passphrase="abandon" if how == "another passphrase" else PHRASE)

    expected = {"another passphrase": "PassphraseError", "another age file": "AgencyFileError"}
    assert caught.value.name == expected.get(how, "AgeError")


def test_what_it_signs_and_seals_the_unit_reads(js: Node, made: dict[str, Any]) -> None:
    key, release = AgencyKey.read(made["enrolment"].encode()).acknowledge, BODY["release"]
    usefulness = dict.fromkeys(AXES, 3)
    said = Feedback.from_body(
        {
            "stage": "outcome",
            "code": "rescue",
            "text": "Ça va. Zwölf \U0001f43e\nlines",
            "month": "2026-11",
            "tell_source": True,
            "usefulness": usefulness,
        }
    )

    signed = js("acknowledge", secret=made["secret"], release=release, zip="ab" * 32, today=TODAY)
    answered = js(
        "tell",
        type=SealedAnswer.TYPE,
        secret=made["secret"],
        release=release,
        said=said.to_body(),
        desk=str(DESK.recipient),
        today=TODAY,
    )

    acknowledged = Acknowledged.read(typed_statement(signed), key)
    assert (str(acknowledged.release), acknowledged.zip_sha256.hex()) == (release, "ab" * 32)
    sealed = SealedAnswer.read(typed_statement(answered), key)
    assert sealed.open(DESK) == said
    assert str(sealed.release) == release


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (SealedDestruction, Destruction(Fate.EXCEPTED, date(2026, 11, 26), "One in the court file, by order: été.")),
        (SealedBreach, Breach(Loss.SENT, datetime(2026, 11, 26, 9, 30, tzinfo=UTC), "To the wrong address.")),
    ],
)
def test_what_it_tells_of_its_copies_the_unit_reads(
    js: Node, made: dict[str, Any], kind: type[SealedDestruction] | type[SealedBreach], said: Destruction | Breach
) -> None:
    key, release, desk = AgencyKey.read(made["enrolment"].encode()).acknowledge, BODY["release"], str(DESK.recipient)

    told = js(
        "tell", type=kind.TYPE, secret=made["secret"], release=release, said=said.to_body(), desk=desk, today=TODAY
    )

    assert kind.read(typed_statement(told), key).open(DESK) == said


def test_material_that_it_signs_and_seals_is_read_by_the_unit_under_the_enrolled_key(
    js: Node, made: dict[str, Any]
) -> None:
    read = read_key(made["enrolment"])
    coast = Agency(
        "coast", "Zoll", read.channel, read.key, read.fingerprint, date(2026, 11, 26), acknowledge=read.acknowledge
    )
    written = {
        "reference": "Z 114",
        "text": "Zwölf Fässer \U0001f43e\nam Kai",
        "grade": ["europol", "B", "3"],
        "passOn": "may",
        "agencies": ["river-parks"],
        "classes": ["customs"],
        "purposes": ["seizure"],
        "deleteBy": "2027-06-30",
        "marking": "AMBER",
        "handling": "C A2 S2",
        "conditions": ["Name no officer of ours."],
        "answers": "0a1b2c3d",
    }

    made_there = js(
        "sealMaterial", secret=made["secret"], written=written, unit="unit", desk=str(DESK.recipient), today=TODAY
    )

    sealed = material.sealed_file(made_there["text"])
    opened = material.open_(sealed, DESK)
    said = Material.read(opened.document, data.schemes())
    assert opened.holds(coast)
    assert opened.document == said.encode()
    assert (said.sender, said.unit, said.text) == (coast.fingerprint, "unit", written["text"])
    assert said.conditions == replace(
        CONDITIONS, purposes=frozenset({Purpose.SEIZURE}), lines=("Name no officer of ours.",)
    )
    assert made_there["mark"] == sha256(sealed).hex()[:8]
    assert said.id.version == 4


def test_material_that_is_longer_than_a_file_may_be_is_not_sealed(js: Node, made: dict[str, Any]) -> None:
    empty = {
        "passOn": "ask",
        "agencies": [],
        "classes": [],
        "conditions": [],
        "reference": "Z",
        "text": "\u6d77" * 22_000,
    }
    written = empty | dict.fromkeys(("grade", "purposes", "deleteBy", "marking", "handling", "answers"))

    sealed = js("sealMaterial", secret=made["secret"], written=written, unit="u", desk=str(DESK.recipient), today=TODAY)

    assert sealed is None


def test_its_form_offers_every_code_that_the_unit_reads_on_material(js: Node) -> None:
    offered = js("codes")

    schemes = [
        {
            "name": one.name,
            "source": [[c.code, c.label] for c in one.source],
            "information": [[c.code, c.label] for c in one.information],
        }
        for one in data.schemes().values()
    ]
    assert offered["schemes"] == schemes
    assert offered["purposes"] == [[one.value, label] for one, label in PURPOSE_LABELS.items()]
    assert offered["classes"] == [[one.value, label] for one, label in CLASS_LABELS.items()]
    assert offered["markings"] == [[one.value, label] for one, label in TLP_LABELS.items()]
    labels = {one.code: one.label for one in data.scheme().markings}
    for code, label in offered["handling"]:
        assert str(Handling.of(*code.split(" "))) == code
        assert label == "; ".join(labels[part] for part in (code.split(" ")[1:] or [code]))
    assert len(offered["handling"]) == 1 + len(Action) * len(Sanitisation)
    assert offered["longest"] == material.TEXT_MAX


def test_its_form_offers_what_the_portal_offers(js: Node) -> None:
    offered = js("answers")

    stages = [[(f"{s['stage']}/{code}", label) for code, label in s["codes"]] for s in offered["stages"]]
    assert stages == [[(choice.value, choice.label) for choice in stage.codes] for stage in views.STAGES]
    assert [s["label"] for s in offered["stages"]] == [stage.label for stage in views.STAGES]
    assert dict(offered["axes"]) == dict(AXES)
    assert [str(mark) for mark in offered["marks"]] == list(forms.MARKS)
    assert offered["longest"] == forms.TEXT_MAX
    assert dict(offered["fates"]) == {choice.value: choice.label for choice in views.FATES}
    assert dict(offered["losses"]) == {choice.value: choice.label for choice in views.LOSSES}


def test_a_package_key_is_read_in_each_way_in_which_it_is_written(js: Node) -> None:
    line = guide.allowed_signers(SIGNER.public).decode()

    for typed in (SIGNER.public.hex(), SIGNER.public.hex().upper(), line, sshsig.public_line(SIGNER.public, "unit")):
        read = js("publicKey", typed=f" {typed}\n")
        assert read == {"key": SIGNER.public.hex(), "fingerprint": guide.ssh_key(SIGNER.public).fingerprint}
    for wrong in ("", "ssh-ed25519 AAAA", SIGNER.public.hex()[:-1], line.replace("AAAAC3", "AAAAC4")):
        with pytest.raises(RefusedError):
            js("publicKey", typed=wrong)


def test_made_passphrases_are_seven_words_and_none_twice(js: Node) -> None:
    phrases = {js("passphrase") for _ in range(20)}

    assert len(phrases) == 20
    assert {len(phrase.split(" ")) for phrase in phrases} == {7}


@dataclass(frozen=True)
class Arrived:
    """The two files as an officer has them."""

    sealed: bytes
    signature: str


def members(
    page: bytes = b"<p>read",
    report: bytes = b"<p>all",
    attached: Mapping[str, bytes] = MappingProxyType({}),
    **changes: bytes,
) -> dict[str, bytes]:
    """The members of a package whose manifest fits *page*, *report*, *attached*; *changes* are made after it was written."""
    files = {"1-read-first.html": page, REPORT_HTML: report, REPORT_JSON: b"{}", **attached}
    body = {**BODY, "members": hashes(files), "report_sha256": hashes(files)[REPORT_JSON]}
    files[MANIFEST] = canonical(body)
    return {**files, **{name.replace("_", "."): data for name, data in changes.items()}}


def arrived(
    archive: bytes, made: dict[str, Any], *, key: SigningKey = SIGNER, namespace: str = guide.NAMESPACE
) -> Arrived:
    sealed = age.seal(archive, [AgencyKey.read(made["enrolment"].encode()).recipient])
    return Arrived(sealed, sshsig.sign(key, sealed, namespace=namespace))


def opened(js: Node, made: dict[str, Any], one: Arrived) -> Any:
    return js(
        "openPackage",
        sealed=b64(one.sealed),
        signature=one.signature,
        signer=SIGNER.public.hex(),
        identity=made["secret"]["identity"],
    )


def test_a_package_opens_with_its_manifest_and_the_hash_that_the_unit_knows(js: Node, made: dict[str, Any]) -> None:
    archive = pack(members())

    shown = opened(js, made, arrived(archive, made))

    assert shown["sha256"] == sha256(archive).hex()
    assert shown["manifest"]["release"] == BODY["release"]
    assert shown["manifest"]["conditions"] == BODY["conditions"]
    assert shown["manifest"]["deleteBy"] == BODY["delete_by"]
    assert shown["names"] == sorted(members())


ATTACHED = {"attachments/attachment-1.jpg": b"pixels", "attachments/attachment-2.mp4": b"frames"}


def test_attachments_are_opened_with_the_package_and_the_manifest_covers_them(js: Node, made: dict[str, Any]) -> None:
    shown = opened(js, made, arrived(pack(members(attached=ATTACHED)), made))

    assert shown["names"] == sorted(members(attached=ATTACHED))

    swapped = {**members(attached=ATTACHED), "attachments/attachment-2.mp4": b"others"}
    dropped = {
        name: data for name, data in members(attached=ATTACHED).items() if name != "attachments/attachment-1.jpg"
    }
    added = {**members(), **ATTACHED}
    for files, why in ((swapped, "member"), (dropped, "manifest"), (added, "manifest")):
        with pytest.raises(RefusedError) as caught:
            opened(js, made, arrived(pack(files), made))
        assert caught.value.answer["fault"] == why


def _zip_with(extra: str) -> bytes:
    buffer = io.BytesIO(pack(members()))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(extra, b"more")
    return buffer.getvalue()


def _deflated() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(members().items()):
            archive.writestr(name, data)
    return buffer.getvalue()


def _manifest(**changes: object) -> bytes:
    body = {**parse(members()[MANIFEST]), **changes}
    return pack({**members(), MANIFEST: canonical(body)})


def _without(key: str) -> bytes:
    body = parse(members()[MANIFEST])
    del body[key]
    return pack({**members(), MANIFEST: canonical(body)})


BAD_ARCHIVES: dict[str, tuple[Callable[[], bytes], str]] = {
    "a member more": (lambda: _zip_with("run-me.exe"), "zip"),
    "compressed members": (_deflated, "zip"),
    "a byte behind": (lambda: pack(members()) + b"x", "zip"),
    "a byte before": (lambda: b"x" + pack(members()), "zip"),
    "cut": (lambda: pack(members())[:-1], "zip"),
    "nothing": (lambda: b"", "zip"),
    "a changed member": (lambda: pack(members(report_html=b"<p>other")), "member"),
    "a changed first page": (lambda: pack({**members(), "1-read-first.html": b"<p>other"}), "member"),
    "another report": (lambda: pack(members(report_json=b"[]")), "member"),
    "a manifest that is none": (lambda: pack(members(manifest_json=b"{}")), "manifest"),
    "a manifest with a key more": (lambda: _manifest(more=1), "manifest"),
    "a manifest without its conditions": (lambda: _without("conditions"), "manifest"),
    "a day that is none": (lambda: _manifest(delete_by="2026-02-30"), "manifest"),
    "a condition with a line break": (lambda: _manifest(conditions=["a\nb"]), "manifest"),
    "a manifest with spaces": (lambda: pack(members(manifest_json=json.dumps(BODY).encode())), "manifest"),
}


@pytest.mark.parametrize("name", BAD_ARCHIVES)
def test_an_archive_that_is_no_package_is_refused_though_it_is_signed(
    js: Node, made: dict[str, Any], name: str
) -> None:
    make, fault = BAD_ARCHIVES[name]

    with pytest.raises(RefusedError) as caught:
        opened(js, made, arrived(make(), made))

    assert (caught.value.name, caught.value.answer["fault"]) == ("PackageError", fault)


def _changed(one: Arrived, at: int) -> Arrived:
    sealed = bytearray(one.sealed)
    sealed[at] ^= 1
    return replace(one, sealed=bytes(sealed))


BAD_FILES: dict[str, tuple[Callable[[bytes, dict[str, Any]], Arrived], str]] = {
    "signed by somebody else": (lambda a, m: arrived(a, m, key=SigningKey.generate()), "signature-key"),
    "signed for something else": (lambda a, m: arrived(a, m, namespace="file"), "signature-purpose"),
    "changed at the end": (lambda a, m: _changed(arrived(a, m), -1), "signature-changed"),
    "changed in the header": (lambda a, m: _changed(arrived(a, m), 3), "signature-changed"),
    "the signature of another package": (
        lambda a, m: replace(arrived(a, m), signature=arrived(a, m).signature),
        "signature-changed",
    ),
    "no signature": (lambda a, m: replace(arrived(a, m), signature=""), "signature-unreadable"),
    "a signature with a letter more": (
        lambda a, m: replace(arrived(a, m), signature=arrived(a, m).signature + "x"),
        "signature-unreadable",
    ),
    "sealed to another agency": (
        lambda a, _: _signed(age.seal(a, [age.Identity.generate().recipient])),
        "other-recipient",
    ),
    "no age file": (lambda a, _: _signed(a), "damaged"),
}


def _signed(sealed: bytes) -> Arrived:
    return Arrived(sealed, sshsig.sign(SIGNER, sealed, namespace=guide.NAMESPACE))


@pytest.mark.parametrize("name", BAD_FILES)
def test_files_that_are_not_what_the_unit_sent_are_refused_by_their_fault(
    js: Node, made: dict[str, Any], name: str
) -> None:
    make, fault = BAD_FILES[name]

    with pytest.raises(RefusedError) as caught:
        opened(js, made, make(pack(members()), made))

    assert (caught.value.name, caught.value.answer["fault"]) == ("PackageError", fault)


@pytest.mark.parametrize("toml", ['id = "customs-2026"\n', 'title = "na\u00efve \u0928"\r\n'])
def test_an_agreement_that_is_signed_in_the_page_counts_as_one_that_openssh_signed(js: Node, toml: str) -> None:
    signature = js("signAgreement", seed=SIGNER.seed.expose().hex(), toml=toml)

    assert signature == undersigned.sign(SIGNER, toml.encode()).decode()
    assert undersigned.by_unit(toml.encode(), signature.encode(), undersigned.Ours(SIGNER.public, frozenset()))


def noticed(js: Node, made: dict[str, Any], one: Arrived) -> Any:
    given = {"sealed": b64(one.sealed), "signature": one.signature, "signer": SIGNER.public.hex()}
    return js("openNotice", **given, identity=made["secret"]["identity"])


def test_the_list_of_all_that_an_agency_was_sent_opens_to_the_letter(js: Node, made: dict[str, Any]) -> None:
    text = notices.encode(LIST, unit="The unit", names=NAMES)

    notice = noticed(js, made, arrived(text, made, namespace=notices.NAMESPACE))

    assert (notice["words"], notice["body"]) == (text.decode(), LIST.to_body())


def test_a_notice_opens_and_its_answers_count_under_the_agencys_key(js: Node, made: dict[str, Any]) -> None:
    text = notices.encode(NOTICE, unit="The unit", names=NAMES)
    notice = noticed(js, made, arrived(text, made, namespace=notices.NAMESPACE))
    key = AgencyKey.read(made["enrolment"].encode()).acknowledge
    recipient = str(AgencyKey.read(made["enrolment"].encode()).recipient)
    agency = Agency(NOTICE.agency, "Customs", Channel.AGE, recipient, "0" * 64, NOTICE.on, acknowledge=key)

    for expected in notices.answers(NOTICE):
        until = "" if expected.until is None else expected.until.isoformat()
        seed = made["secret"]["seed"]
        pasted = js("consent", seed=seed, notice=notice, answer=expected.answer.value, until=until)

        signed = consents.read(pasted, agency)

        assert signed is not None
        assert signed.token() == expected
    assert notice["words"] == text.decode()


@pytest.mark.parametrize(
    ("text", "namespace", "fault"),
    [
        (notices.encode(NOTICE, unit="The unit", names=NAMES), guide.NAMESPACE, "signature-purpose"),
        (b"Only words.", notices.NAMESPACE, "notice"),
        (b'{"format":"tipline/notice/v1"}', notices.NAMESPACE, "notice"),
        (b"\xff", notices.NAMESPACE, "notice"),
    ],
)
def test_what_the_unit_did_not_sign_as_a_notice_is_none(
    js: Node, made: dict[str, Any], text: bytes, namespace: str, fault: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        noticed(js, made, arrived(text, made, namespace=namespace))

    assert (caught.value.name, caught.value.answer["fault"]) == ("PackageError", fault)


def test_a_package_that_rests_on_consents_opens_and_a_list_of_none_is_no_manifest(
    js: Node, made: dict[str, Any]
) -> None:
    files = members()
    body = parse(files[MANIFEST])
    named = files | {MANIFEST: canonical({**body, "consents": ["0" * 64]})}

    assert opened(js, made, arrived(pack(named), made))["manifest"]["release"] == BODY["release"]
    with pytest.raises(RefusedError):
        opened(js, made, arrived(pack(files | {MANIFEST: canonical({**body, "consents": []})}), made))

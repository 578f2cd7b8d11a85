"""`tipline sign`: what is asked is shown whole and checked before anybody is asked, and the keys never leave their file."""

import base64
import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from crypto import age
from crypto.canonical import canonical, parse
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling.emergencies import TOLD as TOLD_TYPE
from handling.emergencies import Papers
from handling.rules import attachments, member_words
from handling.rules.package import MANIFEST, READ_FIRST, REPORT_HTML, REPORT_JSON, hashes, pack, unpack
from handling.rules.release import Kind
from handling.rules.risk import Assessment, Axis, Judged, Level
from handling.rules.sharing import STATEMENT
from handling.signing import Handed, OutsideCard, SigningKeys, SigningRequest
from handling.undersigned import Ours, by_unit
from tests.handling.guard.test_emergency import NOW, TOLD
from tests.handling.guard.world import a_report, attach, facts_of
from tests.handling.rules.samples import TOML
from tests.handling.rules.test_attachments import JPEG
from tests.handling.rules.test_manifest import BODY
from tests.tipline.cli.test_seal import on_terminal
from tipline.cli import signwords
from tipline.cli.signwords import NotSignableError

pytestmark = pytest.mark.filterwarnings("ignore:.*use of forkpty.*:DeprecationWarning")
TIPLINE = (sys.executable, "-m", "tipline.cli.main", "sign")
WORDS = "abandon ability able about above absent absorb"
HTML = b'<!doctype html><html lang="en"><head><title>R</title></head><body><main><p>%s</p></main></body></html>'


PICTURE = attachments.listed([(attachments.Kind.JPEG, JPEG)])[0][0]


def a_request(edit: Callable[[dict[str, Any]], None] = lambda _: None, **files: bytes) -> SigningRequest:
    """A request to sign a release that holds together; *edit* changes its manifest, *files* what is packed beside it."""
    return _packed({}, edit, files)


def _packed(more: dict[str, bytes], edit: Callable[[dict[str, Any]], None], files: dict[str, bytes]) -> SigningRequest:
    members = {
        READ_FIRST: HTML % b"Read this first.",
        REPORT_HTML: HTML % b"Tusks.",
        REPORT_JSON: canonical(a_report()),
        **more,
    }
    manifest = {**BODY, "members": hashes(members), "report_sha256": hashes(members)[REPORT_JSON]}
    packed = {**members, MANIFEST: canonical(manifest), **files}
    edit(manifest)
    body = {
        "manifest": manifest,
        "review_sha256": "a" * 64,
        "deconfliction_sha256": "d" * 64,
        "members_sha256": "b" * 64,
        "immunity_claimed": False,
    }
    shown = {"zip": base64.b64encode(pack(packed)).decode()}
    return SigningRequest(Kind.MANIFEST, UUID(BODY["release"]), "unit", "ruth", body, shown)


def test_what_an_outside_second_makes_reads_and_signs_is_theirs_alone(tmp_path: Path) -> None:
    """One walk at a real terminal: keys and card, a look for a program, a no, and a yes."""
    made = on_terminal(
        (*TIPLINE, "key", "ruth:Ruth Okello, Lake Unit", "-o", str(tmp_path)),
        [("generated one): ", WORDS), ("again: ", WORDS)],
    )
    card = OutsideCard.read((tmp_path / "ruth.card").read_bytes().strip())
    key, file, out = tmp_path / "ruth.key.age", tmp_path / "request.age", tmp_path / "signature"
    request = a_request()
    file.write_bytes(request.seal(age.Recipient.parse(card.release)))
    command = (*TIPLINE, "request", str(file), "--key", str(key))

    as_json = on_terminal((*command, "--json"), [("key file: ", WORDS.upper())])
    left = on_terminal((*command, "-o", str(out)), [("key file: ", WORDS), ("leave it: ", "y")])
    assert not out.exists()
    signed = on_terminal((*command, "-o", str(out)), [("key file: ", WORDS), ("leave it: ", "yes")])

    told = Statement.make(TOLD_TYPE, TOLD.body(UUID(int=9), "amina", NOW, ["amina"]), SigningKey.generate())
    file.write_bytes(age.seal(Papers(told).encode(), [age.Recipient.parse(card.release)]))
    read = on_terminal((*TIPLINE, "read", str(file), "--key", str(key)), [("key file: ", WORDS)])
    assert read[0] == 0
    assert f"The words: {TOLD.words}" in read[1]
    assert "No signature on this was verified" in read[1]

    sharing = canonical({"format": STATEMENT, "two_keys": ["amina"]})
    file.write_bytes(age.seal(sharing, [age.Recipient.parse(card.release)]))
    read = on_terminal((*TIPLINE, "read", str(file), "--key", str(key)), [("key file: ", WORDS)])
    assert (read[0], '"two_keys"' in read[1]) == (0, True)

    assert made[0] == 0
    assert member_words.groups(member_words.person(card.entry().body())) in made[1]
    assert key.stat().st_mode & 0o777 == 0o600
    assert b"AGE-SECRET-KEY" not in key.read_bytes() + (tmp_path / "ruth.card").read_bytes()
    found = json.loads(as_json[1][as_json[1].index("{") :])
    assert (as_json[0], found["body"]["manifest"]["agency"]) == (0, BODY["agency"])
    assert left[0] == 1
    assert "nothing was signed" in left[1]
    assert signed[0] == 0
    for words in ("To the agency", BODY["agency"], *BODY["conditions"], "Tusks.", "report.json, SHA-256"):
        assert words in signed[1]
    assert Handed.read(out.read_text()).is_over(request.body, bytes.fromhex(card.signing))


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (a_request(**{REPORT_HTML: HTML % b"Other words."}), "SHA-256"),
        (a_request(lambda it: it.update(delete_by="2099-01-01")), "not the manifest to be signed"),
        (a_request(lambda it: it.pop("conditions")), "agreed format"),
        (replace(a_request(), subject=UUID(int=7)), "another release"),
        (a_request(**{REPORT_HTML: HTML % b"<script>x</script>"}), "must not leave"),
        (replace(a_request(), shown={"zip": "UEs="}), "not built as agreed"),
        (replace(a_request(), shown={}), "agreed format"),
        (replace(a_request(), body=a_request().body | {"more": 1}), "agreed format"),
    ],
    ids=["file", "manifest", "field", "release", "script", "package", "nothing", "more"],
)
def test_a_release_that_does_not_hold_together_is_not_shown_as_something_to_sign(
    request_: SigningRequest, why: str
) -> None:
    with pytest.raises(NotSignableError) as error:
        signwords.shown(request_)

    assert why in " ".join(error.value.reasons)


def test_a_claim_of_immunity_is_said_beside_what_signing_says() -> None:
    plain = a_request()
    claimed = replace(plain, body=plain.body | {"immunity_claimed": True})

    assert "claimed. Signing says that it leaves all the same" in signwords.as_text(signwords.shown(claimed))
    assert "not claimed" in signwords.as_text(signwords.shown(plain))


def a_review(*copies: bytes, **changes: Any) -> SigningRequest:
    report = a_report()
    named = attachments.listed([(attachments.Kind.JPEG, one) for one in copies])
    attach(report, [(attachments.Kind.JPEG, one) for one in copies])
    body = {
        "report_sha256": report_sha256(report),
        "urn": report["urn"],
        "facts": facts_of(report),
        "agencies": ["harbour-customs"],
        "author": "amina",
        "residue_kept": 1,
        "risk_sha256": None,
        "day": "2026-11-26",
        **changes,
    }
    shown: dict[str, Any] = {"report": report}
    if named:
        shown["attachments"] = {one.name: base64.b64encode(copy).decode() for one, copy in named}
    return SigningRequest(Kind.REVIEW, UUID(report["urn"]), "unit", "ruth", body, shown)


def report_sha256(report: dict[str, Any]) -> str:
    return hashes({"report": canonical(report)})["report"]


def test_a_review_is_shown_with_its_facts_and_only_over_the_report_that_it_names() -> None:
    text = signwords.as_text(signwords.shown(a_review()))

    assert "1. Worked ivory lies under furniture." in text
    assert re.search(r"May go to +harbour-customs", text)
    assert re.search(r"Risk of sharing +Not assessed", text)
    assert re.search(r"Risk assessment +None", text)
    for wrong in (a_review(report_sha256="0" * 64), a_review(agencies=["river-parks"])):
        with pytest.raises(NotSignableError):
            signwords.shown(wrong)


def test_what_nothing_explains_in_a_finished_page_is_said_before_it_is_signed() -> None:
    plain, written = a_request(), _packed({REPORT_HTML: HTML % b"Ask +254 722 494 131."}, lambda _: None, {})

    assert "Could lead back to a source" not in signwords.as_text(signwords.shown(plain))
    text = signwords.as_text(signwords.shown(written))
    assert "Nothing that you are shown explains this" in text
    assert "+254 722 494 131" in text


def test_a_risk_assessment_is_read_in_words_and_only_if_it_is_the_one_that_is_signed() -> None:
    judged = Assessment({axis: Judged(Level.HIGH, f"On {axis.value}.") for axis in Axis})
    digest = hashes({"risk": canonical(judged.to_body())})["risk"]
    review = a_review(risk_sha256=digest)

    whole = replace(review, shown=review.shown | {"risk": judged.to_body()})

    assert "High. On operation." in signwords.as_text(signwords.shown(whole))
    assert "Its words stay inside" in signwords.as_text(signwords.shown(review))
    with pytest.raises(NotSignableError):
        signwords.shown(replace(whole, body=dict(whole.body) | {"risk_sha256": "0" * 64}))


@pytest.mark.parametrize(
    ("fact", "other"),
    [
        ("suspected_false", True),
        ("marking", "RED"),
        ("data", ["contact"]),
        ("named_persons", True),
        ("special_categories", ["health"]),
        ("minors", True),
        ("removable", ["data"]),
        ("about", ["KE"]),
        ("originators", ["river-parks"]),
        ("approvals", ["river-parks"]),
        ("threat_to_life", True),
        ("risk", "assessed"),
        ("immunity", True),
    ],
)
def test_two_reviews_that_decide_something_else_never_read_the_same(fact: str, other: object) -> None:
    plain = a_review()
    changed = a_review(facts=dict(plain.body["facts"]) | {fact: other})
    assert changed.body != plain.body

    assert signwords.as_text(signwords.shown(changed)) != signwords.as_text(signwords.shown(plain))


def test_a_review_without_the_copies_that_its_report_lists_is_not_shown_as_something_to_sign() -> None:
    whole = a_review(JPEG)
    other = base64.b64encode(JPEG + b"x").decode()

    assert signwords.shown(whole).files[PICTURE.member] == JPEG
    for copies in ({}, {PICTURE.name: other}, {"../x": other}):
        with pytest.raises(NotSignableError, match="hold together"):
            signwords.shown(replace(whole, shown=whole.shown | {"attachments": copies}))


def test_attachments_are_written_out_to_be_looked_at_or_nothing_is_signed(tmp_path: Path) -> None:
    keys = SigningKeys("ruth", age.Identity.generate(), SigningKey.generate())
    key, file, folder = tmp_path / "ruth.key.age", tmp_path / "request.age", tmp_path / "look"
    key.write_bytes(keys.seal(Secret(WORDS.encode()), log_n=4))
    command = (*TIPLINE, "request", str(file), "--key", str(key))
    release = _packed({PICTURE.member: JPEG}, lambda _: None, {})

    file.write_bytes(a_review(JPEG).seal(keys.identity.recipient))
    blind = on_terminal(command, [("key file: ", WORDS)])
    review = on_terminal((*command, "--documents", str(folder)), [("key file: ", WORDS), ("leave it: ", "yes")])
    again = on_terminal((*command, "--documents", str(folder)), [("key file: ", WORDS)])
    file.write_bytes(release.seal(keys.identity.recipient))
    blind_too = on_terminal(command, [("key file: ", WORDS)])
    packed = on_terminal((*command, "--documents", str(tmp_path / "b")), [("key file: ", WORDS), ("leave it: ", "no")])

    assert [blind[0], review[0], again[0], blind_too[0], packed[0]] == [2, 0, 2, 2, 1]
    assert "--documents" in blind[1]
    assert "--documents" in blind_too[1]
    assert (folder / PICTURE.member).read_bytes() == JPEG
    assert (folder / PICTURE.member).stat().st_mode & 0o777 == 0o600
    assert {
        str(path.relative_to(tmp_path / "b")): path.read_bytes() for path in (tmp_path / "b").rglob("*.*")
    } == _files(release)


def test_a_phrase_is_shown_as_the_sentence_that_its_code_stands_for() -> None:
    subject = UUID(int=5)
    body = {"outcome": str(subject), "phrase": "helped"}
    request = SigningRequest(Kind.PHRASE, subject, "unit", "ruth", body, {"text": "It helped."})

    assert "It helped." in signwords.as_text(signwords.shown(request))
    for wrong in (
        replace(request, shown={"text": "You will get money."}),
        replace(request, body=body | {"phrase": "money"}),
        replace(request, subject=UUID(int=6)),
    ):
        with pytest.raises(NotSignableError):
            signwords.shown(wrong)


def test_what_cannot_be_seen_is_written_out() -> None:
    hidden = a_request()
    manifest = parse(canonical(hidden.body["manifest"])) | {"conditions": ["Keep it\u202eapart."]}
    members = {MANIFEST: canonical(manifest)}
    archive = pack({**_files(hidden), **members})
    request = replace(
        hidden, body=dict(hidden.body) | {"manifest": manifest}, shown={"zip": base64.b64encode(archive).decode()}
    )

    assert "Keep it[U+202E]apart." in signwords.as_text(signwords.shown(request))


def _files(request: SigningRequest) -> dict[str, bytes]:
    return dict(unpack(base64.b64decode(request.shown["zip"])))


def test_a_request_for_somebody_else_does_not_open() -> None:
    keys = SigningKeys("ruth", age.Identity.generate(), SigningKey.generate())
    sealed = a_request().seal(age.Identity.generate().recipient)

    with pytest.raises(Exception, match="sealed to you"):
        SigningRequest.open(sealed, keys)


def test_an_agreement_is_shown_whole_and_signed_on_a_members_own_machine(tmp_path: Path) -> None:
    keys = SigningKeys("ben", age.Identity.generate(), SigningKey.generate())
    key, file = tmp_path / "ben.key.age", tmp_path / "a.toml"
    key.write_bytes(keys.seal(Secret(WORDS.encode()), log_n=4))
    file.write_text(TOML)
    command = (*TIPLINE, "agreement", str(file), "--key", str(key))

    left = on_terminal(command, [("key file: ", WORDS), ("leave it: ", "no")])
    assert not (tmp_path / "a.toml.ben.sig").exists()
    signed = on_terminal(command, [("key file: ", WORDS), ("leave it: ", "yes")])
    file.write_text("a = 1")
    none = on_terminal(command, [])

    assert (left[0], signed[0], none[0]) == (1, 0, 2)
    assert "Days it may be kept: 365" in signed[1]
    ours = Ours(SigningKey.generate().public, frozenset({keys.signing.public, SigningKey.generate().public}))
    signature = (tmp_path / "a.toml.ben.sig").read_bytes()
    assert not by_unit(TOML.encode(), signature, ours)  # one of two
    assert by_unit(TOML.encode(), signature, replace(ours, root=keys.signing.public))

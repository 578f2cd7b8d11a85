"""What an agency's officer writes away from here and hands in. Where a signature stands in front of the parser, the target makes it."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from crypto import sshsig
from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.errors import CanonicalError, SignatureError
from crypto.statement import Statement
from handling import consents
from handling.agencyfiles import SEALED, Acknowledged, AgencyFileError, AgencyKey, SealedAnswer, UnitKeys
from handling.consents import SignedAnswer
from handling.desk.feedback import AnswerFormatError, parse_answer, receive
from handling.desk.received import HandedIn
from handling.exchange import forms, handed
from handling.exchange.handed import NotTakenError
from handling.material import SEALED_MAX, MaterialError, Signed, seal, sealed_file
from handling.notices import CONSENT
from handling.rules.consent import ConsentError, Token
from handling.rules.copies import Breach, CopiesError, Destruction, Fate, Loss
from handling.rules.feedback import FeedbackError
from handling.store.agencies import AgencyKeyError, read_key
from tests.fuzz.target import Target, both, these
from tests.handling.rules.samples import TODAY
from tests.handling.rules.test_consent import NO, YES
from tests.handling.test_agencyfiles import DAY, DESK, ENROLLED, IDENTITY, KEY, RELEASE, SAID
from tests.handling.test_consents import AGENCY, pasted, signed
from tipline.base.forms import FormError

ENROLLED_AGENCY = replace(AGENCY, acknowledge=KEY.public, signing=None)
TOLD = {
    "feedback": SAID,
    "destruction": Destruction(Fate.EXCEPTED, DAY, "The court keeps one."),
    "breach": Breach(Loss.LOST, datetime(2026, 11, 26, 18, 5, tzinfo=UTC), "A bag was stolen."),
}


def text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def right(data: bytes) -> Statement:
    """The statement with a signature that fits, so that what stands behind the signature is reached."""
    value = parse(data)
    if not isinstance(value, dict) or not isinstance(value.get("type"), str) or not isinstance(value.get("body"), dict):
        raise CanonicalError
    try:
        return Statement.make(value["type"], value["body"], KEY)
    except ValueError:  # such a type has no statement
        raise CanonicalError from None


def enrolment(data: bytes) -> None:
    """As the file comes, and as it would come signed. A key of OpenPGP is left to GnuPG, which takes too long here."""
    if b"BEGIN PGP" not in data:
        with suppress(AgencyKeyError):
            read_key(text(data))
    read = AgencyKey.read(right(data).encode())
    assert AgencyKey.read(read.sign(KEY)) == read


def unit_keys(data: bytes) -> None:
    assert UnitKeys.parse(data).encode() == data


def handed_in(data: bytes) -> None:
    """What is pasted into the portal, and the same under the key that the agency enrolled."""
    with suppress(NotTakenError):
        handed.read(text(data), ENROLLED_AGENCY)
    statement = right(data)
    assert handed.read(text(statement.encode()), ENROLLED_AGENCY).statement == statement


def told(data: bytes) -> None:
    """What stands inside a seal that anybody can make, as the desk reads it."""
    said = parse(data)
    if not isinstance(said, dict):
        raise CanonicalError
    for kind, sealed in SEALED.items():
        with suppress(FeedbackError, CopiesError):
            read = sealed._told(said)
            assert sealed._told(read.to_body()) == read
        content = {**said, "release": str(RELEASE), "day": "2026-11-26", "heard": "2026-11-26T18:05Z"}
        with suppress(AnswerFormatError):
            assert parse_answer(kind, content)


def received(data: bytes) -> None:
    """What the exchange hands to the desk, a statement of the agency's in it or not."""
    value = parse(data)
    for kind in ("acknowledgement", *SEALED):
        with suppress(AnswerFormatError):
            receive(kind, value, DESK)
    with suppress(MaterialError):
        HandedIn.read(value)


def consent(data: bytes) -> None:
    """An answer as it is pasted, the same with a signature that fits, and as it stands in another document."""
    with suppress(ConsentError):
        consents.read(text(data), AGENCY)
    line = data.partition(b"-----")[0].strip()
    with suppress(ConsentError, CanonicalError):
        asked = SignedAnswer.from_body(parse(line))
        assert SignedAnswer.from_body(asked.to_body()) == asked
    armour = sshsig.sign(KEY, line, namespace=CONSENT)
    read = consents.read(text(line) + armour, AGENCY)
    if read is not None:
        assert Token.from_body(read.token().to_body()) == read.token()


def ssh_signature(data: bytes) -> None:
    """No bytes are a signature over something else than what was signed."""
    armoured = text(data)
    with suppress(SignatureError):
        assert sshsig.public_line(sshsig.public_key(armoured), "") in armoured
    assert sshsig.verify(armoured, b"what was signed", namespace="a") == KEY.public


def material_handed_in(data: bytes) -> None:
    assert len(sealed_file(text(data))) <= SEALED_MAX


def form(data: bytes) -> None:
    """Every form of the portal, as an officer's browser or somebody else's program sends it."""
    value = json.loads(data)
    if isinstance(value, dict) and all(isinstance(entry, str) for entry in value.values()):
        for read in (
            lambda: forms.parse_answer(value, TODAY),
            lambda: forms.parse_copies(value, TODAY),
            lambda: forms.parse_breach(value, datetime(2026, 11, 26, 18, tzinfo=UTC)),
        ):
            with suppress(FormError):
                typed, said = read()
                assert typed.wrong or said is not None
    forms.parse_sha256(text(data))


def written(type_: str, body: object) -> bytes:
    return canonical({"type": type_, "body": body})


ACKNOWLEDGED = Acknowledged(RELEASE, sha256(b"zip"), DAY)
SEALED_ANSWER = SealedAnswer.seal(RELEASE, SAID, DESK.recipient, DAY)
JSON = these(b"{}", b"[]", b"null", b'{"a":[]}', b"\xed\xa0\x80")
NONCE = "0" * 64
ANSWER = {"form": NONCE, "code": "arrest", "tell_source": "yes", "month": "2026-11", "text": "ok"}
COPIES = {"form": NONCE, "fate": "excepted", "done_on": "2026-11-20", "copies_text": "One stays with the court."}
BREACH = {
    "form": NONCE,
    "loss": "lost",
    "noticed_day": "2026-11-20",
    "noticed_time": "09:30",
    "breach_text": "A bag was stolen.",
}
MATERIAL_SIGNED = Signed(b"{}", b"-----BEGIN SSH SIGNATURE-----")
STATEMENTS = (ENROLLED.sign(KEY), ACKNOWLEDGED.sign(KEY), SEALED_ANSWER.sign(KEY))
TARGETS = {
    "agency-enrolment": Target(
        enrolment,
        (AgencyFileError, CanonicalError),
        both(JSON, these(*STATEMENTS, str(IDENTITY.recipient).encode())),
        most=8192,
    ),
    "unit-keys": Target(
        unit_keys,
        (AgencyFileError,),
        both(JSON, these(UnitKeys("unit", "Unit", KEY.public, DESK.recipient).encode())),
    ),
    "agency-handed": Target(
        handed_in,
        (NotTakenError, CanonicalError),
        both(JSON, these(*STATEMENTS, *(written(one.TYPE, {"release": str(RELEASE)}) for one in SEALED.values()))),
        most=8192,
    ),
    "agency-told": Target(
        told, (CanonicalError,), both(JSON, lambda: (canonical(one.to_body()) for one in TOLD.values()))
    ),
    "agency-received": Target(
        received,
        (CanonicalError,),
        both(
            JSON,
            these(
                canonical({"release": str(RELEASE), "zip_sha256": "00" * 32, "day": "2026-11-23"}),
                canonical(
                    {
                        "release": str(RELEASE),
                        "day": "2026-11-26",
                        "statement": Statement.parse(SEALED_ANSWER.sign(KEY)).to_json(),
                    }
                ),
                canonical({"agency": "coast", "file": "AAAA", "day": "2026-11-26"}),
            ),
        ),
        most=8192,
    ),
    "consent": Target(
        consent,
        (ConsentError,),
        both(
            JSON,
            lambda: (pasted(signed(token, end)).encode() for token in (YES, NO) for end in ("", "\n")),
            these(canonical(signed(YES).to_body())),
        ),
    ),
    "ssh-signature": Target(
        ssh_signature,
        (SignatureError,),
        these(
            sshsig.sign(KEY, b"what was signed", namespace="a").encode(),
            sshsig.sign(KEY, b"something else", namespace="a").encode(),
            sshsig.public_line(KEY.public, "").encode(),
        ),
        most=1024,
    ),
    "material-file": Target(
        material_handed_in,
        (MaterialError,),
        these(seal(MATERIAL_SIGNED, DESK.recipient).encode(), b"", b"-----BEGIN AGE"),
        most=8192,
    ),
    "agency-form": Target(
        form,
        (ValueError,),
        lambda: (json.dumps(one).encode() for one in (ANSWER, COPIES, BREACH)),
        most=1024,
    ),
}

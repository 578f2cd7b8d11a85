"""What an agency writes away from here: read exactly, under the one key that it should be signed with."""

import hashlib
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from crypto import age
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling.agencyfiles import (
    Acknowledged,
    AgencyFileError,
    AgencyKey,
    Fault,
    SealedAnswer,
    UnitKeys,
    fingerprint,
    signing_fingerprint,
    typed_statement,
)
from handling.rules.feedback import Feedback, Usefulness

DAY = date(2026, 11, 26)
RELEASE = UUID("11111111-1111-4111-8111-111111111111")
KEY = SigningKey.from_seed(Secret(b"k" * 32))
OTHER = SigningKey.from_seed(Secret(b"o" * 32))
IDENTITY = age.Identity.from_seed(Secret(b"i" * 32))
DESK = age.Identity.from_seed(Secret(b"d" * 32))
ENROLLED = AgencyKey("Harbour Customs Service", IDENTITY.recipient, KEY.public, DAY)
SAID = Feedback(
    "actioned",
    "operation",
    "Two trucks. Ça va \U0001f43e",
    "2026-11",
    tell_source=True,
    usefulness=Usefulness(4, 5, 3, 2, 1),
)


def fault(read: Any, *words: Any) -> Fault:
    with pytest.raises(AgencyFileError) as caught:
        read(*words)
    return caught.value.fault


def test_an_enrolment_file_comes_back_and_its_fingerprint_covers_both_keys() -> None:
    read = AgencyKey.read(ENROLLED.sign(KEY))

    assert read.fingerprint() == ENROLLED.fingerprint()
    assert replace(ENROLLED, acknowledge=OTHER.public).fingerprint() != ENROLLED.fingerprint()
    assert replace(ENROLLED, recipient=DESK.recipient).fingerprint() != ENROLLED.fingerprint()
    assert replace(ENROLLED, name="Other", made_on=date(2020, 1, 1)).fingerprint() == ENROLLED.fingerprint()
    assert ENROLLED.fingerprint() != IDENTITY.recipient.fingerprint()


def test_the_fingerprint_over_a_recipient_and_an_ssh_key_is_that_of_the_format_and_no_other() -> None:
    text = str(IDENTITY.recipient).encode()

    both = signing_fingerprint(IDENTITY.recipient, OTHER.public)

    assert both == hashlib.sha256(text + bytes(2) + OTHER.public).hexdigest()
    assert both != fingerprint(IDENTITY.recipient, OTHER.public)  # a key that signs agreements acknowledges nothing


def test_an_enrolment_file_counts_only_when_the_key_in_it_has_signed_it() -> None:
    body = dict(Statement.parse(ENROLLED.sign(KEY)).body)

    def signed(key: SigningKey, **changes: object) -> bytes:
        return Statement.make(AgencyKey.TYPE, {**body, **changes}, key).encode()

    assert fault(AgencyKey.read, ENROLLED.sign(OTHER)) is Fault.OTHER_KEY
    assert fault(AgencyKey.read, Statement.make(AgencyKey.TYPE, body).encode()) is Fault.OTHER_KEY
    assert fault(AgencyKey.read, Statement.make(AgencyKey.TYPE, body, KEY, OTHER).encode()) is Fault.OTHER_KEY
    assert fault(AgencyKey.read, Statement.make("tipline/review/v1", body, KEY).encode()) is Fault.OTHER_TYPE
    assert fault(AgencyKey.read, ENROLLED.sign(KEY).replace(b"Harbour", b"Harvest")) is Fault.CHANGED
    for changes in (
        {"name": ""},
        {"name": "two\nlines"},
        {"name": "x" * 201},
        {"recipient": "age1pq1qqqq"},
        {"recipient": str(age.ClassicalIdentity.generate().recipient)},
        {"made_on": "26 November"},
        {"more": 1},
    ):
        assert fault(AgencyKey.read, signed(KEY, **changes)) in {Fault.FORMAT, Fault.UNREADABLE}, changes
    assert fault(AgencyKey.read, b"{}") is Fault.UNREADABLE


def test_an_acknowledgement_and_an_answer_come_back() -> None:
    acknowledged = Acknowledged(RELEASE, b"z" * 32, DAY)
    sealed = SealedAnswer.seal(RELEASE, SAID, DESK.recipient, DAY)

    assert Acknowledged.read(typed_statement(acknowledged.sign(KEY).decode()), KEY.public) == acknowledged
    assert SealedAnswer.read(typed_statement(sealed.sign(KEY).decode()), KEY.public) == sealed
    assert sealed.open(DESK) == SAID


def test_answers_of_one_class_have_one_length() -> None:
    sizes = {
        len(SealedAnswer.seal(RELEASE, replace(SAID, text="x" * length), DESK.recipient, DAY).sign(KEY))
        for length in (0, 1, 500, 3000)
    }

    assert len(sizes) == 1


def test_somebody_elses_answer_signed_as_ones_own_does_not_open() -> None:
    theirs = SealedAnswer.seal(RELEASE, SAID, DESK.recipient, DAY)
    stolen = replace(theirs, release=UUID("22222222-2222-4222-8222-222222222222"))

    assert SealedAnswer.read(typed_statement(stolen.sign(OTHER).decode()), OTHER.public) == stolen
    assert fault(stolen.open, DESK) is Fault.FORMAT
    assert fault(theirs.open, IDENTITY) is Fault.FORMAT


@pytest.mark.parametrize("sealed", ["", "AAAA", "AAA", "A A A", "!", 7])
def test_what_is_no_sealed_answer_is_refused(sealed: object) -> None:
    body = {"release": str(RELEASE), "sealed": sealed, "on": DAY.isoformat()}
    statement = Statement.make(SealedAnswer.TYPE, body, KEY)

    assert fault(SealedAnswer.read, statement, KEY.public) is Fault.FORMAT


def test_the_units_keys_come_back_and_each_is_in_the_fingerprint() -> None:
    keys = UnitKeys("unit", "Practice Unit", KEY.public, DESK.recipient)

    assert UnitKeys.parse(keys.encode()).fingerprint() == keys.fingerprint()
    for other in (
        replace(keys, unit="other"),
        replace(keys, package_signer=OTHER.public),
        replace(keys, desk_intake=IDENTITY.recipient),
    ):
        assert other.fingerprint() != keys.fingerprint()
    assert replace(keys, name="Renamed").fingerprint() == keys.fingerprint()
    for wrong in (b"{}", b"", keys.encode()[:-1], keys.encode().replace(b"unit-keys", b"unit-lock")):
        assert fault(UnitKeys.parse, wrong) is Fault.FORMAT

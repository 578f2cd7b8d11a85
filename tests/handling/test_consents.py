"""An agency's answer is read as it was signed, however it was pasted, and counts under the agency's own key alone."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import age, sshsig
from crypto.canonical import canonical
from crypto.secret import Secret
from crypto.signing import SigningKey
from handling import consents
from handling.consents import SignedAnswer
from handling.notices import CONSENT
from handling.rules.agreements import Channel
from handling.rules.consent import Answer, ConsentError, Token
from handling.store.agencies import Agency
from tests.handling.rules.test_consent import NO, YES

KEY = SigningKey.from_seed(Secret(b"k" * 32))
RECIPIENT = str(age.Identity.from_seed(Secret(b"r" * 32)).recipient)
AGENCY = Agency("harbour-customs", "Customs", Channel.AGE, RECIPIENT, "0" * 64, date(2026, 1, 1), signing=KEY.public)


def signed(token: Token, end: str = "", key: SigningKey = KEY, namespace: str = CONSENT) -> SignedAnswer:
    data = canonical(token.to_body()) + end.encode()
    return SignedAnswer(data, sshsig.sign(key, data, namespace=namespace).encode())


def pasted(answer: SignedAnswer) -> str:
    return answer.data.decode() + answer.signature.decode()


@settings(max_examples=30)
@given(
    st.sampled_from(["", "\n", "\r\n"]),
    st.integers(20, 200),
    st.sampled_from(["", "\n", "\n\n  "]),
    st.sampled_from(["\n", "\r\n", " \n"]),
)
def test_what_an_agency_signed_is_read_however_it_was_pasted(end: str, width: int, gap: str, line_end: str) -> None:
    answer = signed(YES, end)
    line = canonical(YES.to_body()).decode()
    wrapped = line_end.join(line[at : at + width] for at in range(0, len(line), width))
    text = wrapped + gap + line_end.join(answer.signature.decode().split("\n"))

    assert consents.read(text, AGENCY) == answer
    assert answer.token() == YES


@pytest.mark.parametrize(
    "other",
    [
        signed(YES, key=SigningKey.generate()),
        signed(YES, namespace="tipline-agreement"),
        replace(signed(YES), signature=signed(NO).signature),
    ],
    ids=["another key", "made for an agreement", "over another answer"],
)
def test_what_the_agencys_key_did_not_sign_as_a_consent_is_none(other: SignedAnswer) -> None:
    assert consents.read(pasted(other), AGENCY) is None
    assert consents.read(pasted(signed(YES)), replace(AGENCY, signing=None)) is None


@pytest.mark.parametrize(
    "text", ["", "yes", canonical(YES.to_body()).decode(), signed(YES).signature.decode(), "{}-----BEGIN x"]
)
def test_what_is_no_answer_with_a_signature_is_refused(text: str) -> None:
    with pytest.raises(ConsentError):
        consents.read(text, AGENCY)


def test_an_answer_that_does_not_count_takes_what_was_said_before_it_along() -> None:
    yes, no = signed(YES), signed(replace(YES, answer=Answer.THIS_VERSION))

    assert [one.token for one in consents.judged([yes], lambda *_: True)] == [YES]
    assert consents.judged([yes, no], lambda answer, _: answer is yes) == ()
    assert consents.judged([no, yes], lambda answer, _: answer is yes)[0].token == YES
    assert consents.judged([yes, SignedAnswer(b"spoilt", b"")], lambda *_: True) == ()


def test_an_old_yes_that_comes_once_more_behind_a_no_changes_nothing_and_a_second_no_counts() -> None:
    yes, no, newer = signed(YES), signed(NO), signed(replace(YES, until=date(2027, 6, 1)))

    def said(*answers: SignedAnswer) -> list[Token]:
        return [one.token for one in consents.judged(answers, lambda *_: True)]

    assert said(yes, no, yes) == [YES, NO]
    assert said(yes, no, signed(YES, "\n"), signed(YES, "\r\n")) == [YES, NO]
    assert said(yes, no, newer, no)[-1] == NO

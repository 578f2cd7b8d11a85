"""What an agency opens: lines for people, answers ready to be signed, and the notice itself as the last line."""

from dataclasses import replace
from uuid import uuid4

from hypothesis import given

from crypto.canonical import parse
from handling import notices
from handling.rules.consent import Answer, Token
from handling.rules.copies import Fate
from handling.rules.notices import Notice, NoticeKind, Recalled
from handling.rules.recall import Reason
from tests.handling.rules.test_notices import NAMES, NOTICE, requests


@given(requests())
def test_the_last_line_is_the_notice_and_three_lines_are_its_answers(notice: Notice) -> None:
    lines = notices.encode(notice, unit="The unit", names=NAMES).decode().split("\n")

    answers = [Token.from_body(parse(line.encode())) for line in lines if line.startswith('{"answer"')]
    assert Notice.from_body(parse(lines[-2].encode())) == notice
    assert [answer.answer for answer in answers] == list(Answer)[:3]
    assert {answer.request for answer in answers} == {notice.id}
    assert all(answer.asked.to_body() == dict(notice.about) for answer in answers)


def test_a_notice_of_either_kind_weighs_the_same() -> None:
    about = Recalled(uuid4(), Reason.BREACH, Fate.DESTROYED)
    recall = replace(NOTICE, kind=NoticeKind.RECALL, reference=about.release.urn, words="", about=about.to_body())

    weights = {len(notices.encode(one, unit="The unit", names=NAMES)) for one in (NOTICE, recall)}

    assert weights == {4096}


def test_the_words_say_from_whom_it_is_and_that_silence_is_not_consent() -> None:
    text = notices.encode(NOTICE, unit="The unit", names=NAMES).decode()

    assert text.startswith("Request for consent, from The unit\n")
    assert "silence is not consent" in text
    assert "River Parks Authority (river-parks)" in text

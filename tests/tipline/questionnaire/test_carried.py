"""A page with script carries one language, and its answers name the whole questionnaire."""

import pytest

from tipline.questionnaire import current
from tipline.questionnaire.carried import Carried
from tipline.strict import EnvelopeError

WHOLE = current.default()


def test_only_english_is_carried_under_the_hash_of_the_whole() -> None:
    carried = Carried.of(WHOLE)

    assert carried.schema == WHOLE.sha256 != carried.asked.sha256
    assert carried.asked.languages == ("en",)
    assert [one.codes for one in carried.asked.questions] == [one.codes for one in WHOLE.questions]
    assert b'"fr"' not in carried.encode()
    assert b'"fr"' in WHOLE.encode()


def test_what_is_carried_comes_back() -> None:
    carried = Carried.of(WHOLE)

    assert Carried.parse(carried.encode()) == carried


@pytest.mark.parametrize("data", [b"", b"{}", b'{"asked":null,"schema":""}', WHOLE.encode()])
def test_what_is_not_of_the_form_is_refused(data: bytes) -> None:
    with pytest.raises(EnvelopeError):
        Carried.parse(data)

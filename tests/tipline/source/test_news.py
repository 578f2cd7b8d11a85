"""Replies in pages: nothing is lost or torn out of order, and every page tells its news in as many bytes."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from tipline.replies import Shown
from tipline.source import news
from tipline.source.news import NEWS_BYTES

_TEXTS = st.text(st.sampled_from("ab <&é\n\u0635\U0001f418"), max_size=9_000)


@given(st.lists(_TEXTS, max_size=6))
def test_all_replies_stand_on_the_pages_in_their_order_the_newest_first(texts: list[str]) -> None:
    shown = tuple(Shown(number, date(2026, 11, 23), text) for number, text in enumerate(texts, 1))

    pages = news.pages(shown)

    pieces = [piece for page in reversed(pages) for piece in page]
    assert [(piece.number, piece.text) for piece in pieces if piece.begins and piece.ends] == [
        (one.number, one.text) for one in shown if len(list(news._split(one.text))) <= 1
    ]
    for one in shown:
        its = [piece for piece in pieces if piece.number == one.number]
        assert "".join(piece.text for piece in its) == one.text
        assert [piece.begins for piece in its] == [True] + [False] * (len(its) - 1)
        assert [piece.ends for piece in its] == [False] * (len(its) - 1) + [True]
    for page in pages:
        assert sum(news._length(piece.text) + 400 for piece in page) <= NEWS_BYTES - 2 * 1024


@given(_TEXTS)
def test_what_tells_news_has_one_length(text: str) -> None:
    filled = news.filled(text)

    assert len(filled.encode()) % NEWS_BYTES == 0
    assert len(filled.encode()) - len(text.encode()) <= NEWS_BYTES + len("<!---->")
    assert filled.startswith(text)

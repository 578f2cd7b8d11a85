"""What is owed for a package, decided from values alone."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling.exchange.package import Act, Package, PackageId, due, in_words, may_fetch
from handling.rules.agreements import Channel

DAY = date(2026, 11, 23)
PACKAGE = Package(
    id=PackageId(UUID(int=1)),
    channel=Channel.AGE,
    size=1,
    check=bytes(32),
    released_on=DAY,
    acknowledge_by=date(2026, 11, 25),
    feedback_due=date(2026, 12, 7),
    delete_by=date(2027, 2, 21),
    downloaded_on=None,
    acknowledged_on=None,
    answered=False,
)
OPENED = replace(PACKAGE, downloaded_on=DAY)
ACKNOWLEDGED = replace(OPENED, acknowledged_on=DAY)
ANSWERED = replace(ACKNOWLEDGED, answered=True)


@pytest.mark.parametrize(
    ("package", "today", "words"),
    [
        (PACKAGE, DAY, "Open and acknowledge by 25 November 2026"),
        (OPENED, DAY, "Acknowledge by 25 November 2026"),
        (OPENED, date(2026, 11, 25), "Acknowledge by 25 November 2026"),
        (OPENED, date(2026, 11, 26), "Overdue by 1 day: acknowledge (was due on 25 November 2026)"),
        (PACKAGE, date(2026, 11, 28), "Overdue by 3 days: open and acknowledge (was due on 25 November 2026)"),
        (ACKNOWLEDGED, DAY, "Answer by 7 December 2026"),
        (ACKNOWLEDGED, date(2026, 12, 9), "Overdue by 2 days: answer (was due on 7 December 2026)"),
        (ANSWERED, DAY, "Delete every copy by 21 February 2027"),
        (ANSWERED, date(2027, 2, 22), "Delete every copy now: the last day to keep it was 21 February 2027"),
        (OPENED, date(2027, 2, 22), "Delete every copy now: the last day to keep it was 21 February 2027"),
    ],
)
def test_what_to_do_next_is_said_in_words(package: Package, today: date, words: str) -> None:
    assert due(package, today)[0].words == words


def test_nobody_is_asked_to_open_what_is_no_longer_handed_out() -> None:
    acts = [item.act for item in due(PACKAGE, PACKAGE.delete_by + timedelta(days=1))]

    assert acts == [Act.DELETE, Act.ANSWER]


@given(
    st.dates(min_value=date(2026, 1, 1), max_value=date(2028, 1, 1)),
    st.sampled_from([PACKAGE, OPENED, ACKNOWLEDGED, ANSWERED, replace(PACKAGE, answered=True)]),
)
def test_deleting_is_owed_until_the_agency_tells_and_only_past_days_are_late(today: date, package: Package) -> None:
    owed = due(package, today)

    assert [item.act for item in owed].count(Act.DELETE) == 1
    assert all((item.days_late > 0) == (today > item.by) for item in owed)
    assert may_fetch(package, today) == (owed[-1].act is Act.DELETE and not owed[-1].days_late)


@given(st.dates(min_value=date(2026, 1, 1), max_value=date(2028, 1, 1)))
def test_what_is_told_to_be_gone_is_neither_owed_nor_handed_out_until_it_is_recalled_once_more(today: date) -> None:
    gone = replace(ANSWERED, destroyed_on=DAY)
    recalled = replace(gone, recalled_on=DAY + timedelta(days=1))
    at_once = replace(ANSWERED, recalled_on=DAY)

    assert due(gone, today) == ()
    assert [item.act for item in due(recalled, today)] == [Act.RECALLED]
    assert not any(may_fetch(package, today) for package in (gone, recalled, at_once))


@given(st.dates())
def test_a_day_in_words_says_the_day_the_month_and_the_year(day: date) -> None:
    number, month, year = in_words(day).split()

    assert (int(number), int(year)) == (day.day, day.year)
    assert month.isalpha()

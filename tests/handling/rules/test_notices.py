"""A notice says what its kind says, and is read as it was written or not at all."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling.rules import notices
from handling.rules.agreements import Purpose
from handling.rules.consent import Asked
from handling.rules.copies import Fate
from handling.rules.notices import Notice, NoticeError, NoticeKind, Recalled
from handling.rules.recall import ASKED_LABELS, Reason

DAY = date(2026, 11, 23)
URN = "urn:uuid:11111111-1111-4111-8111-111111111111"
ASKED = Asked("harbour-customs", "river-parks", Purpose.INTELLIGENCE, URN, "0" * 64)
NOTICE = Notice(
    id=UUID("22222222-2222-4222-8222-222222222222"),
    kind=NoticeKind.CONSENT_REQUEST,
    agency="harbour-customs",
    reference=URN,
    words="Before the season opens.",
    day=DAY + timedelta(days=10),
    on=DAY,
    about=ASKED.to_body(),
)
NAMES = {"river-parks": "River Parks Authority", "harbour-customs": "Harbour Customs Service"}

_hashes = st.text("0123456789abcdef", min_size=64, max_size=64)
_urns = st.uuids().map(lambda one: f"urn:uuid:{one}")
_ids = st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)
asked = st.builds(
    Asked, _ids, _ids, st.sampled_from(Purpose), _urns, _hashes, st.lists(_hashes, unique=True, max_size=3).map(sorted).map(tuple)
).filter(lambda one: one.originator != one.recipient)  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> Notice:
    about, on = draw(asked), draw(st.dates(max_value=date(9000, 1, 1)))
    words = draw(st.text(st.characters(categories=("L", "N", "P")), max_size=notices.WORDS_MAX))
    day = on + timedelta(days=draw(st.integers(0, 400)))
    return Notice(
        draw(st.uuids()), NoticeKind.CONSENT_REQUEST, about.originator, about.report, words, day, on, about.to_body()
    )


@st.composite
def recalls(draw: st.DrawFn) -> Notice:
    on = draw(st.dates(max_value=date(9000, 1, 1)))
    about = Recalled(draw(st.uuids()), draw(st.sampled_from(Reason)), draw(st.sampled_from(list(ASKED_LABELS))))
    day = on + timedelta(days=draw(st.integers(0, 400)))
    return Notice(draw(st.uuids()), NoticeKind.RECALL, draw(_ids), about.release.urn, "", day, on, about.to_body())


PACKAGE = UUID("33333333-3333-4333-8333-333333333333")
RECALL = replace(
    NOTICE,
    kind=NoticeKind.RECALL,
    reference=PACKAGE.urn,
    words="",
    about=Recalled(PACKAGE, Reason.WRONG, Fate.RETURNED).to_body(),
)


@given(recalls())
def test_every_recall_is_read_as_it_was_written(notice: Notice):
    assert Notice.from_body(notice.to_body()) == notice
    assert notices.recalled(notice).to_body() == dict(notice.about)


def test_a_recall_says_what_is_asked_of_which_package_why_and_by_when_and_nothing_else():
    assert notices.lines(RECALL, NAMES) == (
        ("Reference", PACKAGE.urn),
        ("What we ask", "Give every copy back to us, and tell us"),
        ("Why", "What it says has turned out to be wrong"),
        ("Answer by", "3 December 2026"),
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"words": "Because of the boat."},
        {"about": {**RECALL.about, "reason": "boat"}},
        {"about": {**RECALL.about, "asked": "excepted"}},
        {"about": {**RECALL.about, "release": "3"}},
        {"reference": URN},
        {"about": {**RECALL.about, "more": ""}},
        {"about": dict(NOTICE.about)},
    ],
)
def test_a_recall_of_another_shape_or_with_words_of_its_own_is_none(changed: dict[str, object]):
    with pytest.raises(NoticeError):
        Notice.from_body({**RECALL.to_body(), **changed})


LIST = replace(
    NOTICE,
    kind=NoticeKind.DISSEMINATION_LIST,
    words="",
    about={
        "packages": [
            {
                "release": "33333333-3333-4333-8333-333333333333",
                "on": "2026-11-20",
                "purpose": "seizure",
                "agreement": "customs-2026",
                "version": 2,
                "rules": ["purpose/agreed", "expires/in-force"],
                "zip_sha256": "0" * 64,
                "conditions": "green, onward: never, in court: never",
                "delete_by": "2027-02-20",
                "recalled_on": None,
            }
        ]
    },
)


def test_a_list_says_what_it_is_until_when_each_package_and_that_no_answer_is_owed():
    said = notices.lines(LIST, NAMES)

    assert Notice.from_body(LIST.to_body()) == LIST
    assert said[1] == ("What this is", "All that was released to your agency until 23 November 2026: 1 package")
    assert said[2][0] == "Package 1"
    assert said[2][1].startswith("33333333-3333-4333-8333-333333333333, 20 November 2026; for Seizure")
    assert said[-1] == ("Say what differs by", "3 December 2026")
    assert dict(notices.lines(replace(LIST, about={"packages": []}), NAMES))["What this is"].endswith(": No package")


@pytest.mark.parametrize("changed", [{"words": "And the boat."}, {"about": {}}, {"about": dict(NOTICE.about)}])
def test_a_list_of_another_shape_or_with_words_of_its_own_is_none(changed: dict[str, object]):
    with pytest.raises(NoticeError):
        Notice.from_body({**LIST.to_body(), **changed})


@given(requests())
def test_every_notice_is_read_as_it_was_written(notice: Notice):
    assert Notice.from_body(notice.to_body()) == notice
    assert notices.asked(notice).to_body() == dict(notice.about)


@pytest.mark.parametrize(
    "changed",
    [
        {"format": "tipline/notice/v2"},
        {"id": "2"},
        {"kind": "tip"},
        {"agency": "Harbour Customs"},
        {"reference": "the ivory report"},
        {"words": "two\nlines"},
        {"words": "x" * (notices.WORDS_MAX + 1)},
        {"words": " blank before"},
        {"day": "2026-11-22"},
        {"on": "23 November 2026"},
        {"about": {}},
        {"about": ASKED.to_body() | {"originator": "river-parks"}},
        {"about": ASKED.to_body() | {"title": "Ivory in the harbour"}},
        {"about": ASKED.to_body() | {"purpose": "curiosity"}},
        {"about": ASKED.to_body() | {"material": ["1" * 64, "0" * 64]}},
        {"title": "Ivory in the harbour"},
    ],
)
def test_anything_else_is_no_notice(changed: dict[str, object]):
    with pytest.raises(NoticeError):
        Notice.from_body(NOTICE.to_body() | changed)


def test_a_request_to_another_agency_or_about_another_report_than_it_asks_about_is_none():
    for changed in (replace(NOTICE, agency="coast-guard"), replace(NOTICE, reference=URN.replace("1", "3"))):
        with pytest.raises(NoticeError):
            Notice.from_body(changed.to_body())


def test_the_words_are_who_would_get_it_what_for_and_by_when_and_the_units_own_line():
    said = dict(notices.lines(NOTICE, NAMES))

    assert said["With"] == "River Parks Authority (river-parks)"
    assert said["For this purpose"].startswith("Intelligence")
    assert said["Word from the unit"] == "Before the season opens."
    assert said["Answer by"] == "3 December 2026"
    assert "Word from the unit" not in dict(notices.lines(replace(NOTICE, words=""), NAMES))


@given(requests(), requests())
def test_two_notices_are_about_one_matter_when_agency_recipient_purpose_and_report_are_the_same(
    one: Notice, other: Notice
):
    same = notices.asked(one).subject == notices.asked(other).subject

    assert (notices.subject(one) == notices.subject(other)) is same
    assert notices.subject(replace(one, words="", day=one.on)) == notices.subject(one)

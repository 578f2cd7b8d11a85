"""Outcomes: coded, no finer than a month, and readable on the other side only with the corridor's vault."""

import pytest

from crypto import age
from crypto.canonical import parse
from handling.desk.outcomes import months
from tests.handling.desk.conftest import TODAY, DeskRoom
from tests.journeys.browser import Browser

MONTH = TODAY.strftime("%Y-%m")


@pytest.fixture
async def at_form(room: DeskRoom) -> tuple[Browser, str]:
    """A signed-in analyst at the form of one report, and the form's path."""
    document = await room.reviewed()
    browser = await room.sign_in()
    path = f"/reports/{document['urn'][9:]}/outcome"
    await browser.open(path)
    return browser, path


async def test_an_outcome_is_kept_here_and_told_to_the_corridor_sealed(
    room: DeskRoom, at_form: tuple[Browser, str]
) -> None:
    browser, path = at_form

    page = await browser.submit(path, outcome="outcome/seizure", month=MONTH, tell_source="yes")

    assert "Seizure (Outcome)" in page.text
    assert "The source may be told" in page.text
    (row,) = await room.db.fetch("SELECT id, sealed, state FROM corridor.outcome")
    assert parse(age.open_(row["sealed"], [room.corridor_vault])) == {
        "urn": f"urn:uuid:{path[9:45]}",
        "stage": "outcome",
        "code": "seizure",
        "tell_source": True,
        "month": MONTH,
    }
    assert row["state"] == "received"
    assert await room.db.fetchval("SELECT id FROM desk.outcome") == row["id"]


async def test_the_same_form_sent_twice_is_one_outcome(room: DeskRoom, at_form: tuple[Browser, str]) -> None:
    browser, path = at_form
    form = dict(browser.page.form(path).fields)["form"] if browser.page else ""
    await browser.submit(path, outcome="outcome/arrest", month=MONTH, tell_source="no")

    await browser.submit(path, form=form, outcome="outcome/arrest", month=MONTH, tell_source="no")

    assert await room.db.fetchval("SELECT count(*) FROM desk.outcome") == 1
    assert await room.db.fetchval("SELECT count(*) FROM corridor.outcome") == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"outcome": "outcome/finished"}, "Choose what became of it."),
        ({"outcome": ""}, "Choose what became of it."),
        ({"month": "2026-11-23"}, "Choose the month"),
        ({"month": "2999-01"}, "Choose the month"),
        ({"tell_source": "perhaps"}, "Say whether the source may be told."),
    ],
)
async def test_a_form_that_says_too_little_or_too_much_is_given_back(
    room: DeskRoom, at_form: tuple[Browser, str], change: dict[str, str], words: str
) -> None:
    browser, path = at_form

    page = await browser.submit(
        path, status=400, **{"outcome": "outcome/arrest", "month": MONTH, "tell_source": "no", **change}
    )

    assert words in page.text
    assert await room.db.fetchval("SELECT count(*) FROM corridor.outcome") == 0


def test_the_months_go_back_three_years_and_none_lies_ahead() -> None:
    january = TODAY.replace(year=2026, month=1, day=31)

    assert months(january)[:2] == ("2026-01", "2025-12")
    assert months(january)[-1] == "2023-02"

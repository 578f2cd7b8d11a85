"""Notes about a report: what was written reads back in its order, and no change but the loss of the newest goes unseen."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import columns
from crypto.canonical import canonical
from crypto.secret import Secret
from handling.desk import notes
from handling.desk.notes import DamagedNotesError, Note, Row

KEY, TABLE, REPORT, DAY = Secret(bytes(32)), "desk.deconfliction", UUID(int=1), date(2026, 11, 26)
WRITTEN = [
    Note({"answer": answer}, by, DAY) for answer, by in (("clear", "amina"), ("conflict", "ben"), ("clear", "noor"))
]


def kept(written: list[Note]) -> list[Row]:
    rows: list[Row] = []
    for note in written:
        rows.append(notes.seal(KEY, TABLE, REPORT, note, before=rows))
    return rows


ROWS = kept(WRITTEN)


@given(st.permutations(ROWS))
def test_notes_read_back_in_the_order_in_which_they_were_written(rows: list[Row]) -> None:
    assert list(notes.open_(KEY, TABLE, rows)) == WRITTEN


@pytest.mark.parametrize(
    "rows",
    [
        [replace(ROWS[0], by="ben"), *ROWS[1:]],
        [*ROWS[:2], replace(ROWS[2], on=DAY + timedelta(days=1))],
        ROWS[1:],
        [ROWS[0], ROWS[2]],
        [*ROWS, ROWS[2]],
        [*ROWS[:2], replace(ROWS[2], id=UUID(int=9))],
        [*ROWS[:2], replace(ROWS[2], sealed=ROWS[1].sealed)],
        [ROWS[0], kept(WRITTEN)[1], ROWS[2]],
    ],
    ids=["author", "day", "first gone", "one between gone", "twice", "other row", "other seal", "another past"],
)
def test_what_was_changed_taken_out_or_put_between_is_a_damage_and_nothing_is_written_behind_it(
    rows: list[Row],
) -> None:
    with pytest.raises(DamagedNotesError):
        notes.open_(KEY, TABLE, rows)
    with pytest.raises(DamagedNotesError):
        notes.seal(KEY, TABLE, REPORT, WRITTEN[0], before=rows)


def test_a_note_whose_author_is_not_under_its_seal_is_a_damage() -> None:
    sealed = columns.seal(KEY, canonical({"answer": "clear"}), table=TABLE, column="sealed", row=str(UUID(int=3)))

    with pytest.raises(DamagedNotesError):
        notes.open_(KEY, TABLE, [Row(UUID(int=3), REPORT, "amina", DAY, sealed)])


def test_the_newest_note_can_be_taken_away_unseen() -> None:
    """What SECURITY.md says is not promised."""
    assert list(notes.open_(KEY, TABLE, ROWS[:2])) == WRITTEN[:2]

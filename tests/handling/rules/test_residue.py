"""What could lead back to a source is found where it stands, whatever is done to hide it."""

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling import data
from handling.residue import findings
from handling.rules import marks
from handling.rules.folded import fold
from handling.rules.residue import REASONS, STRUCTURED, Act, Residue
from handling.rules.shared import RUN_LETTERS, RUN_WORDS
from handling.rules.words import week_of

LOOKALIKES = data.lexicon().lookalikes
WORDS = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), min_size=1, max_size=9)
HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=RUN_LETTERS, max_size=40)


def classes(text: str, *originals: str) -> set[Residue]:
    return {one.residue for one in findings(text, originals)}


def texts(text: str, residue: Residue, *originals: str) -> list[str]:
    return [one.text for one in findings(text, originals) if one.residue is residue]


@given(st.text(max_size=300), st.lists(st.text(max_size=200), max_size=3))
def test_any_text_is_searched_and_each_finding_stands_where_it_says(text, originals):
    found = findings(text, originals)

    for one in found:
        assert text[one.start : one.end] == one.text != ""
    assert list(found) == sorted(found, key=lambda one: (one.start, -one.end))


def test_every_class_has_a_reason():
    assert REASONS.keys() == set(Residue)


@given(st.lists(WORDS, min_size=RUN_WORDS, max_size=30), st.lists(WORDS, max_size=8), st.lists(WORDS, max_size=8))
def test_a_run_of_the_sources_words_never_passes_wherever_it_stands(run, before, after):
    tip = " ".join([*before, *run, *after])
    draft = " ".join(["Stand", *after, *run, *before])

    assert any(" ".join(run) in one for one in texts(draft, Residue.SHARED, tip))


@given(
    st.lists(WORDS, min_size=RUN_WORDS, max_size=12),
    st.sampled_from([str.upper, str.title, lambda t: t.replace(" ", ", ")]),
)
def test_case_and_punctuation_hide_no_shared_words(run, changed):
    tip = " ".join(run)

    assert Residue.SHARED in classes(changed(tip), tip)


@given(st.lists(st.text(st.sampled_from("abcde"), min_size=2, max_size=9), min_size=RUN_WORDS, max_size=12), st.data())
def test_invisible_characters_and_lookalikes_hide_no_shared_words(run, data_):
    tip = f"bar {' '.join(run)}"
    at = data_.draw(st.integers(1, len(tip) - 1))
    hidden = tip[:at] + data_.draw(st.sampled_from(["\u200b", "\u200d", "\u2060", "\u00ad", "\u202e"])) + tip[at:]

    assert Residue.SHARED in classes(hidden, tip)
    assert Residue.SHARED in classes(tip.replace("bar", "bаr"), tip)  # noqa: RUF001 - the point of it


@given(HAN, st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=10))
def test_a_run_of_letters_is_found_where_a_script_has_no_blanks(run, before):
    assert Residue.SHARED in classes(f"报告:{before}{run}", run)


def test_five_words_in_a_row_are_ordinary_language():
    assert texts("he said that it was there", Residue.SHARED, "she knew that it was there then") == []


def test_the_working_translation_counts_as_much_as_the_tip():
    translation = "then men moved fourteen blue drums away"

    assert Residue.SHARED in classes("Men moved fourteen blue drums away.", "wanaume walihamisha", translation)


@pytest.mark.parametrize(
    ("text", "residue", "found"),
    [
        ("Call +237 6 99 00 11 22 now", Residue.PHONE, "+237 6 99 00 11 22"),
        ("Container TGHU 4563298 was opened", Residue.CONTAINER, "TGHU 4563298"),
        ("a white Hilux, KBX 481T.", Residue.PLATE, "KBX 481T"),
        ("The MV Ocean Pearl came", Residue.VESSEL, "MV Ocean Pearl"),
        ("(IMO 9074729)", Residue.VESSEL, "IMO 9074729"),
        ("account GB82 WEST 1234 5698 7654 32", Residue.ACCOUNT, "GB82 WEST 1234 5698 7654 32"),
        ("the handle @gecko_trader_kl sells", Residue.HANDLE, "@gecko_trader_kl"),
        ("at 4°03'12\"S 39°40'05\"E that day", Residue.COORDINATES, "4°03'12\"S 39°40'05\"E"),
        ("write to someone@example.org", Residue.EMAIL, "someone@example.org"),
        ("My cousin drives", Residue.KINSHIP, "cousin"),
        ("Only four of us were there", Residue.FEW_KNOW, "Only four of"),
        ("They unload at berth 4.", Residue.PLACE, "berth 4"),
        ("It left before dawn.", Residue.TIME, "before dawn"),
        ("It left last Friday.", Residue.DATE, "last Friday"),
        ("Sergeant Otieno waves them through", Residue.NAME, "Sergeant Otieno"),
        ("Chanda swapped the plates", Residue.NAME, "Chanda"),
        ("call 0722–123–456", Residue.PHONE, "0722–123–456"),  # noqa: RUF001 - hyphens as word processors set them
        ("his celular is 999 888 777", Residue.PHONE, "999 888 777"),
        ("zero seven two two, twelve, thirty-four", Residue.PHONE, "zero seven two two, twelve, thirty-four"),
        ("the junk Sri Mulia sailed", Residue.VESSEL, "junk Sri Mulia"),
        ("on Telegram as ivoryking", Residue.HANDLE, "ivoryking"),
        ("Si esto sale van a saber quién fue", Residue.FEW_KNOW, "Si esto sale"),
        ("Mon cousin l'a vu", Residue.FIRST_PERSON, "Mon"),
        ("Nilimwona jana", Residue.FIRST_PERSON, "Nilimwona"),
        ("Mi hermano trabaja en el puerto", Residue.KINSHIP, "hermano"),
        ("Só quatro de nós sabiam", Residue.FEW_KNOW, "Só quatro"),
    ],
)
def test_the_classes_by_example(text, residue, found):
    assert found in texts(text, residue)


@pytest.mark.parametrize(
    "text",
    [
        "He works at home. Then the price rose.",
        "It goes to Asia kwa ndege. Kiasi kikubwa.",
        "300 kg al mes, 1 200 al año",
    ],
)
def test_ordinary_sentences_hold_no_identifier(text):
    assert not classes(text) & STRUCTURED


def test_neighbouring_findings_of_one_class_stay_apart_and_overlapping_ones_become_one():
    assert texts("a\u200b\u200cb\u200bc", Residue.INVISIBLE) == ["\u200b\u200c", "\u200b"]
    assert texts("write to a.b@example.org/x", Residue.EMAIL) == ["a.b@example.org"]
    assert [one.residue for one in findings("mail someone@example.org") if one.residue in STRUCTURED] == [Residue.EMAIL]


def test_letters_between_every_digit_that_nobody_sees_hide_no_number():
    hidden = "\u200d".join("+254 722 123456")

    (one,) = [one for one in findings(f"Call {hidden}.") if one.residue is Residue.PHONE]
    assert one.text == hidden


def test_what_nobody_sees_is_itself_a_finding_and_arabic_joiners_are_none():
    assert classes("two men\u200b came") == {Residue.INVISIBLE}
    assert Residue.INVISIBLE not in classes("می‌خواهم")


def test_a_word_of_two_scripts_is_a_finding_and_russian_is_none():
    assert Residue.LOOKALIKE in classes("the pоrt")  # noqa: RUF001 - a Cyrillic o
    assert Residue.LOOKALIKE not in classes("в порту стоит судно")


def test_odd_blanks_are_found_and_removed_by_proposal():
    (one,) = findings("two  men")

    assert (one.residue, one.text, one.act, one.proposal) == (Residue.SPACING, "  ", Act.REMOVE, " ")


def test_a_day_in_figures_is_proposed_as_its_week():
    assert [one.proposal for one in findings("on 2026-11-12") if one.residue is Residue.DATE] == [
        "in the week of 9 to 15 November 2026"
    ]
    assert week_of(date(2026, 12, 31)) == "in the week of 28 December 2026 to 3 January 2027"


@pytest.mark.parametrize(
    "text",
    [
        "The group moves pangolin scales through the port in containers declared as fish.",
        "Two officers of Harbour Customs are said to be paid. The price is 38,000 dollars a kilogram.",
        "The shipment weighs 1,250 kilograms and is worth about 2 500 000 shillings.",
        "",
    ],
)
def test_a_plain_report_has_no_identifier(text):
    assert [
        one for one in findings(text) if one.residue.value in {"phone", "account", "card", "plate", "container"}
    ] == []


def test_folding_keeps_every_place():
    folded = fold("ﬁnd\u200bthe pоrt", LOOKALIKES)  # noqa: RUF001

    assert folded.text == "findthe port"
    assert folded.span(0, 2) == (0, 1)
    assert [*marks.lookalikes("the pоrt")] != []  # noqa: RUF001


@pytest.mark.parametrize("letters", ["x", "1 ", ".", "-", "+2 ", "1-", "A1", "a_", "a.b."])
def test_a_text_that_is_made_to_take_long_takes_no_longer_than_its_length(letters: str) -> None:
    """Whoever writes a tip writes the words of its files too: forty thousand letters took half a minute where a form ran on."""
    text = (letters * 40_000)[:40_000]
    findings("")

    before = time.process_time()
    findings(text)

    assert time.process_time() - before < 4

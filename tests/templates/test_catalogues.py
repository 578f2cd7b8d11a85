"""The catalogues hold every marked text, wholly translated: same values, same markup, nothing left over and nothing doubtful."""

import gettext
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from babel.dates import format_date
from babel.messages import Catalog, Message
from babel.numbers import format_decimal

from tests.templates.catalogues import tool
from tipline.base.installed import templates
from tipline.base.languages import ENGLISH, LANGUAGES, Language, long_date, number, spoken
from tipline.text import spoken_by

CATALOGUES = tool()
TRANSLATED = [language for language in LANGUAGES.values() if language is not ENGLISH]

_VALUE = re.compile(r"%\((\w+)\)s")
_PER_CENT = re.compile(r"%(?!\(\w+\)s|%)")
_TAG = re.compile(r"<[^>]*>")
_SAME = {"PGP"}  # names, the same in every language
_BY_CLDR = {"en": "d MMMM y"}  # our own order: 23 November 2026


@pytest.fixture(scope="module")
def marked() -> Catalog:
    found: Catalog = CATALOGUES.marked()
    return found


def forms(text: object) -> tuple[str, ...]:
    return text if isinstance(text, tuple) else (str(text),)


def messages(language: Language) -> list[Message]:
    return [message for message in CATALOGUES.read(language.code) if message.id]


def test_there_is_a_catalogue_for_each_language_and_for_no_other() -> None:
    codes = [language.code for language in TRANSLATED]

    assert list(CATALOGUES.LANGUAGES) == codes
    assert sorted(path.stem for path in (templates() / "locale").glob("*.po")) == sorted(codes)


@pytest.mark.parametrize("language", TRANSLATED, ids=lambda one: one.code)
def test_a_catalogue_holds_every_marked_text_and_nothing_else(language: Language, marked: Catalog) -> None:
    """Byte for byte what `make messages` writes: none is missing, left over, doubtful or in another order."""
    assert CATALOGUES.updated(language.code, marked) == (templates() / "locale" / f"{language.code}.po").read_bytes()


@pytest.mark.parametrize("language", TRANSLATED, ids=lambda one: one.code)
def test_every_text_is_translated(language: Language) -> None:
    assert [message.id for message in messages(language) if not all(forms(message.string))] == []
    assert [message.id for message in CATALOGUES.read(language.code) if message.fuzzy and message.id] == []
    assert not CATALOGUES.read(language.code).obsolete


@pytest.mark.parametrize("language", TRANSLATED, ids=lambda one: one.code)
def test_a_translation_is_more_than_the_english_again(language: Language) -> None:
    """A longer text that stands there in English was copied, and read by nobody."""
    same = [
        message.id
        for message in messages(language)
        if message.id == message.string and message.id not in _SAME and len(str(message.id).split()) > 3
    ]

    assert same == []


@pytest.mark.parametrize("language", TRANSLATED, ids=lambda one: one.code)
def test_a_translation_has_the_values_and_the_markup_of_its_text(language: Language) -> None:
    wrong = []
    for message in messages(language):
        english, said = forms(message.id), forms(message.string)
        values, tags = set(_VALUE.findall(english[-1])), sorted(_TAG.findall(english[-1]))
        for form in said:
            here = set(_VALUE.findall(form))
            whole = here == values or (
                len(said) > 1 and values - {"count", "n"} <= here <= values
            )  # “one file”, in words
            if not whole or sorted(_TAG.findall(form)) != tags or _PER_CENT.search(form):
                wrong.append((message.id, form))

    assert wrong == []


@pytest.mark.parametrize("language", TRANSLATED, ids=lambda one: one.code)
def test_a_translation_is_one_line_without_blanks_around_it(language: Language) -> None:
    said = [form for message in messages(language) for form in forms(message.string)]

    assert [form for form in said if form != form.strip() or "\n" in form or "  " in form] == []


@pytest.mark.parametrize("language", TRANSLATED, ids=lambda one: one.code)
def test_a_plural_has_as_many_forms_as_the_language(language: Language) -> None:
    catalogue = CATALOGUES.read(language.code)
    rule = gettext.c2py(catalogue.plural_expr)

    assert max(rule(count) for count in range(300)) == catalogue.num_plurals - 1
    assert all(len(forms(one.string)) == catalogue.num_plurals for one in messages(language) if len(forms(one.id)) > 1)


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_dates_are_written_as_the_language_writes_them(language: Language) -> None:
    days = [date(2026, 1, 1) + timedelta(number_) for number_ in range(0, 365, 5)]

    with spoken_by(spoken(language)):
        ours = [long_date(day) for day in days]

    order = _BY_CLDR.get(language.code, "long")
    assert ours == [format_date(day, order, locale=language.tag.replace("-", "_")) for day in days]


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_numbers_are_grouped_as_the_language_groups_them(language: Language) -> None:
    counts = [0, 7, 999, 1000, 12_345, 1_234_567]

    with spoken_by(spoken(language)):
        ours = [number(count) for count in counts]

    assert ours == [format_decimal(count, locale=language.tag.replace("-", "_")) for count in counts]


def test_a_text_that_is_not_marked_any_more_goes_and_a_new_one_waits_for_its_translation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = Catalog(charset="utf-8"), Catalog(charset="utf-8")
    old.add("Leave")
    new.add("Stay")
    monkeypatch.setattr(CATALOGUES, "HERE", tmp_path)
    (tmp_path / "fr.po").write_bytes(CATALOGUES.updated("fr", old))

    (tmp_path / "fr.po").write_bytes(CATALOGUES.updated("fr", new))

    assert [(one.id, one.string) for one in CATALOGUES.read("fr") if one.id] == [("Stay", "")]


def test_a_text_without_a_translation_is_shown_in_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = Catalog(charset="utf-8")
    new.add(("One file", "%(count)s files"))
    monkeypatch.setattr(CATALOGUES, "HERE", tmp_path)
    for code in CATALOGUES.LANGUAGES:
        (tmp_path / f"{code}.po").write_bytes(CATALOGUES.updated(code, new))
    CATALOGUES.compile_into(tmp_path)

    with (tmp_path / "fr.mo").open("rb") as file:
        read = gettext.GNUTranslations(file)

    assert read.ngettext("One file", "%(count)s files", 2) == "%(count)s files"

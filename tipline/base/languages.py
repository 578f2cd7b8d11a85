"""Languages of the pages: which there are, how an address names one, and words, dates and numbers in it.

How to mark a text, so that `make messages` finds it and the page's language shows it:

* in a template: ``{{ _("Leave quickly") }}``; with values ``{{ _("Call %(number)s.", number=page.number) }}``, where a
  lone % is written %%; longer, or with markup, ``{% trans unit=page.about.unit %}Could anyone at {{ unit }} …{% endtrans %}``:
  the text's own markup stays, each value is escaped. Several of something: ``{% trans n=count %}One file{% pluralize %}{{ n }}
  files{% endtrans %}``.
* in a module, with `tipline.text.Text`: ``Text("Write your answer first.")``, ``Text("At most %(files)s files.", files=FILES_MAX)``.
* ``{{ day|date }}`` and ``{{ count|number }}`` write as the language does.

Translations stand in `templates/locale`, one `.po` for each language, and are compiled when Tipline is set up.
"""

import gettext
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Final, Literal

from tipline.base.installed import templates
from tipline.text import MONTHS, Text, speaker

FOLDER: Final = "locale"
"""Folder of the catalogues, in that of the templates."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language.

    Attributes:
        code: as it stands in an address, ``/fr/…``, and names its catalogue.
        tag: BCP 47, for ``<html lang>``.
        name: in the language itself.
        direction: of its script.
        thousands: what stands between groups of three digits.
        codename: the way in which its pages write one, of `crypto.written`: as its readers can copy it by hand. English
            words where there is no list and the letters are the same; digits where they are not.
    """

    code: str
    tag: str
    name: str
    direction: Literal["ltr", "rtl"] = "ltr"
    thousands: str = ","
    codename: str = "english"

    @property
    def root(self) -> str:
        """Path of its first page; every other page of it is at ``root`` and a name."""
        return "/" if self is ENGLISH else f"/{self.code}/"


ENGLISH: Final = Language("en", "en", "English")
LANGUAGES: Final = MappingProxyType(
    {
        language.code: language
        for language in (
            ENGLISH,
            Language("fr", "fr", "Français", thousands="\u202f", codename="french"),
            Language("es", "es", "Español", thousands=".", codename="spanish"),
            Language("pt", "pt", "Português", thousands=".", codename="portuguese"),
            Language("sw", "sw", "Kiswahili"),
            Language("ar", "ar", "العربية", direction="rtl", codename="digits"),
            Language("vi", "vi", "Tiếng Việt", thousands="."),
            Language("zh", "zh-Hans", "简体中文", codename="chinese_simplified"),
            Language("id", "id", "Bahasa Indonesia", thousands="."),
        )
    }
)
"""By code, in the order in which they are offered. English stands at ``/…``, each other at ``/<code>/…``."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A language with its catalogue: what translates a page."""

    language: Language
    catalogue: gettext.NullTranslations

    @property
    def code(self) -> str:
        """Code of the language."""
        return self.language.code

    def gettext(self, message: str) -> str:
        """Return *message* in this language."""
        return self.catalogue.gettext(message)

    def ngettext(self, one: str, many: str, count: int) -> str:
        """Return the form for *count*."""
        return self.catalogue.ngettext(one, many, count)

    def number(self, value: int) -> str:
        """Return the digits, in groups of three."""
        return f"{value:,}".replace(",", self.language.thousands)


@cache
def spoken(language: Language) -> Spoken:
    """Read the language's catalogue, once. Raises `FileNotFoundError`, which says what to do, when it is not compiled."""
    if language is ENGLISH:
        return Spoken(language, gettext.NullTranslations())
    path = templates() / FOLDER / f"{language.code}.mo"
    try:
        with path.open("rb") as file:
            return Spoken(language, gettext.GNUTranslations(file))
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing. Run this first: make setup") from None


def load() -> None:
    """Read every catalogue now: what is forked later shares them."""
    for language in LANGUAGES.values():
        spoken(language)


# In templates: `_`, `ngettext`, and the filters `number` and `date`.


def translated(message: str) -> str:
    """Return *message* in the page's language."""
    return speaker().gettext(message)


def translated_plural(one: str, many: str, count: int) -> str:
    """Return the form for *count* in the page's language."""
    return speaker().ngettext(one, many, count)


def number(value: int) -> str:
    """Write a number as the page's language does."""
    return speaker().number(value)


def long_date(day: date) -> str:
    """Write a day with its month in words, as the page's language does: 23 November 2026."""
    # Translators: the order of a date, and what stands between its parts.
    return str(Text("%(day)s %(month)s %(year)s", day=str(day.day), month=MONTHS[day.month - 1], year=str(day.year)))

"""Keeps the catalogues of translations: `update` after a text has changed (`make messages`), `compile` at set-up.

Each `.po` here holds every marked text of a source's pages, in the order of the code, with its translation; `tipline/base/languages.py`
says how texts are marked. It needs Babel, which no running process does.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog, extract, mofile, plurals, pofile

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LANGUAGES = ("fr", "es", "pt", "sw", "ar", "vi", "zh", "id")

_SOURCES = (
    ("python", ("tipline/text.py", "tipline/replies.py", "tipline/base/*.py", "tipline/source/**/*.py")),
    (
        "jinja2",
        (
            "templates/layout/base.html",
            "templates/layout/error.html",
            "templates/source/**/*.html",
            "templates/poster/*.html",
        ),
    ),
)
_KEYWORDS = {**extract.DEFAULT_KEYWORDS, "Text": None, "many": (1, 2)}
_OPTIONS = {"trimmed": "true", "silent": "false", "encoding": "utf-8"}
_COMMENT = "Translators:"


def marked() -> Catalog:
    """Return every marked text, untranslated, in the order in which a reader of the code meets it."""
    found = Catalog(charset="utf-8")
    for method, patterns in _SOURCES:
        for path in _files(patterns):
            name = str(path.relative_to(ROOT))
            for _, message, comments, context in extract.extract(
                method, BytesIO(path.read_bytes()), _KEYWORDS, [_COMMENT], _OPTIONS, strip_comment_tags=True
            ):
                found.add(message, locations=[(name, 1)], auto_comments=comments, context=context)
    return found


def updated(language: str, messages: Catalog) -> bytes:
    """Return the language's file with *messages*: translations that it has stay, what is not marked any more goes."""
    path = HERE / f"{language}.po"
    old = read(language) if path.exists() else Catalog()
    new = Catalog(locale=language, charset="utf-8")
    for message in messages:
        if message.id:
            had = old.get(message.id, message.context)
            one = new.add(
                message.id,
                had.string if had else "",
                locations=message.locations,
                auto_comments=message.auto_comments,
                context=message.context,
            )
            one.flags.discard("fuzzy")
    written = BytesIO()
    pofile.write_po(written, new, width=0, omit_header=True, include_lineno=False)
    number, rule, *_ = plurals.get_plural(language)
    head = [
        f"Language: {language}",
        f"Plural-Forms: nplurals={number}; plural={rule};",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
    ]
    lines = "".join(f'"{line}\\n"\n' for line in head)
    return f'msgid ""\nmsgstr ""\n{lines}\n'.encode() + written.getvalue()


def read(language: str) -> Catalog:
    """Return a language's catalogue."""
    with (HERE / f"{language}.po").open("rb") as file:
        return pofile.read_po(file, locale=language, abort_invalid=True)


def update() -> None:
    """Write each language's file anew."""
    messages = marked()
    for language in LANGUAGES:
        (HERE / f"{language}.po").write_bytes(updated(language, messages))


def compile_into(folder: Path) -> None:
    """Write each language's `.mo` into *folder*."""
    for language in LANGUAGES:
        catalogue = read(language)
        for message in [one for one in catalogue if one.id and one.pluralizable and not all(one.string)]:
            catalogue.delete(message.id, message.context)  # it would be shown as nothing; left out, it is in English
        with (folder / f"{language}.mo").open("wb") as file:
            mofile.write_mo(file, catalogue)


def _files(patterns: tuple[str, ...]) -> Iterator[Path]:
    for pattern in patterns:
        yield from sorted(ROOT.glob(pattern))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["update"]:
            update()
        case ["compile"]:
            compile_into(HERE)
        case _:
            raise SystemExit("say update or compile")

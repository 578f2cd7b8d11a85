"""Reads templates and stylesheets."""

from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

from tipline.base import languages
from tipline.base.installed import templates

if TYPE_CHECKING:
    import jinja2


@cache
def stylesheet(audience: str) -> str:
    """Return the shared tokens and the style of one audience."""
    folder = templates() / "style"
    return "\n".join((folder / f"{name}.css").read_text("utf-8").strip() for name in ("tokens", audience))


def load(audience: str) -> None:
    """Compile an audience's templates and what they stand on now: what is forked later shares them."""
    for name in environment().list_templates(filter_func=lambda name: name.startswith((f"{audience}/", "layout/"))):
        environment().get_template(name)


@cache
def environment() -> "jinja2.Environment":
    """Return what fills templates: each value is escaped, each marked text shown in the page's language."""
    import jinja2  # noqa: PLC0415 - the drop shows a page only to who asks for what is not there, and saves 2 MiB

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    install = made.install_gettext_callables  # type: ignore[attr-defined] # the extension's own
    install(languages.translated, languages.translated_plural, newstyle=True)
    made.globals |= {"gettext": _marked, "_": _marked}
    made.filters |= {"date": languages.long_date, "number": languages.number}
    return made


def _marked(message: str, /, **values: object) -> Markup:
    """Return a marked text in the page's language, each value escaped: as the extension's own does, in half the time."""
    words = Markup(languages.translated(message))  # noqa: S704 - our own words, not input
    return words % values if "%" in words else words

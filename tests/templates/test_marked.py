"""Every word that a source reads is marked for translation: in templates and in the modules behind them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes

from tipline.base.installed import templates
from tipline.base.templates import environment

ROOT = Path(__file__).parents[2]

ENGLISH_ONLY = {"source/browser.html": "its script has no other words, and words of both would be mixed"}
"""Templates that are shown in English in every language, and why."""

UNTRANSLATED = {
    "gpg --encrypt --armor --recipient-file key.asc report.txt": "a command",
    "hand-in--of-.tip": "names of files, with two numbers",
    "Tor Browser": "a name",
}
"""What stands bare in a template and is no language, and why."""

_PAGES = sorted(
    {
        "layout/error.html",
        *(
            str(path.relative_to(templates()))
            for name in ("source", "poster")
            for path in (templates() / name).rglob("*.html")
        ),
    }
)
_MODULES = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("tipline/source/**/*.py", "tipline/replies.py", "tipline/base/forms.py", "tipline/base/web.py")
    for path in ROOT.glob(pattern)
)
_TAG = re.compile(r"<(style|script)\b.*?</\1>|<[^>]*>|<!--.*?-->|&\w+;", re.DOTALL)
_READ = re.compile(r'\b(?:title|aria-label|placeholder|alt)="([^"]*)"')
_WORD = re.compile(r"[^\W\d_]{2,}")
_SENTENCE = re.compile(r"^[“A-Z][^\n]*\s[^\n]*[.?!]$")


def bare(text: str) -> list[str]:
    """Return words of *text*, a template's source, that are shown and stand outside of every mark."""
    tree = environment().parse(text)
    shown = "".join(node.data for node in tree.find_all(nodes.TemplateData))
    found = [*_READ.findall(shown), *_TAG.sub("\n", shown).split("\n")]
    found += [one for output in tree.find_all(nodes.Output) for one in _constants(output)]
    return [one.strip() for one in found if _WORD.search(one) and one.strip() not in UNTRANSLATED]


def _constants(output: nodes.Output) -> Iterator[str]:
    """Yield texts written in an expression that is shown, as `{{ "Yes" if … }}`: a name has no blank and no capital."""
    waiting: list[nodes.Node] = list(output.nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in _MARKS:
            continue
        if isinstance(node, nodes.Const) and isinstance(node.value, str) and re.search(r"[A-Z ]", node.value.strip()):
            yield node.value
        waiting += node.iter_child_nodes()


_MARKS = {"_", "gettext", "ngettext"}


@pytest.mark.parametrize("page", [page for page in _PAGES if page not in ENGLISH_ONLY])
def test_no_text_of_a_source_s_page_stands_unmarked(page: str) -> None:
    assert bare((templates() / page).read_text("utf-8")) == []


@pytest.mark.parametrize("page", sorted(ENGLISH_ONLY))
def test_a_page_that_is_english_only_marks_nothing(page: str) -> None:
    """A marked word on it would be translated for nobody, and would say that the page is."""
    assert "endtrans" not in (templates() / page).read_text("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "<p>Leave</p>",
        '<p aria-label="Leave">{{ _("Leave") }}</p>',
        '{{ "Leave now" if page else _("Stay") }}',
        '{{ m.empty("No reply yet.") }}',
        "{% if page %}Leave{% endif %}",
    ],
)
def test_a_text_without_a_mark_is_found_wherever_it_stands(text: str) -> None:
    assert bare(text) != []


@pytest.mark.parametrize(
    "text",
    [
        '<p>{{ _("Leave") }}</p><style>a { color: red }</style>',
        "{% trans %}Leave <strong>now</strong>.{% endtrans %}",
        '<p class="quick">{{ page.title }}, 12</p>',
    ],
)
def test_what_is_marked_or_no_word_is_not_found(text: str) -> None:
    assert bare(text) == []


@pytest.mark.parametrize("module", _MODULES)
def test_no_sentence_for_a_source_stands_unmarked_in_a_module(module: str) -> None:
    tree = ast.parse((ROOT / module).read_text("utf-8"))
    quiet = {id(node) for one in ast.walk(tree) for node in _not_shown(one)}
    found = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in quiet
        if _SENTENCE.match(node.value)
    ]

    assert found == []


def _not_shown(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is marked, a docstring, or for programmers and operators: errors that no page shows, and log lines."""
    if isinstance(node, ast.Expr):
        yield node.value
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        if name in ("Text", "Text.many") or name.startswith("_LOG."):
            yield from ast.walk(node)


def test_a_mark_that_is_not_closed_stops_the_page() -> None:
    with pytest.raises(jinja2.TemplateSyntaxError):
        environment().parse("{% trans %}Leave")

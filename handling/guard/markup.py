"""Is an HTML member inert, and what does it say? Pure. Lists what is allowed; whatever is not on the lists is refused."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ELEMENTS = _words(
    "html head meta title style body header main footer section article nav h1 h2 h3 h4 h5 h6 p div span ul ol li dl dt"
    " dd table caption colgroup col thead tbody tfoot tr th td strong em b i br hr wbr blockquote pre code small bdi bdo"
    " time sub sup abbr a"
)
_ATTRIBUTES = _words(
    "class id lang dir role scope colspan rowspan headers title datetime start value charset name content http-equiv"
    " href"
)
_BLOCKS = _words(
    "title header main footer section article h1 h2 h3 h4 h5 h6 p div ul ol li dl dt dd table caption thead tbody tr"
    " blockquote pre br hr"
)
_CELLS = frozenset({"th", "td"})
_AT_RULES = frozenset(
    {"media", "page", "bottom-left", "bottom-center", "bottom-right", "top-left", "top-center", "top-right"}
)
_CSS_FUNCTIONS = _words(
    "var calc min max clamp minmax repeat auto-fit counter rgb rgba hsl hsla attr not is where lang nth-child nth-of-type"
)
_AT_RULE = re.compile(r"@\s*([\w-]*)")
_CSS_FUNCTION = re.compile(r"([\w-]*)\(")
_GENERATED_TEXT = re.compile(r"(?<![\w-])content\s*:", re.IGNORECASE)
_TAG = re.compile(r"<(?:[a-zA-Z]|/[a-zA-Z][a-zA-Z0-9]*\s*>)")
_DOCTYPE = re.compile(r"\s*<!doctype html>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Markup:
    """One HTML member, read once: its text as a person reads it, and everything in it that may not leave.

    *hidden* is what no reader sees: values of attributes, and the style sheets.
    """

    text: str
    faults: tuple[str, ...]
    hidden: tuple[str, ...] = ()


def read(source: str) -> Markup:
    """Read *source* and list its faults, each once; no fault means: no script, form, reference or hidden channel."""
    doctype = _DOCTYPE.match(source)
    body = source[doctype.end() :] if doctype else source
    reader = _Reader()
    given_up = False
    try:
        reader.feed(body)
        reader.close()
    except AssertionError:  # so the standard library's parser ends at some broken declarations, as “<![=”
        given_up = True
    faults = dict.fromkeys(reader.faults)
    if doctype is None:
        faults["it does not begin with the HTML document type"] = None
    # Browsers and this parser may disagree about where a tag ends. Where every "<" is one of the tags that were looked
    # at, nothing is left to disagree about; inside a value or a style sheet a "<" has no business at all.
    if given_up or not body.count("<") == reader.tags == len(_TAG.findall(body)) or "\0" in source:
        faults["it holds a comment, a processing instruction or broken markup"] = None
    return Markup(_tidy("".join(reader.words)), tuple(faults), tuple(dict.fromkeys(reader.hidden)))


class _Reader(HTMLParser):
    """Collects text and faults; renders nothing and follows nothing."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags = 0
        self.faults: list[str] = []
        self.hidden: list[str] = []
        self.words: list[str] = []
        self._in_style = False
        self._last = ""  # the tag just before, if no text came after it

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one tag and all it carries."""
        self.tags += 1
        self._in_style = tag == "style"
        self._space(tag)
        if tag == "span" and self._last == "/span":
            self.words.append(" ")  # two boxes side by side are two words
        self._last = tag
        if tag not in _ELEMENTS:
            self.faults.append(f"it holds the element “{tag[:20]}”, which is not allowed")
        values = {name: value or "" for name, value in attrs}
        if len(values) != len(attrs):
            self.faults.append("it gives an attribute twice")
        for name, value in values.items():
            self._attribute(tag, name, value)
        if tag == "meta" and "http-equiv" in values:
            self._header(values["http-equiv"], values.get("content", ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at a tag that closes itself, once."""
        self.handle_starttag(tag, attrs)
        self._in_style = False

    def handle_endtag(self, tag: str) -> None:
        """End one element."""
        self.tags += 1
        self._in_style = False
        self._space(tag)
        self._last = f"/{tag}"

    def handle_data(self, data: str) -> None:
        """Keep text; check a style sheet instead."""
        self._last = ""
        if not self._in_style:
            self.words.append(re.sub(r"\s+", " ", data))
            return
        self.hidden.append(data)
        if not _inert_css(data):
            self.faults.append("its style sheet could fetch or hide something")

    def _attribute(self, tag: str, name: str, value: str) -> None:
        self.hidden.append(value)
        if name not in _ATTRIBUTES:
            self.faults.append(f"it holds the attribute “{name[:20]}”, which is not allowed")
        if name == "href" and (tag != "a" or not value.startswith("#")):
            self.faults.append("it refers to something outside itself")

    def _header(self, name: str, content: str) -> None:
        policy = content.replace(" ", "").rstrip(";")
        allowed = name.lower() == "content-security-policy" and policy == "default-src'none';style-src'unsafe-inline'"
        if not allowed:
            self.faults.append("it holds a header of its own, such as a redirect")

    def _space(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.words.append("\n")
        elif tag in _CELLS:
            self.words.append("\t")


def _inert_css(css: str) -> bool:
    return (
        "\\" not in css
        and "<" not in css
        and not _GENERATED_TEXT.search(css)  # words on the page that no reading of its text would show
        and all(rule.lower() in _AT_RULES for rule in _AT_RULE.findall(css))
        # An empty name is a bracket of a condition, as in "@media (…)".
        and all(not name or name.lower() in _CSS_FUNCTIONS for name in _CSS_FUNCTION.findall(css))
    )


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)

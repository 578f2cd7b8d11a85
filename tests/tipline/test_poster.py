"""What stands on sheets and pages, and that they ask for nothing."""

import gzip
import re
from base64 import b64encode
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from crypto.digest import sha256
from tipline import kit, poster
from tipline.base.languages import LANGUAGES, spoken
from tipline.kit import KitStatement
from tipline.poster import Address, Poster
from tipline.text import Text

ONION = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"
STATEMENT = KitStatement(bytes(range(32)), "unit", date(2027, 2, 20))
POSTER = Poster(
    unit="Wildlife & <Crime> Unit",
    emergency="112 <now>",
    reading_hours="on working days",
    reads="English, Kiswahili",
    practice=False,
    address=Address(ONION),
    root=bytes(range(100, 132)),
    kit=STATEMENT,
)
PRACTICE = replace(POSTER, practice=True, address=Address("127.0.0.1", 8080))
FIRST_PAGE = 14_000  # bytes: what arrives on a new connection before the browser has to answer

MADE = poster.build(POSTER)
IN_PRACTICE = poster.build(PRACTICE)
PAGES = sorted(name for name in MADE if name.startswith("web/"))
FORBIDDEN = {"script", "form", "input", "button", "img", "iframe", "link", "object", "embed", "base", "audio", "video"}


class Reader(HTMLParser):
    """Collects elements, attributes and the words that show."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside not in ("style", "title"):
            self.words += data


def test_each_language_has_a_sheet_and_a_page() -> None:
    assert set(MADE) == {
        *(f"print/{code}.html" for code in LANGUAGES),
        "web/index.html",
        *(f"web/{code}.html" for code in LANGUAGES if code != "en"),
    }


@pytest.mark.parametrize("name", sorted(MADE))
def test_nothing_on_it_runs_sends_or_is_fetched(name: str) -> None:
    text = MADE[name].decode()
    page = Reader(text)

    assert {tag for tag, _ in page.found} & FORBIDDEN == set()
    for _, attributes in page.found:
        assert not {key for key in attributes if key in ("src", "style", "action") or key.startswith("on")}
        assert attributes.get("href", "index.html") in {one.removeprefix("web/") for one in PAGES}
    assert "url(" not in text
    assert "@import" not in text
    assert len(gzip.compress(MADE[name])) <= FIRST_PAGE


@pytest.mark.parametrize("name", sorted(MADE))
def test_its_policy_admits_its_own_style_alone(name: str) -> None:
    text = MADE[name].decode()
    [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = b64encode(sha256(style.encode())).decode()
    stated = {a.get("http-equiv"): a.get("content") for tag, a in Reader(text).found if tag == "meta"}

    assert stated["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'none'; base-uri 'none'"
    )


@pytest.mark.parametrize("name", sorted(MADE))
def test_the_address_stands_in_groups_that_are_copied_without_blanks(name: str) -> None:
    text = MADE[name].decode()
    [first, *_] = re.findall(r'<p class="address"[^>]*>(.*?)</p>', text)

    groups = re.findall(r"<span>(.*?)</span>", first)
    assert [len(group) for group in groups] == [4] * 13 + [10]
    assert re.sub(r"<.*?>", "", first) == ONION


@pytest.mark.parametrize("name", sorted(MADE))
def test_it_says_whom_to_call_and_what_to_compare_and_takes_the_units_own_words_as_words(name: str) -> None:
    words = Reader(MADE[name].decode()).words

    assert "112 <now>" in words
    assert "Wildlife & <Crime> Unit" in words
    assert "www.torproject.org" in words
    assert kit.groups(POSTER.root) in words
    assert STATEMENT.groups() in words


@pytest.mark.parametrize("name", sorted(MADE))
def test_practice_is_said_on_each_and_on_nothing_real(name: str) -> None:
    code = name.partition("/")[2].removesuffix(".html")
    practice = spoken(LANGUAGES["en" if code == "index" else code]).gettext("Practice")

    said = Reader(IN_PRACTICE[name].decode()).words
    assert said.count(practice) >= (10 if name.startswith("print/") else 1)
    assert practice not in Reader(MADE[name].decode()).words
    assert "http://127.0.0.1:8080/" in said


@pytest.mark.parametrize("name", PAGES)
def test_a_page_leads_to_each_language_and_says_which_it_is(name: str) -> None:
    page = Reader(MADE[name].decode())
    links = [attributes for tag, attributes in page.found if tag == "a"]
    [html] = [attributes for tag, attributes in page.found if tag == "html"]

    assert [link["href"] for link in links] == ["index.html", *(f"{code}.html" for code in LANGUAGES if code != "en")]
    [here] = [link for link in links if "aria-current" in link]
    assert here["href"] == name.removeprefix("web/")
    assert here["lang"] == html["lang"]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_which_languages_are_read(name: str) -> None:
    assert "English, Kiswahili" in Reader(MADE[name].decode()).words


def test_tor_browser_is_told_of_an_onion_and_of_nothing_else() -> None:
    assert f'<meta http-equiv="onion-location" content="http://{ONION}/">' in MADE["web/index.html"].decode()
    assert "onion-location" not in IN_PRACTICE["web/index.html"].decode()


def test_the_units_own_words_are_in_the_language_of_the_sheet_where_they_are_marked() -> None:
    told = replace(POSTER, emergency=Text("January"), reading_hours=Text("April"))

    words = Reader(poster.build(told)["print/fr.html"].decode()).words

    assert "janvier" in words
    assert "avril" in words


def test_without_a_kit_only_the_root_is_printed() -> None:
    words = Reader(poster.build(replace(POSTER, kit=None))["print/en.html"].decode()).words

    assert kit.groups(POSTER.root) in words
    assert "SHA-256" not in words

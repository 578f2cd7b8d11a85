"""The scan lets a package pass that holds exactly its files, inert pages, and no name of the inside."""

import html
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.canonical import canonical
from handling.guard import markup, words
from handling.guard.refusal import Refused
from handling.guard.scan import PAGE_MAX, Scanned, scan
from handling.rules.package import MANIFEST, READ_FIRST, REPORT_HTML, REPORT_JSON, pack

PAGE = b"<!doctype html>\n<html><head><title>T</title></head><body><p>Two crates.</p></body></html>"
FILES = {READ_FIRST: PAGE, REPORT_HTML: PAGE, REPORT_JSON: canonical({"text": "one\ntwo"}), MANIFEST: canonical({})}
INSIDE = ("ben", "Clara Night", "guard.internal", "x")


def test_an_inert_package_passes_with_the_text_that_people_read() -> None:
    scanned = scan(pack(FILES), INSIDE)

    assert isinstance(scanned, Scanned)
    assert scanned.members[REPORT_HTML].text == "T\nTwo crates."
    assert scanned.data == FILES


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (REPORT_HTML, PAGE.replace(b"Two", b"Ben: two")),
        (REPORT_HTML, PAGE.replace(b"Two", b"&#66;en: two")),
        (REPORT_HTML, PAGE.replace(b"Two", b"B<b>e</b>n: two")),
        (REPORT_HTML, PAGE.replace(b"<p>", b'<p title="by ben">')),
        (READ_FIRST, PAGE.replace(b"Two", b"clara night: two")),
        (READ_FIRST, PAGE.replace(b"Two", b"GUARD.internal two")),
        (REPORT_JSON, canonical({"text": "one\nben"})),
        (REPORT_JSON, canonical({"ben": [1, {"a": None}]})),
        (REPORT_HTML, b"\xff" + PAGE),
        (REPORT_JSON, json.dumps({"text": "two  words"}, indent=1).encode()),
        (REPORT_JSON, b'{"a":1,"a":2}'),
    ],
)
def test_a_name_of_the_inside_or_a_file_that_does_not_read_stops_it(name: str, data: bytes) -> None:
    refused = scan(pack({**FILES, name: data}), INSIDE)

    assert isinstance(refused, Refused)
    assert all(reason.startswith(name) for reason in refused.reasons)


def test_a_page_that_takes_minutes_to_look_through_is_refused_unread() -> None:
    refused = scan(pack({**FILES, REPORT_HTML: PAGE.replace(b"Two", b"a " * PAGE_MAX)}), INSIDE)

    assert refused == Refused((f"{REPORT_HTML} must not leave: a page has at most 2048 KiB.",))


def test_a_name_inside_another_word_and_a_single_letter_are_no_names() -> None:
    page = PAGE.replace(b"Two", b"Benign bencher x two")

    assert isinstance(scan(pack({**FILES, REPORT_HTML: page}), INSIDE), Scanned)


@given(st.text())
def test_no_text_breaks_the_reading_of_a_page(text: str) -> None:
    markup.read(text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_escaped_text_is_never_a_fault_and_is_read_as_it_is(text: str) -> None:
    read = markup.read(PAGE.decode().replace("Two crates.", html.escape(text)))

    assert read.faults == ()
    assert "".join(text.split()) in "".join(read.text.split())


@given(st.text())
def test_nothing_invisible_stays_invisible(text: str) -> None:
    shown = words.visible(text)

    assert words.unseen(shown) == 0
    assert (shown == text) is (words.unseen(text) == 0)

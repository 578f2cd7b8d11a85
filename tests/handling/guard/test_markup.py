"""An HTML member leaves only when nothing in it acts, fetches, redirects or hides."""

import pytest

from handling.guard import markup

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Report: ivory</title>
<style>@media print { .a { color: var(--ink); justify-content: center } } @page { size: A4 }</style></head>
<body><main><h1><bdi>Ivory</bdi></h1><p class="text">Two &lt;crates&gt; at the pier.</p>
<table><tbody><tr><th scope="row">Grade</th><td>2 D</td></tr></tbody></table><br/><a href="#top">Up</a></main></body></html>
"""


def test_an_inert_page_has_no_fault_and_reads_as_a_person_reads_it() -> None:
    read = markup.read(PAGE)

    assert read.faults == ()
    assert read.text == "Report: ivory\nIvory\nTwo <crates> at the pier.\nGrade 2 D\nUp"


@pytest.mark.parametrize(
    "piece",
    [
        "<script>x</script>",
        "<SCRIPT>x</SCRIPT>",
        "<svg><script>x</script></svg>",
        "<iframe></iframe>",
        "<object></object>",
        "<embed>",
        "<base href='#x'>",
        "<form><input></form>",
        "<img>",
        "<link rel=stylesheet>",
        "<template></template>",
        "<noscript></noscript>",
        "<textarea></textarea>",
        "<p onclick='x'>",
        "<p ONCLICK=x>",
        "<p style='color:red'>",
        "<p data-x=1>",
        "<p hidden>",
        "<a href='https://example.org/'>x</a>",
        "<a href='//example.org/'>x</a>",
        "<a href='javascript:x'>x</a>",
        "<a href=' #x'>x</a>",
        "<a href='#x' href='https://example.org/'>x</a>",
        "<p href='#x'>",
        "<meta http-equiv='refresh' content='0;url=#'>",
        "<meta http-equiv='Content-Security-Policy' content=\"script-src 'unsafe-inline'\">",
        "<style>p { background: url(x) }</style>",
        "<style>@import 'x';</style>",
        "<style>@font-face { }</style>",
        "<style>p { background: u\\72l(x) }</style>",
        "<style>p::after { content: 'x' }</style>",
        "<style>p { background: image-set('x') }</style>",
        "<style>a </style x><script>x</script>",
        "<!-- a name -->",
        "<!--[if IE]><p>x</p><![endif]-->",
        "<![CDATA[x]]>",
        "<![=",
        "<?xml version='1.0'?>",
        "</ p>",
        "</p a-name>",
        "<p title='<script>x</script>'>",
        "<p title='",
        "<",
        "\0",
    ],
)
def test_each_thing_that_could_act_or_hide_is_a_fault(piece: str) -> None:
    read = markup.read(PAGE.replace("</main>", f"{piece}</main>"))

    assert read.faults


def test_another_document_type_is_a_fault() -> None:
    assert markup.read(PAGE.removeprefix("<!DOCTYPE html>\n")).faults
    assert markup.read('<!DOCTYPE html SYSTEM "http://example.org/x.dtd">' + PAGE).faults


def test_a_fault_quotes_nothing_of_a_text() -> None:
    faults = markup.read(PAGE.replace("crates", "<secret-witness-name-that-is-long>")).faults

    assert not any("secret-witness-name-that-is-long" in fault for fault in faults)

"""open.html in real browsers, from a file and without a network: what it opens, what it refuses, and what it never does."""

import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

import pytest

from crypto import age, sshsig
from crypto.signing import SigningKey
from handling import consents, data, material, notices
from handling.agencyfiles import Acknowledged, AgencyKey, SealedAnswer, UnitKeys, typed_statement
from handling.desk import documents
from handling.desk.documents import Document, GradedItem
from handling.exchange.guide import NAMESPACE
from handling.material import Material
from handling.rules.agreements import Channel
from handling.rules.clocks import in_words
from handling.rules.consent import Answer
from handling.rules.material import PassOn
from handling.rules.notices import asked
from handling.rules.package import pack
from handling.store.agencies import Agency
from tests.handling.rules.test_notices import NAMES, NOTICE
from tests.journeys import axe, firefox
from tests.journeys.chromium import Chromium
from tests.journeys.openpage import Officer
from tests.journeys.pictures import Pictures
from tests.tipline.away.test_agency import members
from tipline import openpage

WIDTH = 320


@pytest.fixture
def chromium() -> Iterator[Chromium]:
    with Chromium(online=False, width=WIDTH) as opened:
        yield opened


@pytest.fixture
def officer(chromium: Chromium, tmp_path: Path) -> Officer:
    return Officer(chromium, tmp_path / "stick").sits_down()


def _release(
    folder: Path,
    *,
    signer: SigningKey,
    desk: age.Identity,
    page: bytes = b"<main>Drums of scales",
    report: bytes = b"<p>all",
    attached: Mapping[str, bytes] = MappingProxyType({}),
    more: bool = False,
) -> None:
    """Put into the officer's folder what the portal would hand out."""
    enrolled = AgencyKey.read((folder / "agency-enrolment.json").read_bytes())
    sealed = age.seal(pack(members(page, report, attached)), [enrolled.recipient])
    (folder / "package.age").write_bytes(sealed)
    (folder / "package.age.sig").write_text(sshsig.sign(signer, sealed, namespace=NAMESPACE))
    if more:
        return
    (folder / "unit-keys.json").write_bytes(UnitKeys("unit", "Unit", signer.public, desk.recipient).encode())


def test_an_officer_opens_and_answers_offline_and_nothing_is_asked_for_or_kept(
    officer: Officer, chromium: Chromium
) -> None:
    signer, desk = SigningKey.generate(), age.Identity.generate()

    spoken = officer.makes_a_key("Coast Guard")
    enrolled = AgencyKey.read((officer.folder / "agency-enrolment.json").read_bytes())
    _release(officer.folder, signer=signer, desk=desk)
    officer.opens()
    officer.saves_the_pin()
    read = officer.reads()
    answered = officer.answers("outcome/seizure", "Eleven drums, quillfeather.")
    handed = officer.sends("CG/2026/114", "The dhow lay off the point.\nquillfeather", pass_on="ask")

    assert spoken.replace(" ", "") == enrolled.fingerprint()
    assert "Drums of scales" in read
    answer = SealedAnswer.read(typed_statement(answered), enrolled.acknowledge)
    assert answer.open(desk).text == "Eleven drums, quillfeather."
    signed = material.open_(material.sealed_file(handed.read_text()), desk)
    said = Material.read(signed.document, data.schemes())
    assert (
        sshsig.verify(signed.signature.decode(), signed.document, namespace=material.NAMESPACE) == enrolled.acknowledge
    )
    assert (said.unit, said.sender, said.text.split("\n")[1]) == ("unit", enrolled.fingerprint(), "quillfeather")
    assert (said.conditions.pass_on, said.conditions.lines) == (PassOn.ASK, ("Name no officer of ours.",))
    assert chromium.run("return document.documentElement.scrollWidth") <= WIDTH
    assert {urlsplit(url).scheme for url in chromium.asked} == {"file", "blob"}
    assert len([url for url in chromium.asked if url.startswith("file:")]) == 1
    assert chromium.run("return localStorage.length + sessionStorage.length") == 0
    assert chromium.cookies() == []


def test_a_script_changed_by_one_letter_does_not_run_and_the_page_says_what_to_do(
    chromium: Chromium, tmp_path: Path
) -> None:
    file = tmp_path / "open.html"
    head, script = openpage.build().rsplit(b"<script>", 1)
    changed = script.replace(b"telephone", b"telephony", 1)
    assert changed != script
    file.write_bytes(head + b"<script>" + changed)

    chromium.open(file.as_uri())

    assert any("Content Security Policy" in said for said in chromium.refused)
    assert "This page needs script" in chromium.text("main")
    assert "somebody changed this file" in chromium.text("main")
    assert not chromium.shows("#script")


NOT_WORDS = (
    "<script>document.title = 'run'</script>",
    '<img src="{0}/picture">',
    '<link rel="prefetch" href="{0}/link">',
    '<link rel="preconnect" href="{0}">',
    '<iframe src="{0}/frame"></iframe>',
    '<p style="background: url({0}/style)">',
    "<style>main {{ background: url({0}/style) }}</style>",
    '<meta http-equiv="refresh" content="0; url={0}">',
    '<a href="{0}">More</a>',
    '<svg><image href="{0}/svg"/></svg>',
)


def test_a_page_that_is_more_than_words_is_not_shown_and_nothing_is_fetched_with_the_network_on(tmp_path: Path) -> None:
    """The unit's key may be stolen: what is signed with it still does no more than to be read."""
    signer, desk = SigningKey.generate(), age.Identity.generate()
    with socket.create_server(("127.0.0.1", 0)) as server, Chromium(online=True) as chromium:
        server.settimeout(0)
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        officer = Officer(chromium, tmp_path / "stick").sits_down()
        officer.makes_a_key("Coast Guard")
        _release(officer.folder, signer=signer, desk=desk)
        officer.chooses()
        officer.presses()
        officer.compares()

        def says(page: str) -> str:
            _release(officer.folder, signer=signer, desk=desk, page=page.encode(), more=True)
            officer.chooses_again()
            return officer.presses()

        said = {more: says(f"<main>Drums {more.format(address)}") for more in NOT_WORDS}
        plain = says("<main>Drums <b>of scales</b>")
        read = officer.reads()

        assert {more for more, words in said.items() if "holds more than words to read" not in words} == set()
        assert (plain, read) == ("", "Drums of scales")
        assert chromium.run("return document.title") == "Open a package"
        with pytest.raises(BlockingIOError):  # nobody has knocked
            server.accept()


def test_each_thing_that_is_wrong_is_named_and_nothing_is_shown(officer: Officer, chromium: Chromium) -> None:
    signer, desk = SigningKey.generate(), age.Identity.generate()
    officer.makes_a_key("Coast Guard")
    _release(officer.folder, signer=signer, desk=desk)
    officer.chooses()
    officer.presses()
    officer.compares()
    folder = officer.folder
    good, signature = (folder / "package.age").read_bytes(), (folder / "package.age.sig").read_text()

    def says(name: str, data: bytes | str, field: str) -> str:
        (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
        officer.chooses(**{field: name})
        return officer.presses()

    changed = says("changed.age", good[:-1] + bytes([good[-1] ^ 1]), "package")
    other = says("other.sig", sshsig.sign(SigningKey.generate(), good, namespace=NAMESPACE), "signature")
    purpose = says("purpose.sig", sshsig.sign(signer, good, namespace="file"), "signature")
    unreadable = says("cut.sig", signature[:-3], "signature")
    foreign = says("damaged-key.age", (folder / "agency-key.age").read_bytes()[:-4], "key")
    officer.chooses(passphrase="abandon ability able about above absent absorb")
    phrase = officer.presses()

    assert "does not fit this package" in changed
    assert "another key than the unit's" in other
    assert "made neither for a package nor for a notice" in purpose
    assert "signature file is not one" in unreadable
    assert "key file is damaged" in foreign
    assert "passphrase does not open" in phrase
    assert not chromium.shows("#opened")
    assert not chromium.shows("#acknowledge")


def test_a_pinned_key_file_refuses_another_key_of_the_unit_until_somebody_has_called(
    officer: Officer, chromium: Chromium
) -> None:
    signer, other, desk = SigningKey.generate(), SigningKey.generate(), age.Identity.generate()
    officer.makes_a_key("Coast Guard")
    _release(officer.folder, signer=signer, desk=desk)
    officer.opens()
    officer.saves_the_pin()
    officer.sits_down()
    _release(officer.folder, signer=other, desk=desk)

    officer.chooses(unit=False)
    unannounced = officer.presses()
    officer.chooses()
    offered = officer.presses()
    warned = chromium.text("#compare")
    officer.compares()
    taken = officer.presses()

    assert "another key than the unit's" in unannounced
    assert "not the unit's key that your key file holds" in offered
    assert "open nothing and call the unit" in warned
    assert taken == ""


@pytest.mark.parametrize("level", ["standard", "safer"])
def test_firefox_does_the_same_from_a_file_and_asks_nobody(tmp_path: Path, level: str) -> None:
    if firefox.installed() is None:
        pytest.skip("firefox is not installed: make setup")
    signer, desk = SigningKey.generate(), age.Identity.generate()
    with firefox.DeadProxy() as proxy, firefox.Firefox(firefox.LEVELS[level], proxy=proxy) as browser:
        officer = Officer(browser, tmp_path / "stick").sits_down()
        officer.makes_a_key("Coast Guard")
        _release(officer.folder, signer=signer, desk=desk)
        officer.opens()
        read = officer.reads()
        written = officer.acknowledges()

    key = AgencyKey.read((officer.folder / "agency-enrolment.json").read_bytes()).acknowledge
    assert read == "Drums of scales"
    assert Acknowledged.read(typed_statement(written), key).zip_sha256
    assert proxy.asked == []


ARABIC = "حاويتان من حراشف آكل النمل الحرشفي في المخزن البارد"
DOCUMENT = Document(
    urn="urn:uuid:0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    title=ARABIC,
    summary=ARABIC * 5,
    date="23 November 2026",
    marking="Handling 3x5x2 C",
    items=tuple(
        GradedItem(f"{ARABIC} {n}", "Source: not known. Information: reported.", "3x5x2 2 D", suspected_false=False)
        for n in range(30)
    ),
    subjects=("Wildlife smuggling",),
    attachments=(("attachments/attachment-1.jpg", "picture (JPEG), 12 KiB", "0" * 64),),
    unit="Practice Unit",
    agency="Coast Guard",
    purpose="Investigation",
    agreement="Coast agreement (coast-2026, version 1)",
    contact="+000 111 222",
    handling=("Keep the report apart from the case file.",),
    may=("Use it for this purpose only.",),
    may_not=("Pass it on outside your agency.",),
    conditions=("Ask before any search.",),
    acknowledge_by="25 November 2026",
    feedback_due="23 December 2026",
    delete_by="23 November 2027",
)


ATTACHED = {"attachments/attachment-1.jpg": b"pixels", "attachments/attachment-2.mp4": b"frames"}


def test_attachments_are_listed_and_saved_as_the_unit_sent_them(officer: Officer) -> None:
    officer.makes_a_key("Coast Guard")
    _release(officer.folder, signer=SigningKey.generate(), desk=age.Identity.generate(), attached=ATTACHED)
    officer.opens()

    assert officer.saves("#save-attachment-1", "attachment-1.jpg").read_bytes() == b"pixels"
    assert officer.saves("#save-attachment-2", "attachment-2.mp4").read_bytes() == b"frames"


def test_an_officer_opens_a_request_for_consent_and_signs_each_answer(
    officer: Officer, chromium: Chromium, pictures: Pictures
) -> None:
    """On an old phone: what is read, what is asked back, and what is signed; the unit counts it under the agency's key."""
    wrong: dict[str, list[str]] = {}

    def look(state: str) -> None:
        if found := axe.faults(chromium, WIDTH):
            wrong[state] = found
        pictures.at_each_width(chromium, state)

    today = datetime.now(UTC).date()
    notice = replace(NOTICE, on=today, day=today + timedelta(days=14), words=f"{ARABIC} {ARABIC}")
    signer, desk = SigningKey.generate(), age.Identity.generate()
    officer.makes_a_key("Customs")
    enrolled = AgencyKey.read((officer.folder / "agency-enrolment.json").read_bytes())
    agency = Agency(
        notice.agency,
        "Customs",
        Channel.AGE,
        str(enrolled.recipient),
        "0" * 64,
        today,
        acknowledge=enrolled.acknowledge,
    )
    sealed = age.seal(notices.encode(notice, unit="The unit", names=NAMES), [enrolled.recipient])
    (officer.folder / "notice.age").write_bytes(sealed)
    (officer.folder / "notice.age.sig").write_text(sshsig.sign(signer, sealed, namespace=notices.NAMESPACE))
    (officer.folder / "unit-keys.json").write_bytes(UnitKeys("unit", "Unit", signer.public, desk.recipient).encode())
    officer.chooses(package="notice.age", signature="notice.age.sig")
    officer.presses()
    officer.compares()

    assert officer.presses() == ""
    look("notice")
    read = chromium.text("#notice-text")
    chromium.click("#consent-form button[type=submit]")
    look("no choice")
    late = officer.consents("yes", (today - timedelta(days=1)).isoformat())
    look("a day that has passed")
    until = (today + timedelta(days=30)).isoformat()
    said = [officer.consents(answer, until) for answer in ("yes", "only-this-version", "no")]
    look("signed")
    chromium.click("input[name=consent][value=yes]")
    stale = chromium.shows("#consent-written")

    assert "May we share it?" in read
    assert f"Answer by: {in_words(notice.day)}" in read
    assert read.endswith("is asked for on its own."), "how it is answered with other tools is not shown"
    assert not stale, "what was signed before goes as soon as another answer is chosen"
    assert "not one that has passed" in late
    signed = [consents.read(one, agency) for one in said]
    tokens = [one.token() for one in signed if one is not None]
    assert [token.answer for token in tokens] == [Answer.YES, Answer.THIS_VERSION, Answer.NO]
    assert [token.until for token in tokens] == [today + timedelta(days=30)] * 2 + [None]
    assert {token.asked for token in tokens} == {asked(notice)}
    assert chromium.run("return document.documentElement.scrollWidth") <= WIDTH
    assert wrong == {}


def test_everybody_can_use_every_state_of_it(officer: Officer, chromium: Chromium, pictures: Pictures) -> None:
    """By axe, in light and dark, as wide as an old phone, with a report that is written from right to left."""
    wrong: dict[str, list[str]] = {}

    def look(state: str) -> None:
        if found := axe.faults(chromium, WIDTH):
            wrong[state] = found
        pictures.at_each_width(chromium, state)

    signer, desk = SigningKey.generate(), age.Identity.generate()
    first, report = documents.read_first(DOCUMENT), documents.whole_report(DOCUMENT)
    look("fresh")
    chromium.click("#make > summary")
    chromium.click("#make-form button[type=submit]")
    look("make without a name")
    chromium.click("#make > summary")
    officer.makes_a_key("Coast Guard")
    look("made")
    chromium.click("#open-form button[type=submit]")
    look("open without files")
    _release(officer.folder, signer=signer, desk=desk, page=first, report=report, attached=ATTACHED)
    officer.chooses()
    officer.presses()
    look("compare")
    officer.compares()
    assert officer.presses() == ""
    look("opened")
    assert ARABIC in officer.reads()
    chromium.click("#show-report")
    look("the whole report")
    officer.saves_the_pin()
    look("pinned")
    officer.acknowledges()
    look("acknowledged")
    chromium.click("#answer-form button[type=submit]")
    look("answer without a choice")
    officer.answers("outcome/seizure", "Eleven drums.")
    look("answered")
    _sends(officer, chromium, look)
    chromium.do(lambda page: page.emulate_media(media="print"))
    assert [chromium.shows(one) for one in ("main", ".paper-only")] == [False, True]
    chromium.do(lambda page: page.emulate_media(media="screen"))
    officer.sits_down()
    _release(officer.folder, signer=SigningKey.generate(), desk=desk)
    officer.chooses()
    officer.presses()
    look("another key of the unit")
    assert wrong == {}


def _sends(officer: Officer, chromium: Chromium, look: Callable[[str], None]) -> None:
    """Every state of the part in which material is written."""
    chromium.click("#send > summary")
    chromium.click("#send-form button[type=submit]")
    look("material without a reference")
    chromium.click("input[name=send-pass-on][value=may]")
    look("material to those listed")
    chromium.click("#send > summary")
    officer.sends("CG/2026/114", ARABIC, pass_on="never")
    look("material sealed")


_ON_EVERY_SHEET = """
    const head = document.querySelector("table.sheet > thead");
    const rest = [...document.querySelectorAll("main *")].filter((one) => one.matches("h1, h2, p, li, dd"));
    const inside = rest.every((one) => one.closest("table.sheet > tbody") !== null);
    return [getComputedStyle(head).display, head.querySelector(".marking span").textContent, inside];
"""


@pytest.mark.parametrize("write", [documents.read_first, documents.whole_report])
def test_everybody_can_read_what_it_shows_and_every_printed_sheet_bears_the_handling_code(
    chromium: Chromium, tmp_path: Path, write: Callable[[Document], bytes]
) -> None:
    (tmp_path / "page.html").write_bytes(write(DOCUMENT))
    chromium.open((tmp_path / "page.html").as_uri())

    assert axe.faults(chromium, WIDTH) == []
    assert chromium.run("return getComputedStyle(document.querySelector('h1')).direction") == "rtl"
    chromium.do(lambda page: page.emulate_media(media="print"))
    assert chromium.run(_ON_EVERY_SHEET) == ["table-header-group", "Handling 3x5x2 C", True]


def test_without_a_mouse_an_officer_opens_acknowledges_and_answers(officer: Officer, chromium: Chromium) -> None:
    """Files are chosen by the browser's own window, which the driver fills; all else is typed."""
    signer, desk = SigningKey.generate(), age.Identity.generate()
    officer.makes_a_key("Coast Guard")
    enrolled = AgencyKey.read((officer.folder / "agency-enrolment.json").read_bytes())
    _release(officer.folder, signer=signer, desk=desk)
    officer.sits_down()
    officer.chooses()
    chromium.run("document.activeElement.blur(); document.getElementById('open-package').focus()")

    def reach(selector: str) -> None:
        for _ in range(60):
            if chromium.run("return document.activeElement.matches(arguments[0])", selector):
                ring = chromium.run("return getComputedStyle(document.activeElement).outlineStyle")
                assert ring != "none", f"nothing shows that {selector} has the focus"
                return
            chromium.press("Tab")
        raise AssertionError(f"{selector} is not reached with the keyboard")

    reach("#open-form button[type=submit]")
    chromium.press("Enter")
    chromium.wait_for("#open-form-problem:not([hidden])", seconds=240)
    reach("#compared")
    chromium.press("Space")
    reach("#open-form button[type=submit]")
    chromium.press("Enter")
    chromium.wait_for("#opened", seconds=240)
    reach("#print")
    reach("#acknowledge-form button")
    chromium.press("Enter")
    chromium.wait_for("#acknowledgement-written")
    acknowledged = chromium.value("#acknowledgement-text")
    reach("#code")
    for _ in range(3):
        chromium.press("ArrowDown")
    reach("input[name=tell_source]")
    chromium.press("Space")
    reach("#answer-form button[type=submit]")
    chromium.press("Enter")
    chromium.wait_for("#answer-written")
    answered = chromium.value("#answer-text")

    assert Acknowledged.read(typed_statement(acknowledged), enrolled.acknowledge)
    said = SealedAnswer.read(typed_statement(answered), enrolled.acknowledge).open(desk)
    assert said.code == chromium.value("#code").partition("/")[2]
    assert said.tell_source

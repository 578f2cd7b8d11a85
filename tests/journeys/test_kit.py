"""The kit in real browsers, opened as a file with the network off: what it seals, what it opens, and what it never does."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from crypto import codename
from crypto.codename import Codename, SourceKeys
from crypto.digest import sha256
from crypto.signing import SigningKey
from tests.handins import Device, Receiver, arrived
from tests.journeys import axe, firefox
from tests.journeys.browser import Browser as Visitor
from tests.journeys.browser import Upload
from tests.journeys.chromium import Chromium
from tests.journeys.firefox import SAFER, STANDARD, DeadProxy, Firefox
from tests.journeys.installation import installed
from tipline import kit
from tipline.bundles import Pickup, pack_bundle
from tipline.envelope import Answer, File, Filled, Reply, Tip
from tipline.kit import Inputs
from tipline.pins import Keys, Pinned, Pins
from tipline.questionnaire import answers, current

TODAY = datetime.now(UTC).date()
MESSAGE = "Walrosszahn drums of scales behind the cold store. براميل"
HOW = "Walrosszahn I carried them"
WHOM = "Walrosszahn the port police"
FILE = b"\xff\xd8 Walrosszahn not a real picture" * 1000

Browser: TypeAlias = "Firefox | Chromium"


class Station:
    """One unit and an oversight body with all their secret keys, and the kit that seals to them."""

    def __init__(self, folder: Path, first: timedelta = timedelta(days=-1)) -> None:
        self.unit = Receiver(TODAY + first)
        self.board = Receiver(TODAY + first, unit="board", root=self.unit.root)
        self.file = folder / "kit.html"
        self.write(self.keys())

    def keys(self) -> Keys:
        pinned = (
            Pinned("unit", "unit", "Practice Unit", self.unit.signer.public),
            Pinned("board", "oversight", "Oversight Board", self.board.signer.public),
        )
        pins = Pins(pinned, self.unit.first, self.unit.first + timedelta(days=90)).sign(self.unit.root)
        intake = (self.unit.intake.sign(self.unit.signer), self.board.intake.sign(self.board.signer))
        return Keys(self.unit.root.public, pins, intake)

    def write(self, keys: Keys) -> None:
        """Make the kit with *keys*, signed by whomever: who changes a kit does not ask `kit.build`."""
        page = kit.build(Inputs(self.keys(), "112", practice=True, questionnaire=current.default()), kit.built_script())
        self.file.write_bytes(page.replace(self.keys().encode(), keys.encode()))


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


@pytest.fixture(params=["chromium", "firefox-standard", "firefox-safer"])
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Each browser, cut off from every network; at the end it has asked for the kit's own file and for nothing else."""
    with ExitStack() as stack:
        if request.param == "chromium":
            chromium = stack.enter_context(Chromium(online=False, width=320))
            yield chromium
            assert {address.split(":")[0] for address in chromium.asked} <= {"file", "blob"}
            assert chromium.refused == []
        else:
            if firefox.installed() is None:
                pytest.skip("firefox-esr is not installed: make setup")
            proxy = stack.enter_context(DeadProxy())
            level = {"firefox-standard": STANDARD, "firefox-safer": SAFER}[request.param]
            yield stack.enter_context(Firefox(level, proxy=proxy))
            assert proxy.asked == []


@pytest.fixture
def chromium() -> Iterator[Chromium]:
    with Chromium(online=False, width=320) as opened:
        yield opened


def tell(browser: Browser, station: Station, *files: Path, involved: str = "no") -> tuple[Codename, str]:
    """Write a tip in the kit and seal it; the codename and the pickup code that it shows."""
    browser.open(station.file.as_uri())
    browser.wait_for("#go-tell")
    browser.click("#go-tell")
    browser.click(f"input[name=involved][value={involved}]")
    browser.fill("#message", MESSAGE)
    browser.fill("#how_known", HOW)
    browser.fill("#must_not_learn", WHOM)
    browser.click("input[name=urgent]")
    if files:
        browser.upload("#tell-files", *files)
    browser.click("#tell-form button[type=submit]")
    browser.wait_for("#sealed", seconds=300)
    return Codename.parse(browser.text("#codename")), browser.text("#pickup")


def test_answers_to_the_questions_are_sealed_as_far_as_they_are_asked(
    chromium: Chromium, station: Station, tmp_path: Path
) -> None:
    chromium.open(station.file.as_uri())
    chromium.wait_for("#go-tell")
    chromium.click("#go-tell")
    chromium.click("input[name=involved][value=no]")
    chromium.fill("#message", MESSAGE)
    chromium.click("#more > summary")
    chromium.fill('[id="q-species.words"]', "pangol")
    like = chromium.run(
        "return [...document.querySelectorAll('#q-species-list label')].filter((one) => !one.hidden).length"
    )
    chromium.click("#q-species-list input[value='Manis javanica']")
    hidden_before = chromium.shows("#q-numbers-block")
    chromium.click("#q-transport-block input[value=road]")
    chromium.fill("#q-numbers", "KX 4711")
    chromium.click("#q-how-block input[value=online]")
    chromium.fill("#q-page", "a group")
    chromium.click("#q-how-block input[value=online]")
    chromium.fill("#q-amount", "1,000")
    chromium.click("#tell-form button[type=submit]")
    chromium.wait_for("#q-amount-problem")
    refused = chromium.text("#q-amount-problem")
    found = axe.violations(chromium)
    chromium.picture(tmp_path / "questions.png")
    chromium.fill("#q-amount", "1000")
    chromium.click("#tell-form button[type=submit]")
    chromium.wait_for("#sealed", seconds=300)

    read = arrived([saved(chromium, "sealed")], station.unit.identity)
    assert (like, hidden_before, found) == (6, False, [])
    assert "no sign between thousands" in refused
    assert [one.counter for one in read.messages] == [1, 2]
    fields = {"species": ["Manis javanica"], "species.words": ["pangol"], "transport": ["road"], "numbers": ["KX 4711"]}
    said = answers.read(current.default(), {**fields, "amount": ["1000"]})
    assert read.messages[1].body == Filled(current.default().sha256, "en", said.values)


def saved(browser: Browser, section: str, number: int = 1, of: int = 1) -> bytes:
    browser.click(f"#{section} .files li:nth-child({number}) button")
    return browser.downloaded(f"hand-in-{number}-of-{of}.tip").read_bytes()


def keeps_nothing(browser: Browser, station: Station) -> bool:
    kept = browser.run("return [localStorage.length, sessionStorage.length, history.length, document.cookie]")
    return kept[:2] == [0, 0] and kept[3] == "" and browser.cookies() == [] and browser.address == station.file.as_uri()


def replied(source: SourceKeys, place: bytes, *texts: str) -> bytes:
    """The file that the pickup code hands out, with these replies of the unit."""
    previous, inner = bytes(32), []
    for number, text in enumerate(texts, 1):
        reply = Reply("reply", source.mailbox, number, previous, TODAY, text, heard=1)
        inner.append(reply.seal(source.to_source, source.identity.recipient))
        previous = sha256(reply.encode(source.to_source))
    return Pickup(pack_bundle(inner, source.identity.recipient), place).encode()


def test_a_tip_with_a_file_is_sealed_and_the_page_asks_nobody_and_keeps_nothing(
    browser: Browser, station: Station, tmp_path: Path
) -> None:
    picture = tmp_path / "Walrosszahn picture.jpg"
    picture.write_bytes(FILE)

    made, code = tell(browser, station, picture)

    source = codename.keys(made)
    assert codename.parse_pickup_code(code).matches(source.lookup)
    read = arrived([saved(browser, "sealed")], station.unit.identity)
    assert read.messages[0].body == Tip(MESSAGE, HOW, WHOM, urgent=True)
    assert read.files == (FILE,)
    assert [one.body.name for one in read.messages if isinstance(one.body, File)] == [picture.name]
    assert {one.way for one in read.messages} == {"kit"}
    assert (read.slip.mailbox, read.slip.day) == (source.mailbox, station.unit.first)
    assert keeps_nothing(browser, station)
    browser.click("#forget")
    browser.wait_for("#forgotten")
    left = browser.run(
        "return document.documentElement.outerHTML + [...document.querySelectorAll('input,textarea')].map(e => e.value)"
    )
    assert "Walrosszahn" not in left
    assert " ".join(made.words()[:3]) not in left
    assert code not in left
    if isinstance(browser, Firefox):
        assert [
            path for path in browser.profile.rglob("*") if path.is_file() and b"Walrosszahn" in path.read_bytes()
        ] == []


def test_replies_are_read_and_an_answer_follows_them(browser: Browser, station: Station, tmp_path: Path) -> None:
    made = Codename.from_token(codename.new_token())
    device = Device(codename.keys(made))
    first = arrived(device.tip(station.unit.intake), station.unit.identity)
    picked = tmp_path / "pickup.tar"
    picked.write_bytes(replied(device.keys, first.slip.now, "Which gate?", "شكرا <b>"))
    words = " ".join(made.words())

    browser.open(station.file.as_uri())
    browser.wait_for("#go-open")
    browser.click("#go-open")
    browser.fill("#words", words.upper().replace(" ", ", "))
    browser.upload("#pickup-file", picked)
    browser.click("#open-form button[type=submit]")
    browser.wait_for("#replies")

    said = browser.text("#messages")
    assert said.index("Which gate?") < said.index("شكرا <b>")
    assert browser.text("#troubles") == ""
    browser.click("#answer-form button[type=submit]")
    assert "Write your answer first" in browser.text("#answer-form")
    assert browser.text("#answer-receiver") == "Practice Unit"
    browser.fill("#answer", "البوابة الشمالية")
    browser.click("#answer-form button[type=submit]")
    browser.wait_for("#answered")
    read = arrived([saved(browser, "answered")], station.unit.identity, known=first.messages[0].thread)
    assert read.messages[0].body == Answer("البوابة الشمالية")
    assert (read.messages[0].counter, read.messages[0].heard) == (2, 2)
    assert read.slip.was == sha256(first.slip.now)
    assert keeps_nothing(browser, station)


def test_a_tip_about_the_unit_is_sealed_to_the_oversight_body_alone(chromium: Chromium, station: Station) -> None:
    tell(chromium, station, involved="yes")

    assert chromium.text("#receiver") == "Oversight Board"
    assert arrived([saved(chromium, "sealed")], station.board.identity).slip.unit == "board"


def opens(browser: Browser, station: Station, made: Codename, picked: Path) -> None:
    """Open a pickup file in the kit."""
    browser.open(station.file.as_uri())
    browser.wait_for("#go-open")
    browser.click("#go-open")
    browser.fill("#words", " ".join(made.words()))
    browser.upload("#pickup-file", picked)
    browser.click("#open-form button[type=submit]")
    browser.wait_for("#replies")


def test_an_answer_about_the_unit_goes_to_the_oversight_body_and_nobody_is_asked(
    chromium: Chromium, station: Station, tmp_path: Path
) -> None:
    made, _ = tell(chromium, station, involved="yes")
    first = arrived([saved(chromium, "sealed")], station.board.identity)
    picked = tmp_path / "pickup.tar"
    picked.write_bytes(replied(codename.keys(made), first.slip.now, "Which gate?"))

    opens(chromium, station, made, picked)
    assert chromium.text("#answer-receiver") == "Oversight Board"
    assert chromium.run("return document.querySelectorAll('#answer-form input[type=radio]').length") == 0
    assert axe.violations(chromium) == []
    chromium.fill("#answer", "The north gate.")
    chromium.click("#answer-form button[type=submit]")
    chromium.wait_for("#answered")

    answer = arrived([saved(chromium, "answered")], station.board.identity, known=first.messages[0].thread)
    assert (answer.slip.unit, answer.messages[0].body) == ("board", Answer("The north gate."))


def test_a_report_with_a_unit_that_the_kit_does_not_name_is_read_and_not_answered(
    chromium: Chromium, station: Station, tmp_path: Path
) -> None:
    device, picked = Device(), tmp_path / "pickup.tar"
    made = Codename.from_token(codename.new_token())
    device.keys = codename.keys(made)
    first = device.tip(replace(station.unit.intake, unit="elsewhere"))
    picked.write_bytes(replied(device.keys, arrived(first, station.unit.identity).slip.now, "Which gate?"))

    opens(chromium, station, made, picked)

    assert "Which gate?" in chromium.text("#messages")
    assert "Your report is with “elsewhere”, and this kit holds no key of it" in chromium.text("#answer-closed")
    assert not chromium.shows("#answer-form")
    assert axe.violations(chromium) == []


def test_a_large_file_comes_out_in_numbered_parts_with_the_first_one_to_hand_in_first(
    chromium: Chromium, station: Station, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(bytes(range(256)) * (17 << 12))  # 17 MiB: two parts

    tell(chromium, station, film)

    assert "Hand this in first" in chromium.text("#sealed .files li:nth-child(1)")
    files = [saved(chromium, "sealed", number, 3) for number in (1, 2, 3)]
    assert arrived(files, station.unit.identity).files == (film.read_bytes(),)


def with_another_letter(station: Station) -> None:
    """Somebody changes one letter of the script."""
    page = station.file.read_text()
    station.file.write_text(page.replace("Not sealed yet.", "Not sealed yes."))


def with_a_script_of_their_own(station: Station) -> None:
    page = station.file.read_text()
    station.file.write_text(page.replace("</body>", "<script>document.title='taken'</script></body>"))


@pytest.mark.parametrize("change", [with_another_letter, with_a_script_of_their_own])
def test_a_script_that_is_not_the_one_in_the_policy_does_not_run(
    change: Callable[[Station], None], chromium: Chromium, station: Station
) -> None:
    change(station)

    chromium.open(station.file.as_uri())

    assert any("Content Security Policy" in said for said in chromium.refused)
    assert chromium.run("return document.title") != "taken"
    if change is with_another_letter:
        assert "the kit does not run here" in chromium.text("#starting")
        assert not chromium.shows("#start")


def another_root(station: Station) -> Keys:
    return replace(station.keys(), root=SigningKey.generate().public)


def pins_of_a_thief(station: Station) -> Keys:
    thief = Pins((Pinned("unit", "unit", "Practice Unit", bytes(32)),), TODAY, TODAY).sign(SigningKey.generate())
    return replace(station.keys(), pins=thief)


def key_of_a_thief(station: Station) -> Keys:
    thief = station.unit.intake.sign(SigningKey.generate())
    return replace(station.keys(), intake=(thief, station.keys().intake[1]))


def last_key_of_a_thief(station: Station) -> Keys:
    """Nothing is sealed to it today, but it makes the kit look good for longer than it is."""
    ours = station.unit.intake
    later = replace(
        ours, serial=ours.serial + 1, not_before=ours.not_after, not_after=ours.not_after + timedelta(days=60)
    )
    return replace(station.keys(), intake=(*station.keys().intake, later.sign(SigningKey.generate())))


def key_for_this_week_of_a_thief(station: Station) -> Keys:
    """The weeks before and after are good."""
    ours, week = station.unit.intake, timedelta(days=7)
    before, after = (
        replace(
            ours, serial=ours.serial + n, not_before=ours.not_before + n * week, not_after=ours.not_after + n * week
        )
        for n in (-1, 1)
    )
    weeks = (before.sign(station.unit.signer), ours.sign(SigningKey.generate()), after.sign(station.unit.signer))
    return replace(station.keys(), intake=(*weeks, station.keys().intake[1]))


def keys_of_one_unit(station: Station) -> Keys:
    return replace(station.keys(), intake=station.keys().intake[1:])


def no_json(station: Station) -> Keys:
    page = station.file.read_bytes()
    station.file.write_bytes(page.replace(b'"format":"tipline/keys/v1"', b'"format":"tipline/keys/v2"'))
    return station.keys()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (another_root, "not signed by this kit's root key"),
        (pins_of_a_thief, "not signed by this kit's root key"),
        (key_of_a_thief, "A key in this kit is not signed by Practice Unit or Oversight Board"),
        (last_key_of_a_thief, "A key in this kit is not signed by Practice Unit or Oversight Board"),
        (key_for_this_week_of_a_thief, "A key in this kit is not signed by Practice Unit or Oversight Board"),
        (keys_of_one_unit, "holds no key to lock anything with"),
        (no_json, "cannot be read"),
    ],
)
def test_a_kit_whose_keys_were_changed_seals_nothing_and_says_what_is_wrong(
    change: Callable[[Station], Keys], words: str, chromium: Chromium, station: Station
) -> None:
    changed = change(station)
    if change is not no_json:
        station.write(changed)

    chromium.open(station.file.as_uri())
    chromium.wait_for("#refused")

    assert words in chromium.text("#refused")
    assert not chromium.shows("#go-tell")
    assert axe.violations(chromium) == []


@pytest.mark.parametrize(("first", "words"), [(-30, "This kit ended on"), (3, "This kit is not good before")])
def test_a_kit_whose_keys_have_all_ended_or_not_begun_seals_nothing_and_says_where_a_new_one_is(
    first: int, words: str, chromium: Chromium, tmp_path: Path
) -> None:
    station = Station(tmp_path, timedelta(days=first))

    chromium.open(station.file.as_uri())
    chromium.wait_for("#start-expired")

    said = chromium.text("#start-expired")
    assert words in said
    assert "set its clock first" in said
    assert first > 0 or "Get a new kit where you got this one, or from the report page" in said
    assert chromium.disabled("#go-tell")
    assert not chromium.disabled("#go-open")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "Type your twelve words first"),
        ("abandon", "This is one word. A codename has twelve"),
        ("tusk " * 12, "Not a word of any codename"),
        ("abandon " * 12, "One of these words is wrong"),
    ],
)
def test_a_wrong_codename_is_said_at_its_field(words: str, said: str, chromium: Chromium, station: Station) -> None:
    chromium.open(station.file.as_uri())
    chromium.click("#go-open")
    chromium.fill("#words", words)
    chromium.click("#open-form button[type=submit]")

    assert said in chromium.text("#words-problem")
    assert chromium.run("return document.activeElement.id") == "words"


def test_a_pickup_file_of_somebody_else_or_of_nobody_is_refused_in_words(
    chromium: Chromium, station: Station, tmp_path: Path
) -> None:
    device, made = Device(), Codename.from_token(codename.new_token())
    first = arrived(device.tip(station.unit.intake), station.unit.identity)
    (tmp_path / "theirs").write_bytes(replied(device.keys, first.slip.now, "for another"))
    (tmp_path / "nobody's").write_bytes(b"no tar file")
    chromium.open(station.file.as_uri())
    chromium.click("#go-open")
    chromium.fill("#words", " ".join(made.words()))

    for name, where, words in (
        ("theirs", "#open-problem", "do not open this file"),
        ("nobody's", "#pickup-file-problem", "not a file that you picked up"),
    ):
        chromium.upload("#pickup-file", tmp_path / name)
        chromium.click("#open-form button[type=submit]")
        chromium.wait_for(where)
        assert words in chromium.text(where)
    assert not chromium.shows("#replies")


def test_a_forged_reply_is_named_and_not_shown(chromium: Chromium, station: Station, tmp_path: Path) -> None:
    made = Codename.from_token(codename.new_token())
    device = Device(codename.keys(made))
    first = arrived(device.tip(station.unit.intake), station.unit.identity)
    forged = replace(device.keys, to_source=device.keys.to_unit)
    (tmp_path / "pickup").write_bytes(replied(forged, first.slip.now, "Come to the old mill"))
    chromium.open(station.file.as_uri())
    chromium.click("#go-open")
    chromium.fill("#words", " ".join(made.words()))
    chromium.upload("#pickup-file", tmp_path / "pickup")
    chromium.click("#open-form button[type=submit]")
    chromium.wait_for("#replies")

    assert "not written by the unit" in chromium.text("#troubles")
    assert "old mill" not in chromium.text("body")
    assert axe.violations(chromium) == []


def test_without_a_file_the_words_give_the_pickup_code_again(chromium: Chromium, station: Station) -> None:
    made, code = tell(chromium, station)
    chromium.click("#forget")
    chromium.click("#again")
    chromium.click("#go-open")
    chromium.fill("#words", " ".join(word[:4] for word in made.words()))
    chromium.click("#open-form button[type=submit]")
    chromium.wait_for("#code-again")

    assert chromium.text("#open-pickup") == code


def test_nothing_is_sealed_until_every_answer_is_good_and_all_that_was_typed_stays(
    chromium: Chromium, station: Station
) -> None:
    chromium.open(station.file.as_uri())
    chromium.click("#go-tell")
    chromium.fill("#how_known", "ä" * (33 << 10))
    chromium.click("#tell-form button[type=submit]")

    assert "Some answers need another look" in chromium.text("#tell-problem")
    for field in ("involved", "message", "how_known"):
        assert chromium.text(f"#{field}-problem")
    assert not chromium.shows("#sealed")
    assert len(chromium.value("#how_known")) == 33 << 10
    assert axe.violations(chromium) == []


def test_sealing_can_be_stopped(chromium: Chromium, station: Station, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(bytes(64 << 20))
    chromium.open(station.file.as_uri())
    chromium.click("#go-tell")
    chromium.click("input[name=involved][value=no]")
    chromium.fill("#message", MESSAGE)
    chromium.upload("#tell-files", film)
    chromium.click("#tell-form button[type=submit]")
    chromium.click("#stop")
    chromium.wait_for("#tell-problem")

    assert "Stopped. Nothing was sealed" in chromium.text("#tell-problem")
    assert chromium.value("#message") == MESSAGE


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_part_of_the_page_can_be_used_by_everybody_on_an_old_phone(dark: bool, station: Station) -> None:  # noqa: FBT001
    with Chromium(online=False, width=320, dark=dark) as chromium:
        looked = []

        def look() -> None:
            shown = chromium.run("return [...document.querySelectorAll('main > section:not([hidden])')].map(e => e.id)")
            assert axe.violations(chromium) == []
            assert chromium.run("return document.documentElement.scrollWidth") <= 320
            assert chromium.run("return document.activeElement.id") in {f"{shown[0]}-title", "main", ""}
            looked.extend(shown)

        chromium.open(station.file.as_uri())
        look()
        chromium.click("#go-open")
        look()
        chromium.click("#open [data-back]")
        chromium.click("#go-tell")
        look()
        tell(chromium, station)
        look()
        chromium.click("#forget")
        look()
    assert looked == ["start", "open", "tell", "sealed", "forgotten"]


def test_a_tip_is_sealed_with_the_keyboard_alone(chromium: Chromium, station: Station) -> None:
    chromium.open(station.file.as_uri())
    chromium.wait_for("#start")
    for keys in ("Tab", "Enter", "Tab", "Space", "Tab"):
        chromium.press(keys)
    chromium.do(lambda page: page.keyboard.type("typed by hand"))
    chromium.press("Tab")
    while chromium.run("return document.activeElement.type") != "submit":
        chromium.press("Tab")
    chromium.press("Enter")
    chromium.wait_for("#sealed")

    assert arrived([saved(chromium, "sealed")], station.unit.identity).messages[0].body == Tip(
        "typed by hand", "", "", urgent=False
    )


def test_the_paper_shows_codename_and_pickup_code_and_nothing_else(chromium: Chromium, station: Station) -> None:
    made, code = tell(chromium, station)
    chromium.do(lambda page: page.emulate_media(media="print"))

    shown = chromium.text("body")
    assert all(word in shown for word in made.words())
    assert set(code.split()) <= set(shown.split())
    assert "Save" not in shown
    assert "Practice Unit" not in shown


def test_without_script_the_page_says_so_and_what_to_do(station: Station) -> None:
    if firefox.installed() is None:
        pytest.skip("firefox-esr is not installed: make setup")
    with DeadProxy() as proxy, Firefox(firefox.SAFEST, proxy=proxy) as browser:
        browser.open(station.file.as_uri())
        said = browser.text("main")

    assert "script is switched off here" in said
    assert "use the form on our report page" in said
    assert proxy.asked == []


async def test_what_the_kit_sealed_is_handed_in_collected_read_answered_and_opened_in_the_kit(
    tmp_path: Path,
) -> None:
    """The practice unit's own kit, its site, its collector and a handler; the words never leave the browser in clear."""
    with installed(tmp_path) as running:
        key = running.data / "practice" / "root.key"
        running.tipline("kit", "-o", str(tmp_path / "kit"), "--key", str(key))
        file = tmp_path / "kit" / kit.PAGE_NAME
        made, code, sealed = await asyncio.to_thread(sealed_with, file)

        async with Visitor(running.url("source")) as visitor:
            await visitor.open("/hand-in")
            arrived_ = await visitor.submit("/hand-in", files=[Upload("files", "hand-in-1-of-1.tip", sealed)])
            assert "Arrived" in arrived_.body.decode() or "arrived" in arrived_.text
            running.tipline("collect")
            async with await running.sign_in("corridor", "amina") as amina:
                tips = await amina.open("/")
                tip = await amina.open(tips.link("/tips/"))
                assert "Walrosszahn at the quay" in tip.text
                await amina.submit("/reply", text="Which quay?")
            running.tipline("mailboxes")
            await visitor.open("/pickup")
            picked = await visitor.submit("/pickup", code=code)
        (tmp_path / "pickup").write_bytes(picked.body)
        assert await asyncio.to_thread(read_in, file, made, tmp_path / "pickup") == "Which quay?"


def sealed_with(file: Path) -> tuple[Codename, str, bytes]:
    with Chromium(online=False) as chromium:
        chromium.open(file.as_uri())
        chromium.click("#go-tell")
        chromium.click("input[name=involved][value=no]")
        chromium.fill("#message", "Walrosszahn at the quay")
        chromium.click("#tell-form button[type=submit]")
        chromium.wait_for("#sealed")
        return Codename.parse(chromium.text("#codename")), chromium.text("#pickup"), saved(chromium, "sealed")


def read_in(file: Path, made: Codename, picked: Path) -> str:
    with Chromium(online=False) as chromium:
        chromium.open(file.as_uri())
        chromium.click("#go-open")
        chromium.fill("#words", " ".join(made.words()))
        chromium.upload("#pickup-file", picked)
        chromium.click("#open-form button[type=submit]")
        chromium.wait_for("#replies")
        assert chromium.text("#troubles") == ""
        return chromium.text("#messages .words")

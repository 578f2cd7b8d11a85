"""open.html in a real browser, from a file and without a network: from the agency's key to what the desk reads."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import BrowserContext, async_playwright

from crypto import age, sshsig
from crypto.signing import SigningKey
from handling.agencyfiles import Acknowledged, AgencyKey, SealedAnswer, UnitKeys, typed_statement
from handling.exchange.guide import NAMESPACE
from handling.rules.package import pack
from tests.journeys import firefox
from tests.journeys.acts import Story, need
from tests.journeys.installation import installed, printed_cards
from tests.journeys.openpage import Officer
from tests.tipline.away.test_agency import members
from tipline import openpage

WIDTH = 320
TITLE = "Scales at the cold store"


@pytest.fixture
async def context() -> AsyncIterator[BrowserContext]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed: make setup")
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield await browser.new_context(viewport={"width": WIDTH, "height": 640})
        await browser.close()


def _release(
    folder: Path, *, signer: SigningKey, desk: age.Identity, page: bytes = b"<main>Drums of scales", more: bool = False
) -> None:
    """Put into the officer's folder what the portal would hand out."""
    enrolled = AgencyKey.read((folder / "agency-enrolment.json").read_bytes())
    sealed = age.seal(pack(members(page)), [enrolled.recipient])
    (folder / "package.age").write_bytes(sealed)
    (folder / "package.age.sig").write_text(sshsig.sign(signer, sealed, namespace=NAMESPACE))
    if more:
        return
    (folder / "unit-keys.json").write_bytes(UnitKeys("unit", "Unit", signer.public, desk.recipient).encode())


async def test_an_officer_opens_and_answers_offline_and_nothing_is_asked_for_or_kept(
    context: BrowserContext, tmp_path: Path
) -> None:
    signer, desk = SigningKey.generate(), age.Identity.generate()
    officer = await Officer.sits_down(context, tmp_path / "stick")

    spoken = await officer.makes_a_key("Coast Guard")
    enrolled = AgencyKey.read((officer.folder / "agency-enrolment.json").read_bytes())
    _release(officer.folder, signer=signer, desk=desk)
    await officer.opens()
    await officer.saves_the_pin()
    read = await officer.reads()
    answered = await officer.answers("outcome/seizure", "Eleven drums, quillfeather.")

    assert spoken.replace(" ", "") == enrolled.fingerprint()
    assert "Drums of scales" in read
    answer = SealedAnswer.read(typed_statement(answered), enrolled.acknowledge)
    assert answer.open(desk).text == "Eleven drums, quillfeather."
    assert await officer.page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    assert {urlsplit(url).scheme for url in officer.asked} == {"file", "blob"}
    assert len([url for url in officer.asked if url.startswith("file:")]) == 1
    assert await officer.page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert await context.cookies() == []


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


async def test_a_page_that_is_more_than_words_is_not_shown_and_nothing_is_fetched_with_the_network_on(
    context: BrowserContext, tmp_path: Path
) -> None:
    """The unit's key may be stolen: what is signed with it still does no more than to be read."""
    connections = 0

    def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    signer, desk = SigningKey.generate(), age.Identity.generate()
    officer = await Officer.sits_down(context, tmp_path / "stick")
    await context.set_offline(offline=False)
    await officer.makes_a_key("Coast Guard")
    _release(officer.folder, signer=signer, desk=desk)
    await officer.chooses()
    await officer.presses()
    await officer.page.check("#compared")

    said = {}
    for more in NOT_WORDS:
        _release(
            officer.folder, signer=signer, desk=desk, page=f"<main>Drums {more.format(address)}".encode(), more=True
        )
        await officer.chooses_again()
        said[more] = await officer.presses()
    _release(officer.folder, signer=signer, desk=desk, page=b"<main>Drums <b>of scales</b>", more=True)
    await officer.chooses_again()
    plain = await officer.presses()
    read = await officer.reads()
    server.close()

    assert {more for more, words in said.items() if "holds more than words to read" not in words} == set()
    assert (plain, read) == ("", "Drums of scales")
    assert await officer.page.title() == "Open a package"
    assert connections == 0


async def test_each_thing_that_is_wrong_is_named_and_nothing_is_shown(context: BrowserContext, tmp_path: Path) -> None:
    signer, desk = SigningKey.generate(), age.Identity.generate()
    officer = await Officer.sits_down(context, tmp_path / "stick")
    await officer.makes_a_key("Coast Guard")
    _release(officer.folder, signer=signer, desk=desk)
    await officer.chooses()
    await officer.presses()
    await officer.page.check("#compared")
    folder = officer.folder
    good, signature = (folder / "package.age").read_bytes(), (folder / "package.age.sig").read_text()

    async def says(name: str, data: bytes | str, field: str) -> str:
        (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
        await officer.chooses(**{field: name})
        return await officer.presses()

    changed = await says("changed.age", good[:-1] + bytes([good[-1] ^ 1]), "package")
    other = await says("other.sig", sshsig.sign(SigningKey.generate(), good, namespace=NAMESPACE), "signature")
    purpose = await says("purpose.sig", sshsig.sign(signer, good, namespace="file"), "signature")
    unreadable = await says("cut.sig", signature[:-3], "signature")
    foreign = await says("damaged-key.age", (folder / "agency-key.age").read_bytes()[:-4], "key")
    await officer.chooses(passphrase="abandon ability able about above absent absorb")
    phrase = await officer.presses()

    assert "does not fit this package" in changed
    assert "another key than the unit's" in other
    assert "not made for a package" in purpose
    assert "signature file is not one" in unreadable
    assert "key file is damaged" in foreign
    assert "passphrase does not open" in phrase
    assert not await officer.page.is_visible("#opened")
    assert not await officer.page.is_visible("#acknowledge")


async def test_a_pinned_key_file_refuses_another_key_of_the_unit_until_somebody_has_called(
    context: BrowserContext, tmp_path: Path
) -> None:
    signer, other, desk = SigningKey.generate(), SigningKey.generate(), age.Identity.generate()
    officer = await Officer.sits_down(context, tmp_path / "stick")
    await officer.makes_a_key("Coast Guard")
    _release(officer.folder, signer=signer, desk=desk)
    await officer.opens()
    await officer.saves_the_pin()
    await officer.page.reload()
    _release(officer.folder, signer=other, desk=desk)

    await officer.chooses(unit=False)
    unannounced = await officer.presses()
    await officer.chooses()
    offered = await officer.presses()
    warned = await officer.page.inner_text("#compare")
    await officer.page.check("#compared")
    taken = await officer.presses()

    assert "another key than the unit's" in unannounced
    assert "not the unit's key that your key file holds" in offered
    assert "open nothing and call the unit" in warned
    assert taken == ""


class _Sharing(Story):
    """One tip, worked until its report waits in the portal of one agency."""

    async def release_to(self, agency: str) -> str:
        source = self._browser("source")
        await source.open("/")
        await source.submit("/", involved="no", message="Drums of scales behind the cold store.")
        self.on.tipline("collect")
        amina = await self.signed_in("corridor", "amina")
        tip = (await amina.open("/")).link("/tips/")
        await amina.open(f"{tip}/items")
        page = await amina.submit("/items", text="Scales are stored in blue drums.")
        await amina.open(page.link("/grade"))
        await amina.submit("/grade", source="2", information="C", reason="Told by a cousin who drives there.")
        page = await amina.open(f"{tip}/items")
        report = await amina.submit("/report", item=page.form("/report").choices("item"))
        said = {"title": TITLE, "summary": "Scales are being stored.", "handling": "P", "subject": ["goods.pangolin"]}
        await amina.submit(report.path, **said, agency=[agency], act="queue")
        ben, clara = [await self.signed_in("guard", name) for name in ("ben", "clara")]
        await self._sign("ben", ben, "/reviews/", expect=TITLE)
        desk = await self.signed_in("desk", "amina")
        listed = (await desk.open("/")).link("/reports/")
        await desk.open(f"{listed}/decision?agency={agency}&purpose=investigation")
        release = (await desk.submit("/decision")).path
        for name, browser in (("ben", ben), ("clara", clara)):
            await self._sign(name, browser, release, expect=TITLE)
        return release

    async def handed_in(self, package: str, text: str) -> None:
        """Paste what open.html wrote into the portal, look at what it says, and hand it in."""
        portal = await self.signed_in("exchange", "farid")
        await portal.open(package)
        shown = await portal.submit("/hand-in", text=text)
        need("Nothing has been handed in yet." in shown.text, shown.text[:300])
        await portal.submit("/hand-in")

    async def downloaded(self, officer: Officer) -> str:
        """Save the package, its signature and the unit's keys into the officer's folder; the package's address."""
        portal = await self.signed_in("exchange", "farid")
        package = (await portal.open("/")).link("/packages/")
        page = await portal.open(package)
        for part in ("/package.age.sig", "/package.age", "/keys/unit-keys.json"):
            href = next(href for href, _ in page.links if href.endswith(part))
            (officer.folder / part.rpartition("/")[2]).write_bytes((await portal.open(href)).body)
        return package

    async def desk_reads(self, release: str) -> str:
        desk = await self.signed_in("desk", "amina")
        await desk.open("/")
        return (await desk.open(release)).text


async def test_from_the_agencys_key_to_what_the_desk_reads(context: BrowserContext, tmp_path: Path) -> None:
    officer = await Officer.sits_down(context, tmp_path / "stick")
    spoken = await officer.makes_a_key("Coast Guard")
    with installed(tmp_path) as on:
        file = officer.folder / "agency-enrolment.json"
        told = on.tipline("agency", "add", "coast", "--name", "Coast Guard", "--key", str(file))
        cards = dict(printed_cards(on.tipline("agency", "officer", "coast", "farid", "--display", "Farid")))
        on.cards = {**on.cards, ("exchange", "farid"): cards["agency portal"]}
        async with _Sharing(on, tmp_path) as story:
            (stored,) = await story._inside("SELECT toml FROM unit.agreement WHERE agency = 'harbour-customs'")
            (customs,) = await story._inside("SELECT fingerprint FROM unit.agency WHERE id = 'harbour-customs'")
            toml = stored["toml"].decode().replace("customs-2026", "coast-2026").replace("harbour-customs", "coast")
            agreed = tmp_path / "coast.toml"
            agreed.write_text(toml.replace(customs["fingerprint"], spoken.replace(" ", "")))
            on.tipline("agreement", "add", str(agreed))
            release = await story.release_to("coast")
            package = await story.downloaded(officer)
            await officer.opens()
            read = await officer.reads()
            await story.handed_in(package, await officer.acknowledges())
            await story.handed_in(package, await officer.answers("outcome/seizure", "Eleven drums."))
            desk = await story.desk_reads(release)

    assert spoken in told
    assert TITLE in read
    assert "opened the exact bytes we sent" in desk
    assert desk.count("Signed by the agency's key.") == 2
    assert "Seizure" in desk
    assert "From the agency, in its own words Eleven drums." in desk
    assert {urlsplit(url).scheme for url in officer.asked} == {"file", "blob"}


@pytest.mark.parametrize("level", ["standard", "safer"])
def test_firefox_does_the_same_from_a_file_and_asks_nobody(tmp_path: Path, level: str) -> None:
    if firefox.installed() is None:
        pytest.skip("firefox is not installed: make setup")
    signer, desk, folder = SigningKey.generate(), age.Identity.generate(), tmp_path / "stick"
    folder.mkdir()
    (folder / "open.html").write_bytes(openpage.build())
    with firefox.DeadProxy() as proxy, firefox.Firefox(firefox.LEVELS[level], proxy=proxy) as browser:
        browser.open((folder / "open.html").as_uri())
        browser.click("#make > summary")
        browser.fill("#make-name", "Coast Guard")
        words = browser.text("#make-words")
        browser.fill("#make-again", words)
        browser.click("#make-form button[type=submit]")
        browser.wait_for("#made", seconds=240)
        for link, name in (("#make-key", "agency-key.age"), ("#make-public", "agency-enrolment.json")):
            browser.click(link)
            shutil.copy(browser.downloaded(name), folder)
        _release(folder, signer=signer, desk=desk)
        for field, name in (("package", "package.age"), ("signature", "package.age.sig")):
            browser.upload(f"#open-{field}", folder / name)
        browser.upload("#open-key", folder / "agency-key.age")
        browser.upload("#open-unit", folder / "unit-keys.json")
        browser.fill("#open-passphrase", words)
        browser.click("#open-form button[type=submit]")
        browser.wait_for("#compare", seconds=240)
        browser.click("#compared")
        browser.click("#open-form button[type=submit]")
        browser.wait_for("#opened", seconds=240)
        read = browser.run("return document.getElementById('page').contentDocument.body.innerText")
        browser.click("#acknowledge-form button")
        browser.wait_for("#acknowledgement-written")
        text = browser.run("return document.getElementById('acknowledgement-text').value")

    key = AgencyKey.read((folder / "agency-enrolment.json").read_bytes()).acknowledge
    assert read == "Drums of scales"
    assert Acknowledged.read(typed_statement(text), key).zip_sha256
    assert proxy.asked == []

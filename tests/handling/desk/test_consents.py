"""The whole way of a consent over real servers: the desk asks, an officer sends it, the agency signs with stock tools, a release goes or stops."""

import asyncio
import subprocess
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from crypto import age
from crypto.pgp import Gpg
from crypto.secret import Secret
from handling.exchange.main import make_exchange
from handling.guard.main import app as make_guard
from handling.rules.material import Piece
from tests.conftest import RolePool
from tests.handling.desk.conftest import TODAY, DeskRoom, a_document, deconflict, facts_of
from tests.handling.materials import a_piece
from tests.journeys.browser import Browser
from tests.journeys.looking import ARABIC, Looking

CUSTOMS, PARKS = "harbour-customs", "river-parks"
UNTIL = (TODAY + timedelta(days=104)).isoformat()  # 14 days for the answer, and 90


@dataclass(slots=True)
class Floor:
    """Desk, guard and portal of one unit, each over HTTP, and what is signed in there."""

    room: DeskRoom
    guard: str
    portal: str
    tmp: Path

    async def enter(self, url: str, process: str, name: str) -> Browser:
        browser = await self.room.stack.enter_async_context(Browser(url))
        await browser.open("/sign-in")
        unit = self.room.unit
        code = unit.code(process, name, int(time.time()))
        await browser.submit("/sign-in", name=name, passphrase=unit.passphrase(process, name), code=code)
        return browser

    async def reviewed(self, originator: str, *sent: Piece, **review: Any) -> str:
        """Put a report in the desk's inbox that rests on an agency's material; returns its path."""
        listed = {"material": [piece.listed() for piece in sent]} if sent else {}
        document = a_document(handling="P", action=None, sanitisation=None) | listed
        facts = replace(facts_of(document), originators=frozenset({originator}), material=sent)
        await self.room.reviewed(document, facts=facts.to_body(), agencies=[CUSTOMS, PARKS], **review)
        return f"/reports/{document['urn'][9:]}"

    async def signs(self, browser: Browser, path: str, name: str) -> None:
        """Open what waits at the guard and sign it."""
        passphrase = self.room.unit.passphrase("guard", name)
        await browser.open(path)
        await browser.submit("/open", passphrase=passphrase)
        await browser.submit("/sign", passphrase=passphrase)

    def opened(self, sealed: bytes, agency: str) -> str:
        """What an agency reads with its own key."""
        folder = self.room.settings.data / "practice" / agency
        if agency == CUSTOMS:
            key = Secret((folder / "key.txt").read_text().strip().encode())
            return age.open_(sealed, [age.Identity.parse(key)]).decode()
        with Gpg(folder / "gnupg") as gpg:
            return gpg.decrypt(sealed, Secret((folder / "passphrase.txt").read_text().strip().encode())).decode()

    def sign(self, line: str, agency: str, end: str = "\n") -> str:
        """Sign an answer with the agency's own tool, as notice.txt says; returns what is pasted."""
        file, folder = self.tmp / "consent.json", self.room.settings.data / "practice" / agency
        file.write_bytes((line + end).encode())
        if agency == CUSTOMS:
            key = self.tmp / "key"
            seed = Ed25519PrivateKey.from_private_bytes(bytes.fromhex((folder / "signing.key").read_text()))
            key.write_bytes(seed.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
            key.chmod(0o600)
            signature = file.with_name("consent.json.sig")
            command = ["ssh-keygen", "-Y", "sign", "-f", key, "-n", "tipline-consent", file]
        else:
            signature = file.with_name("consent.json.asc")
            command = ["gpg", "--homedir", folder / "gnupg", "--batch", "--pinentry-mode", "loopback", "--yes"]
            command += ["--passphrase-file", folder / "passphrase.txt", "--armor", "--detach-sign", file]
        signature.unlink(missing_ok=True)
        subprocess.run(command, check=True, capture_output=True)
        return file.read_text() + signature.read_text()


@pytest.fixture
async def floor(room: DeskRoom, role_pool: RolePool, tmp_path: Path) -> Floor:
    guard = TestServer(make_guard(room.settings, await role_pool("tipline_guard")))
    portal = TestServer(make_exchange(room.settings, await role_pool("tipline_exchange"), room.clock))
    for server in (guard, portal):
        await room.stack.enter_async_context(server)
    return Floor(room, str(guard.make_url("/")), str(portal.make_url("/")), tmp_path)


@pytest.mark.parametrize(
    ("originator", "recipient", "officer", "sealed"),
    [(CUSTOMS, PARKS, "dario", "notice.age"), (PARKS, CUSTOMS, "elena", "notice.txt.gpg")],
    ids=["ssh-keygen", "gpg"],
)
async def test_an_agency_is_asked_signs_and_a_release_goes_until_it_takes_its_word_back(
    floor: Floor, originator: str, recipient: str, officer: str, sealed: str
) -> None:
    room, report = floor.room, await floor.reviewed(originator)
    amina, clara = await room.sign_in(), await floor.enter(floor.guard, "guard", "clara")
    agency = await floor.enter(floor.portal, "exchange", officer)
    share, decision = f"{report}/share", f"{report}/decision?agency={recipient}&purpose=intelligence"

    await deconflict(amina, report)
    assert "has to consent first" in (await amina.open(decision)).text
    await amina.open(share)
    await amina.submit("/consent", ask=f"{originator} {recipient} intelligence", words="If you can, this week.")
    assert "Waiting for an officer's signature" in (await amina.open(share)).text

    (notice,) = [row["id"] for row in await room.db.fetch("SELECT id FROM guard.notice")]
    await floor.signs(clara, f"/notices/{notice}", "clara")
    waiting = (await amina.open(share)).text
    assert "Waiting for an answer" in waiting
    assert "by Amina" in waiting

    text = floor.opened((await agency.open(f"/notices/{notice}/{sealed}")).body, originator)
    yes, _, no = [line for line in text.splitlines() if line.startswith('{"answer"')]
    await _hand_in(agency, str(notice), await asyncio.to_thread(floor.sign, yes, originator))
    assert "This counts now" in (await agency.open(f"/notices/{notice}")).text

    await amina.open("/")
    held = (await amina.open(share)).text
    assert "Consented, to every version" in held
    await amina.submit("/share")
    (release,) = await room.db.fetch("SELECT id, agency FROM desk.release WHERE agency = $1", recipient)
    ben = await floor.enter(floor.guard, "guard", "ben")
    await floor.signs(ben, f"/releases/{release['id']}", "ben")
    await floor.signs(clara, f"/releases/{release['id']}", "clara")
    assert await room.db.fetchval("SELECT agency FROM exchange.package WHERE id = $1", release["id"]) == recipient
    ledger = (await amina.open(f"/releases/{release['id']}")).text
    assert "With the consent of those whose material it rests on" in ledger
    assert "It holds" in ledger

    room.clock.day = TODAY + timedelta(days=105)
    assert "has to consent first" in (await amina.open(decision)).text
    assert "Consent has expired" in (await amina.open(share)).text
    room.clock.day = TODAY

    await _hand_in(agency, str(notice), await asyncio.to_thread(floor.sign, no, originator))
    await amina.open("/")
    assert "has to consent first" in (await amina.open(decision)).text
    assert "Consent was withdrawn" in (await amina.open(share)).text
    assert "The agency has answered otherwise since" in (await amina.open(f"/releases/{release['id']}")).text

    other_end = await asyncio.to_thread(floor.sign, yes, originator, end="\r\n")
    await _hand_in(agency, str(notice), other_end, status=422)  # the same yes
    once_more = await asyncio.to_thread(floor.sign, no, originator)
    await _hand_in(agency, str(notice), once_more, status=422)  # the last word already
    later = yes.replace(UNTIL, (TODAY + timedelta(days=200)).isoformat())
    await _hand_in(agency, str(notice), await asyncio.to_thread(floor.sign, later, originator))
    await amina.open("/")
    assert "Consented, to every version" in (await amina.open(share)).text
    await _hand_in(agency, str(notice), once_more)
    await amina.open("/")
    assert "Consent was withdrawn" in (await amina.open(share)).text


async def test_a_yes_to_every_version_counts_for_one_that_was_begun_from_it_until_it_is_taken_back(
    floor: Floor,
) -> None:
    room, one, further = floor.room, a_piece(CUSTOMS, "aa"), a_piece(CUSTOMS, "bb")
    report, apart = await floor.reviewed(CUSTOMS, one), await floor.reviewed(CUSTOMS, one)
    begun = {"version_of": [f"urn:uuid:{report[9:]}"]}
    later, wider = await floor.reviewed(CUSTOMS, one, **begun), await floor.reviewed(CUSTOMS, one, further, **begun)
    amina, clara = await room.sign_in(), await floor.enter(floor.guard, "guard", "clara")
    agency = await floor.enter(floor.portal, "exchange", "dario")

    async def decided(of: str) -> str:
        await amina.open("/")
        return (await amina.open(f"{of}/decision?agency={PARKS}&purpose=intelligence")).text

    await amina.open("/")
    await deconflict(amina, report)
    await amina.open(f"{report}/share")
    await amina.submit("/consent", ask=f"{CUSTOMS} {PARKS} intelligence")
    notice = str(await room.db.fetchval("SELECT id FROM guard.notice"))
    await floor.signs(clara, f"/notices/{notice}", "clara")
    text = floor.opened((await agency.open(f"/notices/{notice}/notice.age")).body, CUSTOMS)
    assert f"Your material: {one.sha256}" in text
    yes, _, no = [line for line in text.splitlines() if line.startswith('{"answer"')]

    await _hand_in(agency, notice, await asyncio.to_thread(floor.sign, yes, CUSTOMS))
    assert "have consented" in await decided(later)
    assert "has to consent first" in await decided(apart)
    assert "has to consent first" in await decided(wider), "it rests on a piece that the consent does not name"

    await _hand_in(agency, notice, await asyncio.to_thread(floor.sign, no, CUSTOMS))
    assert "has to consent first" in await decided(later)


async def _hand_in(agency: Browser, notice: str, pasted: str, *, status: int = 200) -> None:
    await agency.open(f"/notices/{notice}")
    await agency.submit("/answer", status=status, text=pasted)


async def test_an_overdue_request_says_that_silence_is_not_consent_and_can_be_made_no_second_time(floor: Floor) -> None:
    room, report = floor.room, await floor.reviewed(CUSTOMS)
    amina, clara = await room.sign_in(), await floor.enter(floor.guard, "guard", "clara")
    await deconflict(amina, report)
    await amina.open(f"{report}/share")
    await amina.submit("/consent", ask=f"{CUSTOMS} {PARKS} intelligence")
    (notice,) = await room.db.fetch("SELECT id FROM guard.notice")
    await floor.signs(clara, f"/notices/{notice['id']}", "clara")
    room.clock.day = TODAY + timedelta(days=15)

    page = await amina.open(f"{report}/share")

    assert "Overdue: silence is not consent" in page.text
    assert f"{CUSTOMS} {PARKS} intelligence" not in page.form("/consent").choices("ask")
    assert "has to consent first" in (await amina.open(f"{report}/decision?agency={PARKS}&purpose=intelligence")).text


async def test_an_agency_off_the_handlers_list_is_not_asked_and_nobody_reads_why(floor: Floor) -> None:
    document = a_document(handling="P", action=None, sanitisation=None)
    facts = replace(facts_of(document), originators=frozenset({CUSTOMS}))
    await floor.room.reviewed(document, facts=facts.to_body(), agencies=[PARKS])
    report, amina = f"/reports/{document['urn'][9:]}", await floor.room.sign_in()
    await deconflict(amina, report)

    page = await amina.open(f"{report}/share")

    assert "Harbour Customs Service cannot be asked: handler restriction." in page.text
    assert not [form for form in page.forms if form.action.endswith("/consent")]
    assert await floor.room.db.fetchval("SELECT count(*) FROM guard.notice") == 0


async def test_another_answer_about_sources_ends_a_request_that_waits_and_the_desk_reads_why(floor: Floor) -> None:
    report, amina = await floor.reviewed(CUSTOMS), await floor.room.sign_in()
    await deconflict(amina, report)
    await amina.open(f"{report}/share")
    await amina.submit("/consent", ask=f"{CUSTOMS} {PARKS} intelligence")

    await deconflict(amina, report, answer="conflict")

    row = await floor.room.db.fetchrow("SELECT state, sealed FROM guard.notice")
    assert (row["state"], row["sealed"]) == ("void", b"")
    await deconflict(amina, report)
    page = (await amina.open(f"{report}/share")).text
    assert "Ended before it was sent" in page
    assert "The agency was asked nothing" in page


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"ask": ""}, "Choose whose consent"),
        ({"ask": f"{CUSTOMS} {CUSTOMS} intelligence"}, "is not missing any more"),
        ({"day": "soon"}, "year, month and day"),
        ({"day": TODAY.isoformat()}, "lies after today"),
        ({"words": "x" * 301}, "at most 300 characters"),
    ],
)
async def test_what_cannot_be_asked_says_why_and_keeps_what_was_typed(
    floor: Floor, typed: dict[str, Any], why: str
) -> None:
    report, amina = await floor.reviewed(CUSTOMS), await floor.room.sign_in()
    await deconflict(amina, report)
    await amina.open(f"{report}/share")
    form = {"ask": f"{CUSTOMS} {PARKS} intelligence", "words": "A line."} | typed

    page = await amina.submit("/consent", status=400, **form)

    assert why in page.text
    assert "Nothing was sent" in page.text
    assert await floor.room.db.fetchval("SELECT count(*) FROM desk.notice") == 0


async def test_the_pages_of_a_consent_are_fit_for_every_width(floor: Floor) -> None:
    """One look at the desk's, the guard's and the portal's: as a form, waiting, refused as typed, and answered."""
    room, report = floor.room, await floor.reviewed(CUSTOMS)
    amina, clara = await room.sign_in(), await floor.enter(floor.guard, "guard", "clara")
    dario, looking, pages = await floor.enter(floor.portal, "exchange", "dario"), Looking("consents"), {}
    await deconflict(amina, report)
    pages["desk, to ask"] = (await amina.open(f"{report}/share")).body
    ask = f"{CUSTOMS} {PARKS} intelligence"
    pages["desk, a wrong day"] = (await amina.submit("/consent", status=400, ask=ask, day="soon", words=ARABIC)).body
    await amina.submit("/consent", ask=ask, day=(TODAY + timedelta(days=14)).isoformat(), words=ARABIC)
    pages["desk, waiting"] = (await amina.open(f"{report}/share")).body
    (row,) = await room.db.fetch("SELECT id FROM guard.notice")
    notice, passphrase = f"/notices/{row['id']}", room.unit.passphrase("guard", "clara")
    pages["guard, queue"] = (await clara.open("/")).body
    pages["guard, sealed"] = (await clara.open(notice)).body
    pages["guard, notice"] = (await clara.submit("/open", passphrase=passphrase)).body
    await clara.submit("/sign", passphrase=passphrase)
    pages["portal, list"] = (await dario.open("/")).body
    text = floor.opened((await dario.open(f"{notice}/notice.age")).body, CUSTOMS)
    (yes, *_) = [line for line in text.splitlines() if line.startswith('{"answer"')]
    await dario.open(notice)
    pages["portal, not signed"] = (await dario.submit("/answer", status=422, text=yes)).body
    await _hand_in(dario, str(row["id"]), await asyncio.to_thread(floor.sign, yes, CUSTOMS))
    pages["portal, answered"] = (await dario.open(notice)).body
    await amina.open("/")
    pages["desk, answered"] = (await amina.open(f"{report}/share")).body

    await looking.at(pages)

    assert looking.wrong == {}

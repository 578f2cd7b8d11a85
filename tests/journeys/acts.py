"""The story of one tip, act by act: what each person does at a browser, and what must be seen for the act to count."""

import base64
import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

from crypto import age
from handling.rules.phrases import phrase
from tests.journeys import files
from tests.journeys.answers import ANSWERED
from tests.journeys.browser import Browser, JourneyError, Page, Upload, report
from tests.journeys.installation import PROCESSES, Installation

NODE = shutil.which("node") or "node"
_NODE_FOLDER = Path(__file__).parents[1] / "node"

CANARY_MESSAGE = "fourteen blue drums of scales, canary quillfeather"
CANARY_FILE = "canary-inside-the-file-brackenmoth"
CANARY_NAME = "canary name larkspur ledger.pdf"
_BULK = 5_000_000


def need(condition: object, words: str) -> None:
    """Stop the story with *words* unless what they say holds."""
    if not condition:
        raise JourneyError(words)


class Story:
    """One tip on its way through one installation. The acts are to be done in order."""

    def __init__(self, installation: Installation, folder: Path) -> None:
        self.on = installation
        self.folder = folder
        self._browsers: dict[str, Browser] = {}
        self.codename = ""
        self.secrets: list[str] = []  # of other sources: must stand nowhere either
        self._tip = ""
        self._report = ""
        self.title = "Pangolin scales in a cold store"
        self.agencies = {"harbour-customs": "investigation", "river-parks": "protection"}  # and for which purpose
        self.releases: dict[str, str] = {}
        self.condition = ""  # of material that the report rests on
        self.opened = ""  # what its agency read of it when it was opened
        self.paper: dict[str, str] = {}  # what people have written down, by whose it is

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for browser in self._browsers.values():
            await browser.__aexit__(kind, error, trace)

    # 1 ----------------------------------------------------------------------------------------------------------

    async def set_up(self) -> tuple[str, str]:
        """Every page answers, with strict headers."""
        for process in PROCESSES:
            browser = self._browser(process)
            page = await browser.open("/", status=401 if process == "drop" else 200)
            need("default-src 'none'" in page.headers.get("Content-Security-Policy", ""), f"{process} sends no policy")
        return (
            f"{len(PROCESSES)} processes over two databases, each page with strict headers",
            "an installation without a tip; each process's own database password",
        )

    # 2 ----------------------------------------------------------------------------------------------------------

    async def sealing(self) -> tuple[str, str]:
        """What we seal opens with somebody else's tool, and the other way round."""
        identity = age.Identity.generate()
        key = identity.encode().expose().decode()
        opened = self._node(do="decrypt", identity=key, data=age.seal(b"sealed here", [identity.recipient]))
        need(opened == b"sealed here", "age-encryption does not open what we seal")
        sealed = self._node(do="encrypt", recipients=[str(identity.recipient)], data=b"sealed there")
        need(age.open_(sealed, [identity]) == b"sealed there", "we do not open what age-encryption seals")
        return "age files with the post-quantum recipient, both ways with npm age-encryption", "public keys"

    # 3 ----------------------------------------------------------------------------------------------------------

    async def report(self) -> tuple[str, str]:
        """The source reports with three files, and once about the unit itself."""
        source = self._browser("source")
        page = await report(
            source,
            [
                Upload("files", "drums.jpg", files.photograph(CANARY_FILE), "image/jpeg"),
                Upload("files", CANARY_NAME, files.document(CANARY_FILE), "application/pdf"),
                Upload("files", "chat.bin", files.bulk(_BULK, CANARY_FILE)),
            ],
            involved="no",
            message=f"{CANARY_MESSAGE}. They go by air on Tuesday.",
            how_known="I load trucks there.",
            must_not_learn="The port police.",
        )
        self.codename = page.ids.get("codename", "")
        need(len(self.codename.split()) == 12, f"no codename of twelve words: {page.text[:300]}")
        about_us = Browser(self.on.url("source"))
        async with about_us:
            await about_us.open("/")
            await about_us.submit("/", involved="yes", message="The sergeant takes money. canary about the unit")
        await self._source_signs_in()
        rows = await self._public("SELECT unit, kind, size FROM zone.envelope")
        ours = [row for row in rows if row["unit"] == "unit"]
        need(len(ours) == len(rows) - 1, "the report about the unit is not with oversight alone")
        return (
            f"form without script, message and 3 files in {len(ours)} sealed envelopes, one about the unit to oversight",
            "ciphertext, days and sizes in classes; no key that opens any of it",
        )

    # 4 ----------------------------------------------------------------------------------------------------------

    async def collect(self) -> tuple[str, str]:
        """Envelopes move inside and leave the public zone; mailboxes are replaced."""
        self.on.tipline("collect")
        rows = await self._public("SELECT unit FROM zone.envelope")
        need([row["unit"] for row in rows] == ["oversight"], "the drop did not delete what was collected, or more")
        inside = await self._inside("SELECT count(*) AS n FROM corridor.envelope")
        need(inside[0]["n"] >= 4, "fewer envelopes inside than were sent")
        self.on.tipline("mailboxes")
        sizes = await self._public("SELECT DISTINCT octet_length(bundle) AS size FROM zone.mailbox")
        need(len(sizes) == 1, "mailbox bundles differ in size")
        return (
            f"{inside[0]['n']} envelopes fetched, receipted and deleted outside; every mailbox replaced at one size",
            "the collector's key, which fetches and deletes and opens nothing",
        )

    # 5 ----------------------------------------------------------------------------------------------------------

    async def work(self) -> tuple[str, str]:
        """Handler 1 opens, replies, makes items, grades, reports and queues for review."""
        amina = await self.signed_in("corridor", "amina")
        home = await amina.open("/")
        self._tip = home.link("/tips/")
        waiting = await amina.open("/first-reading")
        need(
            "The port police." in (await amina.open(waiting.link("/tips/"))).text, "first reading hides what was asked"
        )
        await amina.submit("/readers", who="everybody", reason="Nobody here is of the port police.")
        tip = await amina.open(self._tip)
        need(CANARY_MESSAGE in tip.text, "the handler does not read the message")
        need(
            "drums.jpg" in tip.text and CANARY_NAME in tip.text,
            f"the handler does not see the files: {tip.text[:2500]}",
        )
        await self._handler_downloads(amina, tip)
        await amina.open(self._tip)
        await amina.submit("/reply", text="Thank you. Is the store still in use? Do not go there to look.")
        await amina.open(f"{self._tip}/items")
        for text in (
            "Scales are stored in blue drums at the cold store.",
            "They leave by air as dried fish.",
        ):
            await amina.submit("/items", text=text)
        page = await amina.open(f"{self._tip}/items")
        for link in [href for href, _ in page.links if href.endswith("/grade")]:
            await amina.open(link)
            refused = await amina.submit("/grade", source="1", information="A", reason="", status=400)
            need("reason" in refused.text.lower(), "a better grade than the default passed without a reason")
            await amina.submit("/grade", source="2", information="C", reason="Told by a cousin who drives there.")
        await self._write_report(amina)
        return (
            "tip read, three files whole, reply sealed, two items graded 3x5x2 2 C, report queued for review",
            "what the handlers signed in at this moment can read; at rest only sealed records",
        )

    # 6 ----------------------------------------------------------------------------------------------------------

    async def match(self) -> tuple[str, str]:
        """Handler 2 signs the review; the desk matches the reviewed report and requests two releases."""
        desk = await self.signed_in("desk", "amina")
        need(self.title not in (await desk.open("/")).text, "the desk reads a report before its review")
        ben = await self.signed_in("guard", "ben")
        await self._sign("ben", ben, "/reviews/", expect=self.title)
        home = await desk.open("/")
        need(self.title in home.text, "the reviewed report has not reached the desk")
        self._report = home.link("/reports/")
        await desk.open(f"{self._report}/share")
        shared = await desk.submit("/deconfliction", asked="Deconfliction centre", answer="clear")
        need("Who may receive it" in shared.text, "no agency is proposed although somebody was asked")
        for agency, purpose in self.agencies.items():
            await desk.open(f"{self._report}/decision?agency={agency}&purpose={purpose}")
            page = await desk.submit("/decision")
            need("/releases/" in page.url, f"no release was requested for {agency}: {page.text[:300]}")
            self.releases[agency] = page.path.rsplit("/", 1)[1]
        return (
            f"review signed by handler 2; every clause's verdict shown; {len(self.releases)} releases requested",
            "reviewed, sanitised reports of analysts signed in; no tip, no handler's key",
        )

    # 7 ----------------------------------------------------------------------------------------------------------

    async def agreements(self) -> tuple[str, str]:
        """A purpose that the agreement does not name is denied with its clause, on the page and on the command line."""
        desk = self._browsers["desk/amina"]
        page = await desk.open(f"{self._report}/decision?agency=river-parks&purpose=seizure")
        need(
            "deny" in page.text.lower() and "purpose" in page.text.lower(), "the page does not say which clause denies"
        )
        need(
            not [form for form in page.forms if form.action.endswith("/decision")], "a denied release can be requested"
        )
        toml = self.folder / "agreement.toml"
        stored = await self._inside("SELECT toml FROM unit.agreement WHERE agency = 'harbour-customs'")
        toml.write_bytes(stored[0]["toml"].replace(b"version = 1", b"version = 2").replace(b'"seizure"', b'"seizures"'))
        refused = self._fails("agreement", "check", str(toml))
        need("purposes" in refused, "the command line does not name the key that is wrong")
        today = datetime.now(UTC).date()
        later = stored[0]["toml"].replace(b"version = 1", b"version = 2")
        begins = f"valid_from = {today + timedelta(days=30)}".encode()
        toml.write_bytes(later.replace(f"valid_from = {today}".encode(), begins))
        self.on.tipline("agreement", "add", str(toml))
        versions = await self._inside("SELECT count(*) AS n FROM unit.agreement WHERE agency = 'harbour-customs'")
        need(versions[0]["n"] == 2, "the new version was not stored beside the old one")
        return (
            "a purpose outside the agreement denied by its clause; a wrong key named; version 2 stored for next month",
            "agreements and agencies in clear: with whom the unit may share, not what",
        )

    # 8 ----------------------------------------------------------------------------------------------------------

    async def release(self) -> tuple[str, str]:
        """Handler 2 and the officer sign both manifests; one signature lets nothing out."""
        ben = self._browsers["guard/ben"]
        clara = await self.signed_in("guard", "clara")
        for release in self.releases.values():
            await self._sign("ben", ben, f"/releases/{release}", expect=self.title)
            out = await self._inside("SELECT count(*) AS n FROM exchange.package WHERE id = $1", release)
            need(out[0]["n"] == 0, "one signature was enough")
            await self._sign("clara", clara, f"/releases/{release}", expect=self.title)
        out = await self._inside("SELECT agency FROM exchange.package")
        need(sorted(row["agency"] for row in out) == sorted(self.releases), "the packages are not in the exchange")
        return (
            "exact bytes shown, two signatures each, decided again, sealed (age, OpenPGP), signed, handed over",
            "who owns this host can forge a release; keys lie sealed between requests",
        )

    # 9 ----------------------------------------------------------------------------------------------------------

    async def receive(self) -> tuple[str, str]:
        """Both officers download, verify and open with stock tools, acknowledge and answer."""
        for agency, officer in (("harbour-customs", "dario"), ("river-parks", "elena")):
            browser = await self.signed_in("exchange", officer)
            package = (await browser.open("/")).link("/packages/")
            page = await browser.open(package)
            folder = self._fresh(agency)
            await self._download(browser, page, folder)
            archive = self._open_with_age(folder) if agency == "harbour-customs" else self._open_with_gpg(folder)
            self._look_inside(archive, agency)
            await browser.open(package)
            wrong = await browser.submit("/acknowledge", sha256="0" * 64, status=422)
            need("hash" in wrong.text, "a wrong hash is not told")
            await browser.submit("/acknowledge", sha256=hashlib.sha256(archive).hexdigest())
            await browser.open(package)
            code = next(code for code in self._codes(browser.page) if "outcome" in code and "seizure" in code)
            await browser.submit(
                "/answer",
                code=code,
                month=datetime.now(UTC).date().isoformat()[:7],
                tell_source="yes",
                text="Eleven drums. Thank you.",
            )
        return (
            "packages verified and opened with ssh-keygen and age-encryption, and with gpg; acknowledged and answered",
            "packages sealed to one agency each, and that it fetched them; no content, no hash",
        )

    # 10 ---------------------------------------------------------------------------------------------------------

    async def tell(self) -> tuple[str, str]:
        """The desk files the outcome, a handler chooses a phrase, two approve it, the source reads it and answers."""
        desk, amina = self._browsers["desk/amina"], self._browsers["corridor/amina"]
        await desk.open("/")
        release = await desk.open(f"/releases/{self.releases['harbour-customs']}")
        need("Eleven drums" in release.text, "the feedback has not reached the desk")
        page = await desk.open(f"{self._report}/outcome")
        month = page.form("/outcome").choices("month")[0]
        await desk.submit("/outcome", outcome=self._value(page, "outcome", "seizure"), month=month, tell_source="yes")
        outcome = (await amina.open("/outcomes")).link("/outcomes/")
        page = await amina.open(outcome)
        need(self.title in page.text, "the handler does not see which report the outcome is about")
        await amina.submit("/propose", phrase="helped")
        for name in ("ben", "clara"):
            await self._sign(name, self._browsers[f"guard/{name}"], "/phrases/", expect=phrase("helped").text)
        await amina.open("/")
        self.on.tipline("mailboxes")
        await self._source_reads(phrase("helped").text, "Is the store still in use?")
        await self._source_answers(amina)
        return (
            "outcome filed, phrase approved by two, read under the codename with the handler's reply; answer received",
            "on the source's side nothing but twelve words in a head or on paper",
        )

    # Pieces -----------------------------------------------------------------------------------------------------

    async def _source_signs_in(self) -> Page:
        source = self._browser("source")
        await source.open("/return")
        return await source.submit("/return", codename=self.codename.upper())

    async def _source_reads(self, *texts: str) -> None:
        page = await self._source_signs_in()
        for text in texts:
            need(text in page.text, f"the source does not read “{text}”: {page.text[:400]}")

    async def _source_answers(self, amina: Browser) -> None:
        source = self._browser("source")
        await source.submit("/answer", answer="Yes, every night. canary in the answer")
        await source.open("/thread")
        await source.submit("/leave")
        self.on.tipline("collect")
        await amina.open("/")
        need("canary in the answer" in (await amina.open(self._tip)).text, "the answer has not arrived")

    async def _handler_downloads(self, amina: Browser, tip: Page) -> None:
        expected = {
            hashlib.sha256(data).hexdigest()
            for data in (
                files.photograph(CANARY_FILE),
                files.document(CANARY_FILE),
                files.bulk(_BULK, CANARY_FILE),
            )
        }
        links = sorted({href for href, _ in tip.links if "/files/" in href})
        got = {hashlib.sha256((await amina.open(link)).body).hexdigest() for link in links}
        need(got == expected, "a file differs from what the source attached")

    async def _write_report(self, amina: Browser) -> None:
        page = await amina.open(f"{self._tip}/items")
        items = page.form("/report").choices("item")
        report = await amina.submit("/report", item=items)
        sent = report.form(report.path).choices("material")
        need(bool(sent) is bool(self.condition), "material that was handed over is not offered to the report")
        queued = await amina.submit(
            report.path,
            title=self.title,
            summary="Scales are being stored and prepared for export.",
            handling="P",
            subject=["wildlife.smuggling", "goods.pangolin"],
            agency=list(self.agencies),
            **({"material": sent} if sent else {}),
            **ANSWERED,
            sum_of_knowledge="Several people know each part of it.",
            act="queue",
        )
        need("review" in queued.text.lower(), f"the report was not queued: {queued.text[:400]}")

    async def _sign(self, name: str, browser: Browser, place: str, *, expect: str) -> None:
        card = self.on.cards["guard", name]
        path = (await browser.open("/")).link(place)
        seen = await browser.open(path)
        if any(form.action.endswith("/open") for form in seen.forms):  # a phrase is not sealed
            seen = await browser.submit("/open", passphrase=card.passphrase)
        need(expect in seen.text, f"{name} does not see what is signed: {seen.text[:400]}")
        await browser.submit("/sign", passphrase=card.passphrase)

    async def _download(self, browser: Browser, page: Page, folder: Path) -> None:
        for href, _ in page.links:
            if "/package." in href or "/keys/" in href:
                (folder / href.rsplit("/", 1)[1]).write_bytes((await browser.open(href)).body)

    def _fresh(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        return folder

    def _open_with_age(self, folder: Path) -> bytes:
        sealed = folder / "package.age"
        self._tool(
            [
                *("ssh-keygen", "-Y", "verify", "-I", "tipline", "-n", "tipline-package"),
                *("-f", str(folder / "allowed_signers"), "-s", f"{sealed}.sig"),
            ],
            sealed.read_bytes(),
        )
        key = (self.on.data / "practice" / "harbour-customs" / "key.txt").read_text().strip()
        return self._node(do="decrypt", identity=key, data=sealed.read_bytes())

    def _open_with_gpg(self, folder: Path) -> bytes:
        theirs = self.on.data / "practice" / "river-parks"
        home = self.folder / "pgp"
        shutil.copytree(theirs / "gnupg", home, ignore=shutil.ignore_patterns("S.*"))
        gpg = ["gpg", "--homedir", str(home), "--batch", "--no-tty"]
        sealed = folder / "package.zip.gpg"
        key = next(path for path in folder.iterdir() if path.suffix == ".asc" and "package.zip" not in path.name)
        self._tool([*gpg, "--import", str(key)])
        self._tool([*gpg, "--verify", f"{sealed}.asc", str(sealed)])
        passphrase = (theirs / "passphrase.txt").read_text().strip()
        opened = self._tool(
            [*gpg, "--pinentry-mode", "loopback", "--passphrase-fd", "0", "--decrypt", str(sealed)], passphrase.encode()
        )
        self._tool(["gpgconf", "--homedir", str(home), "--kill", "all"])
        return opened

    def _look_inside(self, archive: bytes, agency: str) -> None:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            members = {name: opened.read(name) for name in opened.namelist()}
        manifest = json.loads(members["manifest.json"])
        need(manifest["agency"] == agency, "the package names another agency")
        for name, digest in manifest["members"].items():
            need(hashlib.sha256(members[name]).hexdigest() == digest, f"{name} is not what the manifest lists")
        page = members["1-read-first.html"].decode()
        need(self.title in page and "<script" not in page, "the page to read first is not the report's")
        if self.condition:
            need(len(manifest["terms"]["material"]) == 1, "the terms do not list the material that the report rests on")
            need(self.condition in page, "the page to read first lacks a condition of that material")
        for canary in (CANARY_MESSAGE, CANARY_FILE, CANARY_NAME):
            need(canary.encode() not in archive, "the package holds words of the tip")

    @staticmethod
    def _codes(page: Page | None) -> Sequence[str]:
        need(page, "no page is open")
        return page.form("/answer").choices("code") if page else ()

    @staticmethod
    def _value(page: Page, name: str, part: str) -> str:
        """Return the choice of the page's select *name* that holds *part*."""
        return next(value for form in page.forms for value in form.choices(name) if part in value)

    def _node(self, *, data: bytes, **job: str | list[str]) -> bytes:
        """Let npm age-encryption seal or open *data*."""
        jobs = json.dumps([{**job, "data": base64.b64encode(data).decode()}]).encode()
        return base64.b64decode(json.loads(self._tool([NODE, str(_NODE_FOLDER / "age.mjs")], jobs))[0]["data"])

    @staticmethod
    def _tool(command: Sequence[str], stdin: bytes = b"") -> bytes:
        done = subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=60)
        if done.returncode:
            raise JourneyError(f"{command[0]} ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def _fails(self, *args: str) -> str:
        try:
            self.on.tipline(*args)
        except JourneyError as error:
            return str(error)
        raise JourneyError(f"tipline {' '.join(args)} should have refused")

    def visitor(self, process: str) -> Browser:
        """Give a browser of somebody else, who has visited nothing yet."""
        return Browser(self.on.url(process))

    def _browser(self, process: str) -> Browser:
        if process not in self._browsers:
            self._browsers[process] = Browser(self.on.url(process))
        return self._browsers[process]

    async def signed_in(self, process: str, name: str) -> Browser:
        """Return the browser in which *name* is signed in to *process*."""
        key = f"{process}/{name}"
        if key not in self._browsers:
            self._browsers[key] = await self.on.sign_in(process, name)
        return self._browsers[key]

    async def agreement(self, agency: str) -> tuple[str, str]:
        """Return the TOML of an agency's agreement, and the fingerprint of its key in it."""
        (stored,) = await self._inside("SELECT toml FROM unit.agreement WHERE agency = $1", agency)
        (enrolled,) = await self._inside("SELECT fingerprint FROM unit.agency WHERE id = $1", agency)
        return stored["toml"].decode(), enrolled["fingerprint"]

    async def _public(self, sql: str, *args: object) -> list[asyncpg.Record]:
        return await self._fetch("public", sql, *args)

    async def _inside(self, sql: str, *args: object) -> list[asyncpg.Record]:
        return await self._fetch("inside", sql, *args)

    async def _fetch(self, zone: str, sql: str, *args: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.on.owner_dsn(zone))
        try:
            return await connection.fetch(sql, *args)
        finally:
            await connection.close()

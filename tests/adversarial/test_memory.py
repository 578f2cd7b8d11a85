"""After 200 reports and a little rest nothing of them stands in the memory of any process: the public host forgets."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from crypto.codename import Codename, keys
from tests.adversarial import memory
from tests.adversarial.canary import Canary, Search
from tests.adversarial.everything import living, search_everything, until_idle
from tests.adversarial.memory import Process
from tests.journeys.browser import Browser, Upload, send_files
from tests.journeys.installation import Installation, installed
from tipline.base.languages import LANGUAGES, Language

SUBMISSIONS = 200
MESSAGE = "señor canary, wagtail 5b, loads horn at pier nine"
DETAIL = "detail canary, dunnock 5c, heard from a cousin"
ANSWER = "answer canary, redstart 5d, he leaves on Friday"
NAME = "name canary ouzel 5e.pdf"
BROKEN_OFF = "broken canary, siskin 5f, the line fell in the middle"
CONTENT = "content-canary-fieldfare-5f"
ASKED = "asked canary, firecrest 5g, a small green bird"
WHOM = "whom canary, goldcrest 5h, of the port police"
REFUSED = "refused canary, bunting 5i, sent before it was whole"
OTHERS = {3: "fr", 5: "ar"}  # by the last digit of a source's number: words of another list, and digits
_AT_ONCE = 8
_NOGROUP = 65534


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path) as running:
        yield running


def language_of(number: int) -> Language:
    return LANGUAGES[OTHERS.get(number % 10, "en")]


async def one_source(installation: Installation, number: int) -> Codename:
    """Report with a file, look at the codename again, answer questions, erase, or come back and answer; each does some of it."""
    root = language_of(number).root
    async with Browser(installation.url("source")) as browser:
        await browser.open(root)
        told = {"message": f"{MESSAGE} {number}", "how_known": DETAIL, "must_not_learn": ""}
        if number % 7 == 0:
            await browser.submit("/", status=400, **{**told, "message": f"{REFUSED} {number}", "involved": ""})
        codename = (await browser.submit("/", **told, involved="no")).ids["codename"]
        await send_files(browser, [Upload("files", f"{number} {NAME}", f"{CONTENT} {number} ".encode() * 3_000)])
        if number % 5 == 0:
            await browser.open(f"{root}check")
            await browser.submit("/check", status=400)
        if number % 10 in OTHERS or number % 7 == 0:
            await browser.open(f"{root}code")
        if number % 6 == 4:
            await some_questions(browser, number)
        if number % 4 == 2:
            await browser.open("/erase")
            await browser.submit("/erase")
        if number % 2:
            await browser.open(f"{root}return")
            await browser.submit("/return", codename=codename)
            whom = f"{WHOM} {number}" if number % 3 == 0 else ""
            await browser.submit("/answer", answer=f"{ANSWER} {number}", must_not_learn=whom)
            if number % 4 == 1:
                await browser.submit("/leave")
    return Codename.parse(codename)


async def some_questions(browser: Browser, number: int) -> None:
    """Answer one question and turn the page; half of them go away without having sent it."""
    await browser.open("/questions")
    await browser.submit("/questions", go="next", **{"species.words": f"{ASKED} {number}"})
    if number % 12 == 4:
        await browser.submit("/questions", go="send")


def of_codename(codename: Codename, language: Language) -> list[Canary]:
    """Every form in which a codename or what it opens could be left behind, as the page of that language writes it."""
    words, source = codename.words(language.codename), keys(codename)
    lines = [" ".join(words[start : start + 3]) for start in range(0, len(words), 3)]
    secrets = (codename.entropy, source.lookup, source.to_unit, source.to_source, source.state)
    written = [" ".join(words), "".join(words), *(line for line in lines if len(line) > 14)]
    return [*written, *(secret.expose() for secret in secrets)]


@contextlib.asynccontextmanager
async def half_sent(installation: Installation) -> AsyncIterator[None]:
    """A report that has been sent in part and then breaks off."""
    async with Browser(installation.url("source")) as browser:
        token = dict((await browser.open("/")).form("/").fields)["token"]
    fields = {"token": token, "involved": "no", "message": BROKEN_OFF}
    body = "".join(f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items())
    body += '--b\r\nContent-Disposition: form-data; name="how_known"\r\n\r\n' + "x" * 100_000
    head = (
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 900000\r\n\r\n"
    )
    _, writer = await asyncio.open_connection("127.0.0.1", installation.ports["source"])
    writer.write((head + body).encode())
    await writer.drain()
    await asyncio.sleep(1)
    try:
        yield
    finally:
        writer.transport.abort()


async def test_after_200_reports_nothing_of_them_stands_in_any_memory(installation: Installation) -> None:
    assert installation.process is not None
    if not memory.may_read(installation.process.pid):
        pytest.skip("the processes forbid it to every user but root")
    turns = asyncio.Semaphore(_AT_ONCE)

    async def turn(number: int) -> Codename:
        async with turns:
            return await one_source(installation, number)

    async with half_sent(installation):
        held = await asyncio.to_thread(memory.in_memory, living(installation, "source"), [BROKEN_OFF])
    codenames = await asyncio.gather(*(turn(number) for number in range(SUBMISSIONS)))
    await asyncio.to_thread(installation.tipline, "collect")
    await until_idle(installation)
    written = (of_codename(codename, language_of(number)) for number, codename in enumerate(codenames))
    told = (MESSAGE, DETAIL, ANSWER, NAME, CONTENT, BROKEN_OFF, ASKED, WHOM, REFUSED)
    canaries = [*told, *(form for forms in written for form in forms)]
    hits = await search_everything(installation, canaries)

    assert held  # the search finds what a worker rightly holds
    assert hits == []


@contextlib.contextmanager
def of_another_group() -> Iterator[None]:
    """Let what is started belong to a group other than root's, so that the kernel's mark of a closed process shows."""
    before = os.getgid()
    if os.geteuid() == 0:
        os.setregid(_NOGROUP, _NOGROUP)
    try:
        yield
    finally:
        if os.geteuid() == 0:
            os.setregid(before, before)


def closed(pid: int) -> bool:
    """Whether the process is not dumpable: to core files and to others of its user it is closed, its entries are root's."""
    found = Path(f"/proc/{pid}/environ").stat()
    return (found.st_uid, found.st_gid) == (0, 0)


async def test_no_process_of_the_zone_can_be_dumped_or_read_by_others_of_its_user(tmp_path: Path) -> None:
    with of_another_group(), installed(tmp_path) as installation:
        async with Browser(installation.url("source")) as browser:
            await browser.open("/")
            assert installation.process is not None
            found = memory.below(installation.process.pid)
            core = {one.name: _core(one.pid) for one in found}
            open_ = {one.name for one in found if not closed(one.pid)}

    assert len([one for one in found if one.name == "source"]) >= 3  # fork server, keep, a worker
    assert core == dict.fromkeys(core, ("0", "0"))
    assert open_ == {"postgres"}  # it holds ciphertext only, and its own programme decides


def _core(pid: int) -> tuple[str, ...]:
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return tuple(next(line for line in limits if line.startswith("Max core file size")).split()[4:6])


@pytest.mark.parametrize(
    "spelled", [MESSAGE.encode("latin-1"), MESSAGE.encode("utf-32-le"), quote_plus(MESSAGE).encode()]
)
def test_what_a_process_holds_is_found_in_other_spellings_too(spelled: bytes) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        held = b"before" * 1000 + bytes(reversed(bytes(reversed(spelled))))
        os.write(writer, b"r")
        time.sleep(60)
        os._exit(len(held) % 2)
    os.read(reader, 1)

    hits = memory.in_memory([Process(child, "child")], [MESSAGE])
    os.kill(child, 9)
    os.waitpid(child, 0)

    assert hits


def test_many_canaries_are_found_in_one_pass() -> None:
    canaries = [f"canary number {n} of many" for n in range(2_000)]
    data = os.urandom(1 << 20) + b"canary+number+1234+of+many" + os.urandom(1 << 20)

    hits = Search(canaries).in_bytes(data, "here")

    assert [(hit.canary, hit.spelling) for hit in hits] == [("canary number 1234 of many", "url")]

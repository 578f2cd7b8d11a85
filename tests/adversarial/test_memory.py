"""After 200 reports and a little rest nothing of them stands in the memory of any process: the public host forgets."""

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from crypto.codename import Codename, keys
from tests.adversarial import memory
from tests.adversarial.canary import Canary, Search
from tests.adversarial.everything import search_everything
from tests.adversarial.memory import Process
from tests.journeys.browser import Browser, Upload
from tests.journeys.installation import Installation, installed
from tipline.base.process import harden
from tipline.source import worker

SUBMISSIONS = 200
MESSAGE = "señor canary, wagtail 5b, loads horn at pier nine"
DETAIL = "detail canary, dunnock 5c, heard from a cousin"
ANSWER = "answer canary, redstart 5d, he leaves on Friday"
NAME = "name canary ouzel 5e.pdf"
CONTENT = "content-canary-fieldfare-5f"
_AT_ONCE = 8


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path) as running:
        yield running


async def one_source(installation: Installation, number: int) -> Codename:
    """Report with a file, come back with the codename, answer, leave; some leave without a word."""
    async with Browser(installation.url("source")) as browser:
        await browser.open("/")
        file = Upload("files", f"{number} {NAME}", f"{CONTENT} {number} ".encode() * 3_000)
        page = await browser.submit(
            "/", involved="no", message=f"{MESSAGE} {number}", how_known=DETAIL, must_not_learn="", files=[file]
        )
        codename = page.ids["codename"]
        if number % 2:
            await browser.open("/return")
            await browser.submit("/return", codename=codename)
            await browser.submit("/answer", answer=f"{ANSWER} {number}")
            if number % 4 == 1:
                await browser.submit("/leave")
    return Codename.parse(codename)


def of_codename(codename: Codename) -> list[Canary]:
    """Every form in which a codename or what it opens could be left behind."""
    words, source = codename.words(), keys(codename)
    groups = [" ".join(words[start : start + 3]) for start in range(0, 12, 3)]
    secrets = (codename.entropy, source.lookup, source.to_unit, source.to_source, source.state)
    return [" ".join(words), *(group for group in groups if len(group) > 14), *(secret.expose() for secret in secrets)]


def living(installation: Installation, name: str) -> list[Process]:
    assert installation.process is not None
    return [one for one in memory.below(installation.process.pid) if one.name == name]


async def until_idle(installation: Installation) -> None:
    """Wait until the source is the fork server and `keep` alone."""
    deadline = time.monotonic() + worker.IDLE_SECONDS + 20
    while len(living(installation, "source")) > 2:
        assert time.monotonic() < deadline, "a worker stays although nobody asks for anything"
        await asyncio.sleep(0.2)


async def test_after_200_reports_nothing_of_them_stands_in_any_memory(installation: Installation) -> None:
    assert installation.process is not None
    if not memory.may_read(installation.process.pid):
        pytest.skip("the processes forbid it to every user but root")
    turns = asyncio.Semaphore(_AT_ONCE)

    async def turn(number: int) -> Codename:
        async with turns:
            return await one_source(installation, number)

    codenames = await asyncio.gather(*(turn(number) for number in range(SUBMISSIONS)))
    busy = living(installation, "source")
    seen = await asyncio.to_thread(memory.in_memory, busy, [MESSAGE])
    await asyncio.to_thread(installation.tipline, "collect")
    await until_idle(installation)
    canaries = [MESSAGE, DETAIL, ANSWER, NAME, CONTENT, *(form for one in codenames for form in of_codename(one))]
    hits = await search_everything(installation, canaries)

    assert len(busy) > 2
    assert seen  # the search finds what a worker rightly holds
    assert hits == []


async def test_no_process_of_the_zone_can_be_dumped_or_read_by_others_of_its_user(installation: Installation) -> None:
    async with Browser(installation.url("source")) as browser:
        await browser.open("/")
        assert installation.process is not None
        found = memory.below(installation.process.pid)
        core = {one.name: _core(one.pid) for one in found}
        readable = {one.name for one in found if _readable_without_privilege(one.pid)}

    assert len([one for one in found if one.name == "source"]) >= 3  # fork server, keep, a worker
    assert core == dict.fromkeys(core, ("0", "0"))
    assert readable <= {"postgres"}  # holds ciphertext only; nothing can forbid it from the outside


def _core(pid: int) -> tuple[str, ...]:
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return tuple(next(line for line in limits if line.startswith("Max core file size")).split()[4:6])


def _readable_without_privilege(pid: int) -> bool:
    """Try as another process of the same user would, without root's powers."""
    command = ["cat", f"/proc/{pid}/environ"]
    if os.geteuid() == 0:
        command = [shutil.which("setpriv") or "setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_plain_process_can_be_read_and_a_hardened_one_cannot() -> None:
    plain = os.fork()
    if plain == 0:
        time.sleep(60)
        os._exit(0)
    hard = os.fork()
    if hard == 0:
        harden()
        time.sleep(60)
        os._exit(0)
    time.sleep(0.3)

    readable = [_readable_without_privilege(pid) for pid in (plain, hard)]
    for pid in (plain, hard):
        os.kill(pid, 9)
        os.waitpid(pid, 0)

    assert readable == [True, False]


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

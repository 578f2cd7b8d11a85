"""The kit: its size, how long Firefox takes to open it and to seal, with and without its compiler, and Chromium's memory."""

import gzip
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.memory import Highest, chromium, in_mib
from tests.benchmarks.table import Row
from tests.handins import Receiver
from tests.journeys import firefox
from tests.journeys.chromium import Chromium
from tests.journeys.firefox import SAFER, STANDARD, Firefox
from tests.journeys.kitpage import TODAY
from tipline import kit
from tipline.kit import Inputs
from tipline.questionnaire import current
from tipline.questionnaire.carried import Carried

_MIB = 1 << 20
_LARGE = (100, 400)  # MiB; whether memory is flat shows between the two
_FILES = {"Standard": 20 * _MIB, "Safer": _MIB}  # without the compiler a twentieth is enough to tell the rate


def figures(folder: Path) -> list[Row]:
    """Make a kit, weigh it, and seal with it in Firefox where that is installed."""
    page = kit.build(
        Inputs(Receiver(TODAY).keys(), "112", practice=True, questionnaire=Carried.of(current.default())),
        kit.built_script(),
    )
    (folder / kit.PAGE_NAME).write_bytes(page)
    packed = f"{len(gzip.compress(page, 9)) / 1000:.0f} kB packed with gzip"
    rows = [Row("kit: size with one intake key", f"{len(page) / 1000:.0f} kB", packed)]
    for size in _LARGE:
        rows += large_file(folder, size)
    if firefox.installed() is None:
        return rows
    for level, preferences in (("Standard", STANDARD), ("Safer", SAFER)):
        rows += _in_firefox(folder, level, Firefox(preferences))
    return rows


def large_file(folder: Path, size: int) -> list[Row]:
    """Seal a sparse file of *size* MiB in Chromium, save every file that comes of it, and watch the memory."""
    film = folder / "film.mp4"
    with film.open("wb") as file:
        file.truncate(size * _MIB)
    with Chromium(online=False) as browser:
        browser.open((folder / kit.PAGE_NAME).as_uri())
        browser.wait_for("#start")
        _written(browser)
        idle = chromium()
        with Highest(chromium) as highest:
            browser.upload("#tell-files", film)
            sealed = _until(browser, "#sealed", lambda: browser.click("#tell-form button[type=submit]"))
            started = time.perf_counter()
            names = browser.run(
                "return [...document.querySelectorAll('#sealed .files bdi')].map((one) => one.textContent)"
            )
            for number, name in enumerate(names):
                browser.run("document.querySelectorAll('#sealed .files button')[arguments[0]].click()", number)
                browser.downloaded(name).unlink()
            saved = time.perf_counter() - started
    above = [in_mib(most - was) for most, was in zip(highest.seen, idle, strict=True)]
    return [
        Row(
            f"kit in Chromium: seal a file of {size} MiB, and save all files",
            f"{sealed:.0f} s, {saved:.0f} s",
            f"{size * _MIB / 1e6 / sealed:.1f} MB/s",
        ),
        Row("memory above idle meanwhile (PSS): page, all of Chromium", ", ".join(above)),
    ]


def _written(browser: Firefox | Chromium) -> None:
    browser.click("#go-tell")
    browser.click("input[name=involved][value=no]")
    browser.fill("#message", "two kilobytes. " * 137)


def _in_firefox(folder: Path, level: str, opened: Firefox) -> list[Row]:
    size = _FILES[level]
    (folder / "file").write_bytes(bytes(size))
    with opened as browser:
        opening = _until(browser, "#start", lambda: browser.open((folder / kit.PAGE_NAME).as_uri()))
        message = _sealed(browser, None)
        browser.open((folder / kit.PAGE_NAME).as_uri())
        browser.wait_for("#start")
        file = _sealed(browser, folder / "file")
    return [
        Row(f"kit in Firefox, {level}: open", f"{opening * 1000:.0f} ms"),
        Row(f"kit in Firefox, {level}: seal 2 kB of text", f"{message * 1000:.0f} ms"),
        Row(
            f"kit in Firefox, {level}: seal a file of {size // _MIB} MiB",
            f"{file:.1f} s",
            f"{size / _MIB / file:.2f} MiB/s",
        ),
    ]


def _sealed(browser: Firefox, file: Path | None) -> float:
    _written(browser)
    if file is not None:
        browser.upload("#tell-files", file)
    return _until(browser, "#sealed", lambda: browser.click("#tell-form button[type=submit]"))


def _until(browser: Firefox | Chromium, selector: str, act: Callable[[], None]) -> float:
    started = time.perf_counter()
    act()
    browser.wait_for(selector, seconds=600)
    return time.perf_counter() - started

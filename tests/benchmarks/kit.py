"""The kit: how large it is, and how long Firefox takes to open it and to seal, with and without its compiler for script."""

import gzip
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.table import Row
from tests.handins import Receiver
from tests.journeys import firefox
from tests.journeys.firefox import SAFER, STANDARD, Firefox
from tests.journeys.kitpage import TODAY
from tipline import kit
from tipline.kit import Inputs
from tipline.questionnaire import current
from tipline.questionnaire.carried import Carried

_MIB = 1 << 20
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
    if firefox.installed() is None:
        return rows
    for level, preferences in (("Standard", STANDARD), ("Safer", SAFER)):
        rows += _in_firefox(folder, level, Firefox(preferences))
    return rows


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
    browser.click("#go-tell")
    browser.click("input[name=involved][value=no]")
    browser.fill("#message", "two kilobytes. " * 137)
    if file is not None:
        browser.upload("#tell-files", file)
    return _until(browser, "#sealed", lambda: browser.click("#tell-form button[type=submit]"))


def _until(browser: Firefox, selector: str, act: Callable[[], None]) -> float:
    started = time.perf_counter()
    act()
    browser.wait_for(selector, seconds=600)
    return time.perf_counter() - started

"""A page of the inside as a real browser shows it, from the answer alone: its styles are in it, and nothing else is asked for."""

import asyncio

from tests.journeys import axe
from tests.journeys.chromium import Chromium
from tests.journeys.pictures import Pictures

SIZES = (1280, 768, 320)
ARABIC = "ناب عاج محمول في حاوية قرب الميناء"
_WIDER = "return document.documentElement.scrollWidth > document.documentElement.clientWidth"
_CUT = """return [...document.querySelectorAll("body *")].filter((one) => one.scrollWidth > one.clientWidth + 1
  && !["visible", "auto", "scroll"].includes(getComputedStyle(one).overflowX)
  && !one.matches("input, textarea, select, .visually-hidden, .skip")).map((one) => one.tagName + "." + one.className)"""
_UNFOLD = "document.querySelectorAll('details:not([open])').forEach((one) => { one.open = one.wasFolded = true; })"
_FOLD = "document.querySelectorAll('details').forEach((one) => { if (one.wasFolded) one.open = false; })"
_LEFT = """return [...document.querySelectorAll("[dir=auto], bdi")].filter((one) => {
  const text = one.textContent.trim();
  return /^[\\u0600-\\u06ff]/.test(text) && getComputedStyle(one).direction !== "rtl";
}).map((one) => one.tagName + ": " + one.textContent.trim().slice(0, 30))"""
_SPREAD = """return [...document.querySelectorAll("h1, h2, h3, p, li, dd, legend, label, summary, td")].filter((one) => {
  const own = [...one.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join("");
  return /[\\u0600-\\u06ff]/.test(own) && !one.closest("[dir], bdi, pre");
}).map((one) => one.tagName + ": " + one.textContent.trim().slice(0, 40))"""


class Looking:
    """Somebody who looks at one page after the other; `wrong` says what keeps anybody out of one."""

    def __init__(self, process: str) -> None:
        self._pictures = Pictures(f"looks of {process}")
        self.wrong: dict[str, list[str]] = {}
        self.seen: list[str] = []

    async def at(self, pages: dict[str, bytes]) -> None:
        """Look at pages by name, each as it was answered."""
        await asyncio.to_thread(self._all, pages)

    def _all(self, pages: dict[str, bytes]) -> None:
        with Chromium(online=False) as browser:
            for name, body in pages.items():
                html = body.decode()
                browser.do(lambda page, html=html: page.set_content(html))  # type: ignore[misc]
                found = self._one(browser, name)
                self.seen.append(name)
                if found:
                    self.wrong[name] = found

    def _one(self, browser: Chromium, name: str) -> list[str]:
        found = []
        browser.run(_UNFOLD)
        for width in SIZES:
            browser.resize(width, 800)
            found += [f"{width}: it has to be scrolled sideways"] * bool(browser.run(_WIDER))
            found += [f"{width}: {one} is cut" for one in browser.run(_CUT)]
        found += [f"does not turn round: {one}" for one in browser.run(_LEFT)]
        found += [f"stands among other words unmarked: {one}" for one in browser.run(_SPREAD)]
        found += axe.violations(browser)
        browser.run(_FOLD)
        self._pictures.keep(browser, name, SIZES[-1])
        return found

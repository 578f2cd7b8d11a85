"""axe-core, other people's rules for pages that everybody can use, over the page that a browser shows."""

from functools import cache
from pathlib import Path
from typing import Literal

from tests.journeys.chromium import Chromium

_AXE = Path(__file__).parents[1] / "node" / "node_modules" / "axe-core" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_SCHEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")
_RUN = """async (rules) => {
  const found = await axe.run(document, {runOnly: {type: "tag", values: rules}});
  return found.violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`);
}"""


@cache
def _source() -> str:
    return _AXE.read_text("utf-8")


def faults(browser: Chromium, width: int) -> list[str]:
    """Return what keeps anybody out of what shows now: by axe, in light and dark, and whether it is wider than the window."""
    found = []
    for scheme in _SCHEMES:
        browser.dress(scheme)
        found += [f"{scheme}: {one}" for one in violations(browser)]
    if browser.run("return document.documentElement.scrollWidth") > width:
        found.append("it has to be scrolled sideways")
    return found


def violations(browser: Chromium) -> list[str]:
    """Return what is wrong with what shows now, one sentence each; hidden parts are looked at once they show."""
    if not browser.run("return typeof axe === 'object'"):
        browser.do(lambda page: page.evaluate(_source()))
    return list(browser.do(lambda page: page.evaluate(_RUN, _RULES)))

"""A real Chromium, driven in the words of `tests.journeys.firefox`, so that one journey is walked in both."""

import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from playwright.sync_api import Download, Page, sync_playwright

T = TypeVar("T")
_PAINT = 30  # milliseconds; frames inside a page, and its far end, come later than the rest
_HEARD = {"button", "checkbox", "DisclosureTriangle", "group", "heading", "link", "radio", "textbox"}


class Chromium:
    """One browser with a profile of its own. *online* False cuts it off, and `asked` keeps what it asked for all the same.

    The driver lives in a thread of its own, for it refuses one in which an event loop runs. *script* False lets no page run
    any; axe, which needs it, then looks at the same page in another browser. *agent* is what it says of itself.
    """

    def __init__(
        self, *, online: bool = True, script: bool = True, agent: str = "", width: int = 768, dark: bool = False
    ) -> None:
        self._online, self._script, self._agent, self._width, self._dark = online, script, agent, width, dark
        self._thread = ThreadPoolExecutor(max_workers=1)
        self.downloads = Path(tempfile.mkdtemp(prefix="chromium-"))
        self.asked: list[str] = []
        self.refused: list[str] = []
        self._saved: list[Download] = []

    def do(self, act: Callable[[Page], T]) -> T:
        """Do something with the driver's own page."""
        return self._thread.submit(lambda: act(self._page)).result()

    def __enter__(self) -> Self:
        self._thread.submit(self._start).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.submit(self._stop).result()
        self._thread.shutdown()
        shutil.rmtree(self.downloads, ignore_errors=True)

    def anew(self, *, dark: bool = False) -> None:
        """Go on with a fresh profile: nothing is left of what was opened, asked for or saved before."""
        self._dark = dark
        self._thread.submit(self._anew).result()

    def _start(self) -> None:
        binary = shutil.which("chromium")
        assert binary is not None, "chromium is not installed: make setup"
        self._driver = sync_playwright().start()
        self._browser = self._driver.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        self._profile()

    def _anew(self) -> None:
        self._context.close()
        for forgotten in (self.asked, self.refused, self._saved):
            forgotten.clear()
        for file in self.downloads.iterdir():
            file.unlink()
        self._profile()

    def _profile(self) -> None:
        self._context = self._browser.new_context(
            offline=not self._online,
            java_script_enabled=self._script,
            user_agent=self._agent or None,
            viewport={"width": self._width, "height": 640},
            color_scheme="dark" if self._dark else "light",
        )
        self._page = self._context.new_page()
        self._page.on("request", lambda request: self.asked.append(request.url))
        self._page.on("download", lambda saved: self._saved.append(saved))  # noqa: PLW0108 - the driver marks what it calls
        self._page.on("console", lambda said: self.refused.append(said.text) if said.type == "error" else None)

    def _stop(self) -> None:
        self._browser.close()
        self._driver.stop()

    def open(self, address: str) -> bytes:
        """Go to *address*, wait until it is loaded, and return the page as it arrived; nothing for a file."""
        answer = self.do(lambda page: page.goto(address))
        return self.do(lambda _: answer.body()) if answer else b""

    @property
    def address(self) -> str:
        """What the address bar says."""
        return self.do(lambda page: page.url)

    def text(self, selector: str) -> str:
        """Return the words that show."""
        return self.do(lambda page: page.inner_text(selector))

    def shows(self, selector: str) -> bool:
        """Say whether it is there and can be seen."""
        return self.do(lambda page: page.is_visible(selector))

    def wait_for(self, selector: str, *, seconds: float = 60) -> None:
        """Wait until it shows."""
        self.do(lambda page: page.wait_for_selector(selector, timeout=1000 * seconds))

    def click(self, selector: str) -> None:
        """Click it."""
        self.do(lambda page: page.click(selector))

    def fill(self, selector: str, text: str) -> None:
        """Put a text in at once."""
        self.do(lambda page: page.fill(selector, text))

    def choose(self, selector: str, value: str) -> None:
        """Choose a value in a list."""
        self.do(lambda page: page.select_option(selector, value))

    def value(self, selector: str) -> str:
        """Return what stands in a field."""
        return self.do(lambda page: page.input_value(selector))

    def disabled(self, selector: str) -> bool:
        """Say whether it can be pressed by nobody."""
        return self.do(lambda page: page.is_disabled(selector))

    def press(self, key: str) -> None:
        """Press a key wherever the focus is."""
        self.do(lambda page: page.keyboard.press(key))

    def upload(self, selector: str, *files: Path) -> None:
        """Choose files in a file field."""
        self.do(lambda page: page.set_input_files(selector, list(files)))

    def run(self, script: str, *args: Any) -> Any:
        """Run a function body in the page and return what it returns."""
        body = f"(args) => (function () {{ {script} }}).apply(null, args)"
        return self.do(lambda page: page.evaluate(body, list(args)))

    def dress(self, scheme: Literal["light", "dark"]) -> None:
        """Prefer light or dark, as a person's system does."""
        self.do(lambda page: page.emulate_media(color_scheme=scheme))

    def resize(self, width: int, height: int) -> None:
        """Give the page *width* by *height* CSS pixels, and a moment in which all of it is painted anew."""
        self.do(lambda page: page.set_viewport_size({"width": width, "height": height}))
        self.do(lambda page: page.wait_for_timeout(_PAINT))

    def heard(self) -> list[tuple[str, str]]:
        """Return what a screen reader is told of the page's main part: role and name of headings and of all that can be used."""
        told = self._told()
        tree = {node["nodeId"]: node for node in told}
        waits = [next(one["nodeId"] for one in told if _role(one) == "main")]
        heard = []
        while waits:
            node = tree[waits.pop()]
            waits += reversed(node["childIds"])
            if not node["ignored"] and _role(node) in _HEARD:
                heard.append((_role(node), node["name"]["value"]))
        return heard

    def in_focus(self) -> tuple[str, str, bool]:
        """Return what it is told of the field that the focus is in: its name, what stands beside it, and whether it is wrong."""
        for node in self._told():
            said = {one["name"]: one["value"].get("value") for one in node.get("properties", ())}
            if said.get("focused") and "editable" in said:
                return node["name"]["value"], node["description"]["value"], said["invalid"] == "true"
        raise LookupError("the focus is in no field")

    def _told(self) -> list[dict[str, Any]]:
        tree = self.do(lambda page: page.context.new_cdp_session(page).send("Accessibility.getFullAXTree"))
        return list(tree["nodes"])

    def printed(self) -> bytes:
        """Print the page to a PDF."""
        return self.do(lambda page: page.pdf())

    def cookies(self) -> list[Any]:
        """Return the cookies of every page."""
        return self.do(lambda page: list(page.context.cookies()))

    def picture(self, file: Path) -> None:
        """Take a picture of the whole page."""
        self.do(lambda page: page.screenshot(path=file, full_page=True))

    def downloaded(self, name: str) -> Path:
        """Wait until a file of this name was saved whole."""
        return self.do(lambda page: self._await_download(page, name))

    def _await_download(self, page: Page, name: str) -> Path:
        while not (found := [one for one in self._saved if one.suggested_filename == name]):
            page.wait_for_event("download")
        found[-1].save_as(self.downloads / name)
        self._saved.remove(found[-1])  # the next of this name is another
        return self.downloads / name


def _role(node: dict[str, Any]) -> str:
    return str(node["role"]["value"])

"""A real Firefox, driven over Marionette, with the preferences that Tor Browser sets at each security level."""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Protocol, Self

from tipline.base.process import die_with_parent

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that the WebDriver standard gives to a found element
_START_SECONDS = 60
_COOKIES = """return [...Services.cookies.cookies, ...Services.cookies.getCookiesWithOriginAttributes('{"privateBrowsingId":1}')]
  .map((one) => one.name)"""
_QUIET: Mapping[str, Any] = {
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.contentblocking.category": "custom",
    "browser.newtabpage.enabled": False,
    "browser.region.update.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.push.enabled": False,
    "extensions.blocklist.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.prefetch-next": False,
    "privacy.trackingprotection.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "signon.rememberSignons": False,
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.server": "data:,",
    "trailhead.firstrun.didSeeAboutWelcome": True,
}
"""What keeps Firefox itself from asking anybody anything, so that whatever is asked was asked by the page."""

STANDARD: Mapping[str, Any] = MappingProxyType(
    {
        "browser.privatebrowsing.autostart": True,
        "dom.securecontext.allowlist_onions": True,
        "dom.serviceWorkers.enabled": False,
        "media.peerconnection.enabled": False,
        "network.http.referer.hideOnionSource": True,
        "privacy.resistFingerprinting": True,
        "privacy.resistFingerprinting.letterboxing": True,
        "privacy.spoof_english": 2,
        "webgl.disabled": True,
    }
)
SAFER: Mapping[str, Any] = MappingProxyType(
    {
        **STANDARD,
        "gfx.font_rendering.graphite.enabled": False,
        "gfx.font_rendering.opentype_svg.enabled": False,
        "javascript.options.asmjs": False,
        "javascript.options.baselinejit": False,
        "javascript.options.ion": False,
        "javascript.options.native_regexp": False,
        "javascript.options.wasm": False,
        "mathml.disabled": True,
        "media.webaudio.enabled": False,
    }
)
SAFEST: Mapping[str, Any] = MappingProxyType(
    {
        **SAFER,
        "gfx.downloadable_fonts.enabled": False,
        "javascript.enabled": False,
        "javascript.options.blinterp": False,
        "svg.disabled": True,
    }
)
LEVELS: Mapping[str, Mapping[str, Any]] = MappingProxyType({"standard": STANDARD, "safer": SAFER, "safest": SAFEST})


class FirefoxError(Exception):
    """The browser refused a command; the text is its own."""


def installed() -> str | None:
    """Return where Firefox is, or None."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Proxy(Protocol):
    """Where requests go instead of to the network."""

    def preferences(self) -> dict[str, Any]:
        """Return what Firefox must be told for it."""


@dataclass(slots=True)
class DeadProxy:
    """A proxy that answers nobody and remembers the first line of what it was asked."""

    asked: list[str] = field(default_factory=list)
    _socket: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def port(self) -> int:
        """Where it listens on this machine."""
        return int(self._socket.getsockname()[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                asking, _ = self._socket.accept()
            except OSError:
                return
            with asking, suppress(OSError):
                asking.settimeout(2)
                self.asked.append(asking.recv(1024).split(b"\r\n")[0].decode("latin-1"))

    def preferences(self) -> dict[str, Any]:
        """Send everything here, this machine's own addresses included."""
        named = {f"network.proxy.{kind}": "127.0.0.1" for kind in ("http", "ssl")}
        ports = {f"network.proxy.{kind}_port": self.port for kind in ("http", "ssl")}
        return {"network.proxy.type": 1, **named, **ports, "network.proxy.allow_hijacking_localhost": True}


class Firefox:
    """One browser with a profile of its own, which is gone afterwards.

    Args:
        preferences: one of `LEVELS`, or more.
        proxy: where every request goes instead of to the network.
        desktop: the environment that names a screen to show its window on; without it there is no window.
    """

    def __init__(
        self,
        preferences: Mapping[str, Any] = STANDARD,
        *,
        proxy: Proxy | None = None,
        desktop: Mapping[str, str] | None = None,
    ) -> None:
        self._desktop = desktop
        self.folder = Path(tempfile.mkdtemp(prefix="firefox-"))
        self.profile = self.folder / "profile"
        self.downloads = self.folder / "downloads"
        for made in (self.profile, self.downloads):
            made.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        away = proxy.preferences() if proxy else {"network.proxy.type": 0}
        own = {
            "browser.download.alwaysOpenPanel": False,
            "browser.download.always_ask_before_handling_new_types": False,
            "browser.download.dir": str(self.downloads),
            "browser.download.folderList": 2,
            "browser.helperApps.neverAsk.saveToDisk": "application/octet-stream",
            "marionette.port": self._port,
        }
        lines = {**_QUIET, **preferences, **away, **own}.items()
        text = "".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in lines)
        (self.profile / "user.js").write_text(text)
        self._count = 0

    def __enter__(self) -> Self:
        binary = installed()
        if binary is None:
            raise FirefoxError("firefox-esr is not installed: make setup")
        parent = os.getpid()
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    binary,
                    "--marionette",
                    "--remote-allow-system-access",
                    *([] if self._desktop else ["--headless"]),
                    "--no-remote",
                    "--profile",
                    str(self.profile),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={
                    **os.environ,
                    "HOME": str(self.folder),
                    "MOZ_CRASHREPORTER_DISABLE": "1",
                    "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1",
                    **(self._desktop or {}),
                },
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(signal.SIGKILL, parent),  # noqa: PLW1509 - two calls of the kernel
            )
        try:
            self._socket = self._connect()
            self._answers = self._socket.makefile("rb")
            self._read()  # it greets first
            self._command("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {"acceptInsecureCerts": False}}})
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(FirefoxError, OSError, ValueError):
            self._command("Marionette:Quit", {"flags": ["eForceQuit"]})
        self._end()

    def _connect(self) -> socket.socket:
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self._port), timeout=600)
            except OSError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise FirefoxError((self.folder / "log").read_text("utf-8", "replace")[-2000:]) from None
                time.sleep(0.05)

    def _end(self) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # its own session: content processes go with it
        self._process.wait()
        if hasattr(self, "_socket"):
            self._answers.close()
            self._socket.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self) -> Any:
        length = b""
        while (digit := self._answers.read(1)) != b":":
            if not digit:
                raise FirefoxError("the browser has gone")
            length += digit
        return json.loads(self._answers.read(int(length)))

    def _command(self, name: str, parameters: Mapping[str, Any] | None = None) -> Any:
        self._count += 1
        message = json.dumps([0, self._count, name, parameters or {}]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _, _, error, value = self._read()
        if error:
            raise FirefoxError(f"{error['error']}: {error['message']}")
        return value

    # What a person does and sees.

    def open(self, address: str) -> None:
        """Go to *address* and wait until it is loaded."""
        self._command("WebDriver:Navigate", {"url": address})

    def back(self) -> None:
        """Go back to the page before; where nothing is kept of it, the browser says so in its place."""
        with suppress(FirefoxError):
            self._command("WebDriver:Back")

    @property
    def address(self) -> str:
        """What the address bar says."""
        return str(self._command("WebDriver:GetCurrentURL")["value"])

    def _find(self, selector: str) -> str:
        found = self._command("WebDriver:FindElement", {"using": "css selector", "value": selector})
        return str(found["value"][ELEMENT])

    def text(self, selector: str) -> str:
        """Return the words that show."""
        return str(self._command("WebDriver:GetElementText", {"id": self._find(selector)})["value"])

    def shows(self, selector: str) -> bool:
        """Say whether it is there and can be seen."""
        try:
            return bool(self._command("WebDriver:IsElementDisplayed", {"id": self._find(selector)})["value"])
        except FirefoxError:
            return False

    def wait_for(self, selector: str, *, seconds: float = 60) -> None:
        """Wait until it shows; raises `FirefoxError` with what the page says instead."""
        until = time.monotonic() + seconds
        while not self.shows(selector):
            if time.monotonic() > until:
                raise FirefoxError(f"{selector} does not show: {self.text('body')[:2000]}")
            time.sleep(0.05)

    def click(self, selector: str) -> None:
        """Click it."""
        self._command("WebDriver:ElementClick", {"id": self._find(selector)})

    def type(self, selector: str, text: str) -> None:
        """Type into it, key by key; for a file field the path of a file."""
        self._command("WebDriver:ElementSendKeys", {"id": self._find(selector), "text": text})

    def press(self, keys: str) -> None:
        """Press keys wherever the focus is."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        chain = [{"type": "key", "id": "keyboard", "actions": actions}]
        self._command("WebDriver:PerformActions", {"actions": chain})

    def fill(self, selector: str, text: str) -> None:
        """Put a long text in at once, as pasting does."""
        script = "const [s, t] = arguments; const e = document.querySelector(s); e.focus(); e.value = t;"
        self.run(script + "e.dispatchEvent(new Event('input', {bubbles: true}))", selector, text)

    def choose(self, selector: str, value: str) -> None:
        """Choose a value in a list."""
        self.click(f"{selector} option[value='{value}']")

    def value(self, selector: str) -> str:
        """Return what stands in a field."""
        return str(self.run("return document.querySelector(arguments[0]).value", selector))

    def upload(self, selector: str, *files: Path) -> None:
        """Choose files in a file field, in the place of those chosen before unless it takes several."""
        for file in files:
            self.type(selector, str(file))

    def run(self, script: str, *args: Any, sandbox: str | None = None) -> Any:
        """Run a function body in the page and return what it returns; the page's own policy does not bind it."""
        parameters = {"script": script, "args": list(args), "sandbox": sandbox, "newSandbox": False}
        return self._command("WebDriver:ExecuteScript", parameters)["value"]

    def cookies(self) -> list[str]:
        """Return the names of all cookies that the browser holds, of private windows too, which no page and no driver is told of."""
        self._command("Marionette:SetContext", {"value": "chrome"})
        try:
            return [str(name) for name in self.run(_COOKIES, sandbox="system")]
        finally:
            self._command("Marionette:SetContext", {"value": "content"})

    def resize(self, width: int, height: int) -> None:
        """Make the window so large that the page has *width* by *height* CSS pixels."""
        self._command("WebDriver:SetWindowRect", {"width": width, "height": height})
        inner = self.run("return [innerWidth, innerHeight]")
        wider = {"width": 2 * width - inner[0], "height": 2 * height - inner[1]}
        self._command("WebDriver:SetWindowRect", wider)

    def picture(self, file: Path) -> None:
        """Take a picture of the whole page."""
        taken = self._command("WebDriver:TakeScreenshot", {"full": True, "hash": False})["value"]
        file.write_bytes(base64.b64decode(taken))

    def downloaded(self, name: str, *, seconds: float = 60) -> Path:
        """Wait until a file of this name was saved whole."""
        file, until = self.downloads / name, time.monotonic() + seconds
        while not file.exists() or not file.stat().st_size or list(self.downloads.glob("*.part")):
            if time.monotonic() > until:
                names = sorted(path.name for path in self.downloads.iterdir())
                raise FirefoxError(f"{name} was not saved; there are {names}")
            time.sleep(0.05)
        return file

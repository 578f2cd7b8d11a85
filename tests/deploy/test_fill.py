"""Templates are filled whole or not at all; what comes out is valid for the Tor and HAProxy that are installed."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from tests.deploy.filled import DEPLOY, filled, tool
from tipline.base.settings import PORTS
from tipline.base.web import strict_headers
from tipline.source import forkserver, returning, worker
from tipline.source.session import COOKIE

_FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
_PLACE = re.compile(r"@([a-z_]+)@")
_HOST = re.compile(
    r"[a-z2-7]{56}|\b(?!127\.0\.0\.)\d{1,3}(?:\.\d{1,3}){3}\b|[\w.-]+@[\w-]+\.\w|https?://|\b[\w-]+\.(?:com|org|net|int)\b"
)
_BUFFER = 15_000  # bytes: HAProxy takes a page of its own only when it fits one buffer of 16 KiB


def words() -> dict[str, dict[str, str]]:
    return tomllib.loads((DEPLOY / "haproxy/pages/words.toml").read_text("utf-8"))


def run(values: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DEPLOY / "fill.py"), str(values), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def fill() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fill", DEPLOY / "fill.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_haproxy_takes_its_file(tmp_path: Path) -> None:
    config = filled(tmp_path) / "haproxy/haproxy.cfg"

    done = subprocess.run([tool("haproxy"), "-c", "-f", str(config)], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout + done.stderr) == (0, "Configuration file is valid\n")


@pytest.mark.parametrize("host", ["public", "inside"])
def test_tor_takes_its_files(tmp_path: Path, host: str) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "onion_auth").mkdir(mode=0o700)
    torrc = filled(tmp_path, state=state) / f"tor/{host}.torrc"
    command = [tool("tor"), "--verify-config", "--defaults-torrc", str(tmp_path / "none"), "-f", str(torrc)]

    done = subprocess.run([*command, "--DataDirectory", str(state)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert "Configuration was valid" in done.stdout
    warnings = [line for line in done.stdout.splitlines() if "[warn]" in line and "running Tor as root" not in line]
    assert warnings == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "socket is missing"),
        ('socket = "/run/a b.sock"', "socket must be one word"),
        ('socket = "/run/a.sock"\nspeed = 3', "speed is asked for by no template"),
        ("socket = true", "socket must be one word"),
        ("socket = ", "fill.py: "),
    ],
)
def test_a_missing_unknown_or_odd_value_fills_nothing_and_is_named(tmp_path: Path, line: str, said: str) -> None:
    values = tmp_path / "values.toml"
    values.write_text(re.sub(r"^socket = .*$", line, (DEPLOY / "values.toml").read_text(), flags=re.MULTILINE))

    done = run(values, tmp_path / "out")

    assert done.returncode == 1
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


def test_deploys_own_values_fill_every_place_and_have_the_ports_of_the_settings(tmp_path: Path) -> None:
    assert run(DEPLOY / "values.toml", tmp_path).returncode == 0

    values = tomllib.loads((DEPLOY / "values.toml").read_text())
    assert (values["source_port"], values["drop_port"]) == (PORTS["source"], PORTS["drop"])
    assert [path for path in tmp_path.rglob("*") if path.is_file() and _PLACE.search(path.read_text())] == []


def test_the_source_process_is_asked_no_more_at_once_than_it_takes() -> None:
    values = tomllib.loads((DEPLOY / "values.toml").read_text())

    assert values["small_at_once"] + values["large_at_once"] <= forkserver.WORKERS * worker.CONNECTIONS


def test_every_value_says_what_it_is_for() -> None:
    lines = [line for line in (DEPLOY / "values.toml").read_text().splitlines() if " = " in line]
    silent = [line for line in lines if "#" not in line and not line.startswith(("haproxy_", "introductions"))]

    assert silent == []


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_no_file_of_deploys_names_a_host(path: Path) -> None:
    assert _HOST.findall(path.read_text()) == []


def test_haproxy_keeps_no_log_and_opens_nothing_but_the_socket_for_tor() -> None:
    config = (DEPLOY / "haproxy/haproxy.cfg").read_text()
    directives = [line.split()[0] for line in config.splitlines() if line.strip() and not line.strip().startswith("#")]

    assert not {"log", "stats", "capture", "log-format", "peers", "program"} & set(directives)
    assert directives.count("bind") == 1
    assert "forwardfor" not in config


def test_a_returning_source_is_known_by_what_the_source_process_gives_and_asks() -> None:
    config = (DEPLOY / "haproxy/haproxy.cfg").read_text()

    assert re.findall(r"^ +acl returning (.*)$", config, re.MULTILINE) == [
        "path_end /return",
        f"req.cook({COOKIE}) -m found",
    ]
    assert "/return" in {route.path for route in returning.ROUTES}


@pytest.mark.parametrize("status", [400, 408, 429, 500, 502, 503, 504])
def test_a_page_of_haproxys_is_as_strict_as_any_and_whole(fill: ModuleType, status: int) -> None:
    answer = fill.page(status, words())
    head, _, body = answer.decode().partition("\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])

    assert len(answer) < _BUFFER
    assert int(headers["Content-Length"]) == len(body.encode())
    policy = headers["Content-Security-Policy"]
    assert re.sub(r"style-src 'sha256-[^']+'; ", "", policy) == strict_headers(None)["Content-Security-Policy"]
    assert {name: headers[name] for name in strict_headers(None)} == {
        **strict_headers(None),
        "Content-Security-Policy": policy,
    }
    assert body.count("<section") == len(words()["languages"]) - 1
    assert '<section lang="ar" dir="rtl">' in body


def test_every_language_has_every_text() -> None:
    languages = set(words()["languages"])

    assert {name: set(texts) for name, texts in words().items()} == dict.fromkeys(words(), languages)
    assert languages == {"en", "fr", "es", "pt", "sw", "ar", "vi", "zh-Hans", "id"}

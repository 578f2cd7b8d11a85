"""deploy's templates filled as an administrator does it, with what is another's on this machine."""

import re
import shutil
import subprocess
import sys
from grp import getgrgid
from os import getgid, getuid
from pathlib import Path
from pwd import getpwuid

DEPLOY = Path(__file__).parents[2] / "deploy"


class MissingError(Exception):
    """A program of the system is not there; the text says what to install."""


def tool(name: str) -> str:
    """Return where a system's command is; raises `MissingError`."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        raise MissingError(f"{name} is missing: apt-get install tor haproxy openssl")
    return found


def filled(folder: Path, **others: int | str | Path) -> Path:
    """Fill the templates below *folder* with deploy's own values, *others* in their place; return what came out."""
    ours: dict[str, int | str | Path] = {
        "socket": folder / "source.sock",
        "pages": folder / "filled/haproxy/pages",
        "haproxy_user": getpwuid(getuid()).pw_name,
        "haproxy_group": getgrgid(getgid()).gr_name,
        "tor_group": getgrgid(getgid()).gr_name,
        **others,
    }
    values = (DEPLOY / "values.toml").read_text()
    for name, value in ours.items():
        said = str(value) if isinstance(value, int) else f'"{value}"'
        values, found = re.subn(rf"^{name} = \S+", f"{name} = {said}", values, flags=re.MULTILINE)
        assert found == 1, f"{name} is no value of deploy's"
    file = folder / "values.toml"
    file.write_text(values)
    subprocess.run([sys.executable, str(DEPLOY / "fill.py"), str(file), str(folder / "filled")], check=True)
    return folder / "filled"

"""The wheel carries all that an installation needs besides code: templates, styles, compiled catalogues, migrations, code lists."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_CARRIED = ("crypto", "tipline", "handling", "templates")
_NOT_CODE = {".sql", ".toml", ".json", ".html", ".css"}


def test_a_wheel_carries_every_file_and_renders_its_own_templates(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name in _CARRIED:
        shutil.copytree(_ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md"):
        shutil.copy(_ROOT / name, tree / name)

    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
        ".",
    ]
    subprocess.run(build, cwd=tree, check=True, capture_output=True)

    wheel = next(tmp_path.glob("*.whl"))
    expected = {
        str(path.relative_to(_ROOT)).replace("templates/", "tipline/templates/", 1 if name == "templates" else 0)
        for name in _CARRIED
        for path in (_ROOT / name).rglob("*")
        if path.suffix in {*_NOT_CODE, ".py"} and not {"__pycache__", "node_modules", "locale"} & {*path.parts}
    }
    expected |= {f"tipline/templates/locale/{path.stem}.mo" for path in (_ROOT / "templates/locale").glob("*.po")}
    with zipfile.ZipFile(wheel) as archive:
        carried = set(archive.namelist())
        assert expected <= carried
        assert not {name for name in carried if name.endswith(".po")}
        archive.extractall(tmp_path / "installed")

    program = (
        "from tipline.base.installed import templates\nfrom tipline.base.web import ErrorPage, Site, render_text\n"
        "print(render_text(Site('desk', 'Desk', False, 'inside'), ErrorPage('Hello', 'words')).count('<style>'), templates())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == f"1 {tmp_path / 'installed' / 'tipline' / 'templates'}"

"""Other people's age, to be agreed with: npm age-encryption, the age command, and the vectors from npm cctv-age."""

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

NODE = Path(__file__).parents[2] / "node"


def need(command: str) -> str:
    """Return the path of *command*, or skip the test that needs it."""
    path = shutil.which(command)
    if path is None:
        pytest.skip(f"{command} is not installed")
    return path


def _node(script: str, data: bytes = b"") -> bytes:
    node = need("node")
    if not (NODE / "node_modules").is_dir():
        pytest.skip("tests/node has no node_modules: make setup")
    return subprocess.run([node, script], cwd=NODE, input=data, capture_output=True, check=True).stdout


def cctv_vectors() -> dict[str, bytes]:
    return {name: base64.b64decode(data) for name, data in json.loads(_node("vectors.mjs")).items()}


def javascript(*jobs: dict[str, Any]) -> list[dict[str, Any]]:
    """Run jobs in age-encryption; `data` goes in and comes out as bytes. See tests/node/age.mjs."""
    encoded = [{k: base64.b64encode(v).decode() if isinstance(v, bytes) else v for k, v in job.items()} for job in jobs]
    results = json.loads(_node("age.mjs", json.dumps(encoded).encode()))
    return [{k: base64.b64decode(v) if k == "data" else v for k, v in result.items()} for result in results]

"""Start-up stays light, and the import contracts hold and can fail."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("msgspec", "yaml", "jinja2", "psutil", "cryptography", "scapy", "numpy", "rich",
         "pydantic", "cel", "iptocc", "socket", "zstandard", "hpack")  # fmt: skip


def test_the_command_line_imports_nothing_heavy() -> None:
    program = "import sys, auditor.cli; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded & set(HEAVY) == set()


def test_numpy_is_imported_only_when_a_capture_is_read() -> None:
    program = "import sys, auditor.packets, auditor.api, auditor.derive; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded & {"numpy", "zstandard", "scapy"} == set()


@pytest.fixture
def lint() -> str:
    found = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    if not found:
        pytest.skip("import-linter is not installed")
    return found


def _run(lint: str, tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [lint, "--no-cache"], cwd=tree, check=False, capture_output=True, text=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("tree")
    shutil.copytree(
        ROOT / "auditor", tree / "auditor", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / ".importlinter", tree)
    return tree


def test_the_contracts_hold(lint: str, copy: Path) -> None:
    done = _run(lint, copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("policy/engine.py", "def sneak():\n    import auditor.host.live\n"),
        ("seal/dsse.py", "import subprocess\n"),
        ("manifests/compose.py", "from auditor.collect import accounts\n"),
        ("report/html.py", "from auditor.seal import dsse\n"),
        ("derive/stores.py", "import psutil\n"),
        ("collect/sockets.py", "import socket\n"),
        ("evidence/base.py", "import auditor.policy\n"),
        ("host/live.py", "import scapy.all\n"),
        ("host/live.py", "def sneak():\n    from auditor.probe import _port\n"),
        ("collect/endpoints.py", "import ssl\n"),
        ("probe/words.py", "import socket\n"),
        ("probe/_port.py", "import subprocess\n"),
        ("report/html.py", "from auditor.probe import ask\n"),
        ("capture/ask.py", "from auditor.capture import _listen\n"),
        ("capture/words.py", "import scapy.config\n"),
        ("capture/dissect.py", "from auditor.capture import _dissect\n"),
        ("packets/deep.py", "from auditor.capture.layers import modbus\n"),
        ("derive/stores.py", "from auditor import child\n"),
        ("derive/stores.py", "import numpy\n"),
        ("collect/sockets.py", "from auditor.packets import flows\n"),
    ],
)
def test_a_broken_contract_is_caught(lint: str, copy: Path, module: str, line: str) -> None:
    path = copy / "auditor" / module
    before = path.read_text(encoding="utf-8")
    try:
        path.write_text(f"{before}\n{line}", encoding="utf-8")
        done = _run(lint, copy)
    finally:
        path.write_text(before, encoding="utf-8")
    assert done.returncode != 0
    assert "BROKEN" in done.stdout


def _siblings(folder: str) -> list[tuple[str, str]]:
    """Every import of one listed module by another (also through its private helpers)."""
    package = ROOT / "auditor" / folder
    listed = {path.stem for path in package.glob("[!_]*.py")}
    found = []
    for path in sorted(package.glob("*.py")):
        if path.stem == "__init__":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            for name in names:
                parts = name.split(".")
                if parts[:2] == ["auditor", folder] and len(parts) > 2 and parts[2] in listed:
                    found.append((path.stem, name))
    return found


@pytest.mark.parametrize("folder", ["collect", "derive", "manifests", "formats", "report"])
def test_what_is_listed_does_not_know_its_siblings(folder: str) -> None:
    assert _siblings(folder) == []

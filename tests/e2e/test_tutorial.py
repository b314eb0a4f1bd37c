"""The tutorial is followed word for word, and shows what its reader will see."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from auditor.policy import examples, pack
from auditor.policy.profile import load_profile
from auditor.policy.waivers import load_waivers
from auditor.site import load_site
from auditor.site.file import load_allowed_globals

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/tutorial.md"
STEP = re.compile(
    r"`(?P<name>[^`\n]+)`:\n\n```yaml\n(?P<body>.*?)```|```console\n(?P<typed>.*?)```", re.DOTALL
)
ANY = "…"


def steps() -> list[tuple[str, str, list[str]]]:
    """Return the page as (file to save, its text, []) and ("", command, lines shown)."""
    found: list[tuple[str, str, list[str]]] = []
    for match in STEP.finditer(PAGE.read_text(encoding="utf-8")):
        if match["name"]:
            found.append((match["name"], match["body"], []))
            continue
        for line in match["typed"].splitlines():
            if line.startswith("$ "):
                found.append(("", line[2:], []))
            else:
                found[-1][2].append(line)
    return found


def shows(shown: list[str], printed: str) -> bool:
    """Return whether the lines shown are the lines printed, `…` standing for anything."""
    pattern = ""
    for line in shown:
        if line == ANY:
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(map(re.escape, line.split(ANY))) + "\n"
    return re.fullmatch(pattern, printed) is not None


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs openssh-client")
def test_the_tutorial_is_true(tmp_path: Path) -> None:
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "audit").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m auditor "$@"\n')
    (commands / "audit").chmod(0o755)
    here = tmp_path / "checkout"
    (here / "out").mkdir(parents=True)
    (here / "samples").symlink_to(ROOT / "samples")
    environment = {
        "PATH": f"{commands}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
        "LC_ALL": "C.UTF-8", "HOME": str(tmp_path),
    }  # fmt: skip
    code = 0
    told = 0
    for name, text, shown in steps():
        if name:
            (here / name).write_text(text, encoding="utf-8")
            continue
        done = subprocess.run(
            ["sh", "-c", f"(exit {code})\n{text}"], cwd=here, env=environment, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
        )  # fmt: skip
        code = done.returncode
        told += 1
        assert shows(shown, done.stdout), f"$ {text}\n{done.stdout}"
    assert told > 25


def test_the_pages_that_the_documents_link_to_exist() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_what_the_how_tos_show_is_accepted_by_the_toolkit() -> None:
    kinds = []
    for page in sorted((ROOT / "docs/how-to").glob("*.md")):
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            text = textwrap.dedent(block)
            kind = text.partition(":")[0]
            kinds.append(kind)
            if kind == "pack":
                results = examples.run((pack.read_pack(text.encode(), page.name),))
                assert [r for r in results if r.verdict != r.expected] == []
            elif kind == "waivers":
                assert load_waivers(text.encode(), page.name)
            elif page.stem == "audit-model-stores" and kind == "exceptions":
                assert load_allowed_globals(text.encode(), page.name)
            elif kind in ("model_origins", "networks"):
                assert load_site(f"name: x\n{text}".encode(), page.name)
            elif kind == "signers":
                assert "role: models" in text  # the key is the reader's own
            elif kind == "profile":
                assert load_profile(text.encode(), page.name)
            elif kind == "exceptions":
                assert load_site(f"name: x\n{text}".encode(), page.name).exceptions
            else:
                assert kind in ("jobs", "sovereignty"), f"{page.name}: {kind}"
                (words,) = re.findall(r"audit (gate .*?) >", text)
                assert "--site" in words
    assert {"pack", "waivers", "exceptions", "jobs"} <= set(kinds)


def test_what_the_tutorial_shows_is_compared_for_real() -> None:
    assert shows(["a", ANY, "c…e"], "a\nb\nb\ncde\n")
    assert shows(["a", ANY], "a\n")
    assert not shows(["a"], "a\nb\n")
    assert not shows(["a", ANY, "c"], "a\nb\n")
    assert not shows([], "Error\n")

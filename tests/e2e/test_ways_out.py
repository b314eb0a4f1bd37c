"""Every way out of the command has its exit code: none looks like a finding that is none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LEAKY = ROOT / "samples/hosts/leaky-inference"
AT = "2026-01-15T08:00:00Z"
LONG = "a" * 5000


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "auditor", *map(str, words)]


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **more}


def shell(script: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of sh in which `audit` is the command."""
    start = f'audit() {{ "{sys.executable}" -m auditor "$@"; }}\n'
    return subprocess.run(
        ["sh", "-c", start + script], cwd=cwd, check=False, capture_output=True, timeout=60,
        env=environment(**more),
    )  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ("evaluate", "pipe"),
        ("evaluate", "/dev/zero"),
        ("report", "pipe"),
        ("diff", "pipe", "pipe"),
        ("scan", "--root", LEAKY, "--site", "pipe"),
        ("scan", "--root", LEAKY, "--waivers", "/dev/zero"),
        ("verify", ".", "--trust", "pipe"),
        ("verify", ".", "--site", "pipe"),
        ("keygen", "k", "--passphrase-file", "pipe"),
    ],
)
def test_a_pipe_or_device_for_a_file_neither_hangs_nor_fills_the_memory(
    words: tuple[object, ...], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = subprocess.run(
        command(*words), cwd=tmp_path, check=False, capture_output=True, text=True, timeout=20,
        env=environment(),
    )  # fmt: skip
    assert done.returncode == 4, done.stderr
    assert "a pipe or a device" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("evaluate", LONG),
        ("scan", "--root", LONG),
        ("scan", "--root", LEAKY, "-o", LONG),
        ("diff", LONG, LONG),
        ("init", "-o", LONG),
        ("policy", "list", "--policy", LONG),
        ("keygen", "."),
        ("keygen", ""),
        ("keygen", "signer.pub"),
    ],
)
def test_a_name_that_no_file_can_have_is_no_defect_of_the_toolkit(
    words: tuple[object, ...], tmp_path: Path
) -> None:
    done = subprocess.run(
        command(*words), cwd=tmp_path, check=False, capture_output=True, text=True, timeout=60,
        env=environment(),
    )  # fmt: skip
    assert done.returncode == 4, done.stderr
    assert "defect" not in done.stderr


@pytest.mark.parametrize(
    ("name", "words", "code"),
    [
        (b"a\xff.yaml", ("gate",), 3),
        (b"a\xff.pcap", ("traffic",), 3),
        (b"a\xff.bin", ("models",), 1),
        (b"none\xff", ("traffic",), 2),
    ],
)
def test_a_name_that_is_no_text_is_judged_and_shown(
    name: bytes, words: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    if code != 2:
        Path(os.fsdecode(bytes(tmp_path / "x")[:-1] + name)).write_text(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
        )
    done = subprocess.run(
        command(*words, os.fsdecode(name)), cwd=tmp_path, check=False, capture_output=True,
        timeout=60, env=environment(),
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert name.replace(b"\xff", b"\\xff") in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (f"audit scan --root {LEAKY} --at {AT} >&-", 1),
        (f"audit scan --root {LEAKY} --at {AT} 2>&- >/dev/null", 1),
        (f"audit scan --root {LEAKY} --at {AT} -o out <&- >&- 2>&-", 1),
        ("audit verify nothing --trust no.pub >&- 2>&-", 4),
        ("audit policy list > /dev/full", 4),
        (f"audit scan --root {LEAKY} --at {AT} > /dev/full", 4),
    ],
)
def test_closed_and_full_streams_do_not_change_the_exit_code(
    script: str, code: int, tmp_path: Path
) -> None:
    done = shell(script, tmp_path)
    assert done.returncode == code, done.stderr
    assert b"defect" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    if "-o out" in script:
        first = (tmp_path / "out/evidence.json").read_bytes()[:1]
        assert first == b"{", "no output file got the number of a closed stream"


def test_a_reader_that_goes_away_is_no_finding(tmp_path: Path) -> None:
    done = shell("{ audit schema evidence; echo $? >&2; } | head -c 1 >/dev/null", tmp_path)
    assert done.stderr.strip() in (b"4", b"0"), done.stderr


def test_an_interrupted_run_says_so_and_leaves_no_half_written_file(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with subprocess.Popen(
        command("scan", "-o", out), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment(),
    ) as running:  # fmt: skip
        time.sleep(0.25)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=60)
    assert running.returncode in (130, -signal.SIGINT, 0, 1, 3), errors
    if running.returncode == 130:
        assert b"interrupted" in errors
        assert not (out / "attestation.json").exists()
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    "line",
    [
        "audit policy show PER-TIM-001 --lang zh",
        "audit keygen signer.key",
        f"audit scan --root {LEAKY} --lang zh --at {AT} >/dev/null || test $? = 1",
        "audit --help",
    ],
)
def test_no_locale_breaks_the_command(line: str, tmp_path: Path) -> None:
    done = shell(line, tmp_path, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 0, done.stderr


def test_a_folder_whose_name_is_no_text_is_written_and_named(tmp_path: Path) -> None:
    done = shell(
        f"audit scan --root {LEAKY} --at {AT} -o \"$(printf 'b\\377d\\033[2J')\"", tmp_path
    )
    assert done.returncode == 1, done.stderr
    assert b"\x1b" not in done.stdout
    assert rb"\udcff" in done.stdout


def test_a_hostile_name_in_a_message_moves_no_cursor(tmp_path: Path) -> None:
    done = shell("audit gate \"$(printf 'a\\033[2Jb\\nc')\"", tmp_path)
    assert done.returncode == 2
    assert b"\x1b" not in done.stderr
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("0001-01-01", b'"taken_at":"0001-01-01T00:00:00Z"'),
        ("2026-12-31T23:30:00-01:00", b'"taken_at":"2027-01-01T00:30:00Z"'),
        ("9999-12-31T23:59:59.999Z", b'"taken_at":"9999-12-31T23:59:59Z"'),
        ("0001-01-01T00:00:00+14:00", b""),
        ("9999-12-31T23:59:59-12:00", b""),
        ("2016-12-31T23:59:60Z", b""),
    ],
)
def test_a_time_has_four_digits_of_year_or_is_refused(
    given: str, taken: bytes, tmp_path: Path
) -> None:
    done = shell(f"audit scan --root {LEAKY} --at {given} -q -o out", tmp_path)
    assert done.returncode == (1 if taken else 2), done.stderr
    if taken:
        assert taken in (tmp_path / "out/evidence.json").read_bytes()


def test_an_incomplete_installation_is_no_finding(tmp_path: Path) -> None:
    for module in ("typer", "msgspec", "auditor.evidence"):
        blocked = (
            f"import sys, runpy; sys.modules[{module!r}] = None; sys.argv = "
            f"['audit', 'scan', '--root', {str(LEAKY)!r}]; "
            "runpy.run_module('auditor', run_name='__main__')"
        )
        done = subprocess.run(
            [sys.executable, "-c", blocked], cwd=tmp_path, check=False, capture_output=True,
            text=True, timeout=60, env=environment(),
        )  # fmt: skip
        assert done.returncode == 4, (module, done.stderr)
        assert "Traceback" not in done.stderr

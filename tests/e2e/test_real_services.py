"""Real AI services, run in a network of their own, once safely and once not: each is told rightly.

The services are installed from the package registry into an environment of their own, which is
kept in pytest's cache folder; that takes minutes the first time. They run in fresh network and
process namespaces, so that nothing of them can be reached and nothing of them stays.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytestmark = [pytest.mark.lab, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("jupyter_server", "tensorboard", "gradio", "streamlit", "chromadb", "mlflow")
INSTALLING, RUNNING = 600, 140  # seconds at most
APP = "import gradio\ngradio.Interface(lambda x: x, 'text', 'text').launch(quiet=True)\n"
PAGE = "import streamlit\nstreamlit.write('x')\n"
# Runs as the first process of the namespaces: lets the loopback up, starts the services, waits
# until they listen, and audits.
DRIVER = """
import fcntl, json, socket, struct, subprocess, sys, time
plan = json.load(open(sys.argv[1]))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
    fcntl.ioctl(one, 0x8914, struct.pack("16sh14x", b"lo", 0x49))  # SIOCSIFFLAGS: up, running
log = open(plan["log"], "w")
for service in plan["services"]:
    subprocess.Popen(service["command"], env=service["environment"], cwd=plan["folder"],
                     stdin=subprocess.DEVNULL, stdout=log, stderr=log)
wanted, deadline = {s["port"] for s in plan["services"]}, time.monotonic() + plan["seconds"]
listening = set()
while time.monotonic() < deadline and not wanted <= listening:
    time.sleep(0.5)
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        rows = [line.split() for line in open(table)][1:]
        listening |= {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A"}
print(json.dumps(sorted(wanted - listening)), flush=True)
subprocess.run(plan["audit"], stdout=subprocess.DEVNULL, env=plan["environment"], check=False)
"""


@dataclass(frozen=True)
class Service:
    """How a service is started safely and not, and what is then to be told of its key."""

    runtime: str
    port: int
    command: tuple[str, ...]
    safe: tuple[str, ...] = ()
    unsafe: tuple[str, ...] = ()
    unsafe_environment: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    safe_key: bool | None = False
    unsafe_key: bool | None = False


SERVICES = (
    Service("jupyter", 18801, ("python", "-m", "jupyter_server", "--allow-root", "--no-browser",
                               "--port", "18801"),
            unsafe=("--ip=0.0.0.0", "--IdentityProvider.token="), safe_key=True),
    Service("tensorboard", 18802, ("tensorboard", "--logdir", ".", "--port", "18802"),
            unsafe=("--bind_all",)),
    Service("gradio", 18803, ("python", "app.py"), safe_key=None, unsafe_key=None,
            environment={"GRADIO_SERVER_PORT": "18803"},
            unsafe_environment={"GRADIO_SERVER_NAME": "0.0.0.0"}),
    Service("streamlit", 18804, ("streamlit", "run", "page.py", "--server.headless", "true",
                                 "--server.port", "18804"),
            safe=("--server.address", "127.0.0.1")),
    Service("chroma", 18805, ("chroma", "run", "--path", "chroma", "--port", "18805"),
            unsafe=("--host", "0.0.0.0")),
    Service("mlflow", 18806, ("mlflow", "server", "--port", "18806", "--backend-store-uri",
                              "sqlite:///mlflow.db", "--workers", "1"),
            unsafe=("--host", "0.0.0.0")),
)  # fmt: skip
EVERY_SERVICE = pytest.mark.parametrize("service", SERVICES, ids=[s.runtime for s in SERVICES])


@pytest.fixture(scope="session")
def installed(pytestconfig: pytest.Config) -> Path:
    """Return the folder of programs of an environment that holds the services."""
    folder = pytestconfig.cache.mkdir("real-services") / f"python{sys.version_info[1]}"
    mark, python = folder / "installed", folder / "bin" / "python"
    if not mark.exists() or mark.read_text() != " ".join(PACKAGES):
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        try:
            ran = subprocess.run(
                [python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", *PACKAGES],
                capture_output=True, timeout=INSTALLING, text=True, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            pytest.skip(f"the services could not be installed within {INSTALLING} s")
        if ran.returncode:
            pytest.skip(f"the services could not be installed: {ran.stderr.strip()[-300:]}")
        mark.write_text(" ".join(PACKAGES))
    return folder / "bin"


@pytest.fixture(scope="session")
def seen(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict]]:
    """Return the records of two audits: `safe` and `unsafe`, both taken at the same time."""
    running = {
        how: start(how, installed, tmp_path_factory.mktemp(how)) for how in ("safe", "unsafe")
    }
    return {how: finish(how, *one) for how, one in running.items()}


def start(how: str, programs: Path, folder: Path) -> tuple[subprocess.Popen[str], Path]:
    (folder / "app.py").write_text(APP)
    (folder / "page.py").write_text(PAGE)
    (folder / "driver.py").write_text(DRIVER)
    plain = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"}
    services = []
    for service in SERVICES:
        more = service.safe if how == "safe" else service.unsafe
        changed = service.unsafe_environment if how == "unsafe" else {}
        services.append({
            "command": [str(programs / service.command[0]), *service.command[1:], *more],
            "environment": plain | service.environment | changed,
            "port": service.port,
        })  # fmt: skip
    plan = {
        "folder": str(folder), "log": str(folder / "log"), "seconds": RUNNING - 20,
        "services": services, "environment": plain | {"PYTHONPATH": str(ROOT)},
        "audit": [sys.executable, "-m", "auditor", "scan", "-o", str(folder / "out"), "--quiet"],
    }  # fmt: skip
    (folder / "plan.json").write_text(json.dumps(plan))
    command = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    command += [] if os.geteuid() == 0 else ["--map-root-user"]
    command += [sys.executable, str(folder / "driver.py"), str(folder / "plan.json")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return process, folder


def finish(how: str, process: subprocess.Popen[str], folder: Path) -> list[dict]:
    try:
        said, complained = process.communicate(timeout=RUNNING)
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail(f"the {how} services took longer than {RUNNING} s")
    if not said.strip():
        pytest.skip(f"no namespaces of one's own here: {complained.strip()[-200:]}")
    log = (folder / "log").read_text(errors="replace")[-2000:]
    assert json.loads(said) == [], f"did not start ({how}): {said}\n{log}"
    evidence = json.loads((folder / "out" / "evidence.json").read_text())
    findings = json.loads((folder / "out" / "findings.json").read_text())
    return [*evidence["records"], *(f | {"kind": "finding"} for f in findings["findings"])]


def of(records: list[dict], runtime: str) -> dict:
    """Return the one service of a runtime."""
    (found,) = [r for r in records if r["kind"] == "ai_service" and r["runtime"] == runtime]
    return found


def ports_of(records: list[dict], port: int) -> set[str]:
    return {
        r["address"] for r in records if r["kind"] == "listening_port" and r["port"] == port
    }  # fmt: skip


def verdicts(records: list[dict], rule: str, title: str, port: int) -> set[str]:
    return {
        r["verdict"]
        for r in records
        if r["kind"] == "finding" and r["rule"] == rule
        and r["subject"].startswith(f"{title}:") and r["subject"].endswith(f":{port}")
    }  # fmt: skip


@EVERY_SERVICE
def test_a_service_on_loopback_passes(seen: dict[str, list[dict]], service: Service) -> None:
    records = seen["safe"]
    told = of(records, service.runtime)
    assert told["bind_address"] == "127.0.0.1"
    assert told["port"] == service.port
    assert (told["api_key"], told["tls"]) == (
        service.safe_key,
        None if service.runtime == "gradio" else False,
    )
    assert told["tunnel"] == ""
    assert ports_of(records, service.port) <= {"127.0.0.1", "::1"}
    assert verdicts(records, "EXP-AI-001", told["title"], service.port) == {"pass"}
    assert verdicts(records, "EXP-AI-002", told["title"], service.port) == {"pass"}


@EVERY_SERVICE
def test_a_service_on_every_address_fails(seen: dict[str, list[dict]], service: Service) -> None:
    records = seen["unsafe"]
    told = of(records, service.runtime)
    assert told["bind_address"] == "0.0.0.0"
    assert told["port"] == service.port
    assert told["api_key"] == service.unsafe_key
    assert ports_of(records, service.port) & {"0.0.0.0", "::"}
    assert verdicts(records, "EXP-AI-002", told["title"], service.port) == {"fail"}
    asked = verdicts(records, "EXP-AI-005", told["title"], service.port)
    assert asked == {"unknown" if service.unsafe_key is None else "fail"}


def test_nothing_else_is_taken_for_a_service(seen: dict[str, list[dict]]) -> None:
    for how, records in seen.items():
        found = sorted(r["runtime"] for r in records if r["kind"] == "ai_service")
        assert found == sorted(service.runtime for service in SERVICES), how

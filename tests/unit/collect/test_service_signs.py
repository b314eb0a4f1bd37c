"""Services are told by the libraries in memory and the tunnels beside them, and never too many."""

import importlib.util
from pathlib import Path

import pytest

from auditor.evidence import kind_of

_spec = importlib.util.spec_from_file_location("machine", Path(__file__).with_name("machine.py"))
machine = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(machine)
process = machine.process

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
EVERYWHERE, LOOPBACK = "00000000", "0100007F"
TORCH = (
    "7f00-7f01 r-xp 0 08:01 1 /opt/venv/lib/python3.11/site-packages/torch/lib/libtorch_cpu.so\n"
)
NUMPY = "7f00-7f01 r-xp 0 08:01 1 /opt/venv/lib/python3.11/site-packages/numpy/core/x.so\n"


def table(address, inode, state="0A"):
    return HEAD + (
        f"   0: {address}:1F90 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 "
        f"    0        0 {inode} 1 0 100 0 0 10 0\n"
    )


def program(
    pid=50, *, maps=TORCH, address=EVERYWHERE, arguments=("python3", "/srv/app/main.py"), **options
):
    files = process(pid, list(arguments), sockets=(7,), **options)
    return files | {f"/proc/{pid}/maps": maps, f"/proc/{pid}/net/tcp": table(address, 7)}


@pytest.fixture
def services(plain_tree, collected):
    def run(*files, refused=()):
        merged = {}
        for some in files:
            merged |= some
        records, gaps = collected("processes", plain_tree(merged), refused=refused)
        return [r for r in records if kind_of(r) == "ai_service"], gaps

    return run


def test_a_program_of_ones_own_that_listens_with_a_model_library(services):
    (service,), _ = services(program())
    assert (service.runtime, service.confidence) == ("own-server", "low")
    assert (service.api_key, service.remote_code, service.port) == (None, None, None)


@pytest.mark.parametrize(
    "files",
    [
        program(maps=NUMPY),
        program(maps=TORCH.replace("torch/", "torchvision_tools/")),
        program(address=LOOPBACK),
        program(arguments=("python3", "-c", "import torch")),
        program(arguments=("/usr/bin/blender", "x.py"), name="blender"),
        {**program(), "/proc/50/net/tcp": table(EVERYWHERE, 7, state="01")},
        {**program(), "/proc/50/net/tcp": table(EVERYWHERE, 8)},
    ],
    ids=["other-library", "like-named", "loopback", "no-script", "no-python", "connected", "not-its"],
)  # fmt: skip
def test_what_only_looks_alike_is_none(services, files):
    found, _ = services(files)
    assert found == []


def test_the_workers_of_a_known_service_are_not_services_of_their_own(services):
    launcher = process(40, ["python3", "/usr/bin/torchrun", "train.py"])
    found, _ = services(launcher, program(arguments=("python3", "train.py"), parent=40))
    assert [service.runtime for service in found] == ["torchrun"]


def test_libraries_that_could_not_be_seen_are_a_gap(services):
    found, gaps = services(program(), refused=("/proc/50/maps",))
    assert found == []
    assert ("ai_service", "denied") in {(gap.kind, gap.reason) for gap in gaps}


VLLM = process(50, ["python3", "/usr/bin/vllm", "serve", "/m", "--port", "8123"])


@pytest.mark.parametrize(
    "arguments, parent, tunnel",
    [
        (["/usr/bin/cloudflared", "tunnel", "--url", "http://localhost:8123"], 1, "cloudflared"),
        (["ngrok", "http", "8123"], 1, "ngrok"),
        (["ssh", "-N", "-R", "80:localhost:8123", "relay.example"], 1, "ssh"),
        (["frpc", "-c", "/etc/frpc.toml"], 50, "frpc"),
        (["tailscale", "funnel", "8123"], 1, "tailscale"),
        (["ngrok", "http", "9999"], 1, ""),
        (["ssh", "-N", "-L", "8123:localhost:80", "db.corp.example"], 1, ""),
        (["tailscale", "status", "8123"], 1, ""),
        (["curl", "http://localhost:8123"], 1, ""),
    ],
)
def test_a_tunnel_beside_a_service(services, arguments, parent, tunnel):
    name = arguments[0].rpartition("/")[2]
    found, _ = services(VLLM, process(60, arguments, name=name, parent=parent))
    assert [service.tunnel for service in found] == [tunnel]


def test_gradios_own_tunnel_tells_of_gradio(services):
    app = process(70, ["python3", "/srv/app.py"])
    client = process(71, ["/home/a/gradio/frpc/frpc_linux_amd64_v0.3", "http", "-n", "x"],
                     name="frpc_linux_amd6", parent=70)  # fmt: skip
    (service,), _ = services(app, client)
    assert (service.runtime, service.confidence) == ("gradio", "medium")
    assert service.tunnel == "frpc_linux_amd64_v0.3"


def test_the_server_that_a_launcher_starts_is_one_service_with_it(services):
    launcher = process(80, ["python3", "/usr/bin/mlflow", "server", "--port", "5001"])
    server = process(81, ["python3", "-m", "uvicorn", "--host", "127.0.0.1", "--port", "5001",
                          "mlflow.server.fastapi_app:app"], parent=80)  # fmt: skip
    found, _ = services(launcher, server)
    assert [service.workload for service in found] == ["pid:80"]


@pytest.mark.parametrize(
    "arguments, environ",
    [
        (["--ip=0.0.0.0"], []),
        (["--ServerApp.token="], []),
        (["--port", "9999"], []),
        ([], ["JUPYTER_TOKEN="]),
    ],
)
def test_a_service_started_from_another_that_is_set_otherwise_is_one_of_its_own(
    services, arguments, environ
):
    first = process(80, ["python3", "/usr/bin/jupyter-lab"])
    second = process(
        81, ["python3", "/usr/bin/jupyter-lab", "--no-browser", *arguments],
        parent=80, environ=environ,
    )  # fmt: skip
    found, _ = services(first, second)
    assert [service.workload for service in found] == ["pid:80", "pid:81"]


def test_what_a_launcher_sets_for_its_server_is_kept(services):
    launcher = process(80, ["python3", "/usr/bin/mlflow", "server"])
    server = process(81, ["python3", "-m", "uvicorn", "--host", "127.0.0.1", "--port", "5000",
                          "mlflow.server.fastapi_app:app"], parent=80,
                     environ=["MLFLOW_TRACKING_URI=http://tracker.corp.example:5000"])  # fmt: skip
    (service,), _ = services(launcher, server)
    assert [v.name for v in service.environment] == ["MLFLOW_TRACKING_URI"]

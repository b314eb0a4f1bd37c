"""Model stores: where they are looked for, how they are walked, and what their files say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.collect import Options
from auditor.collect import _store_walk as store_walk
from auditor.collect import stores as stores_module
from auditor.collect._mountinfo import parse_mounts
from auditor.collect._reading import Reading
from auditor.collect._store_services import is_data_folder, outside
from auditor.collect._store_walk import Walker
from auditor.collect.stores import COLLECTOR
from auditor.evidence import Coverage, Gap, Origin, Site
from auditor.evidence.models import ModelFile
from auditor.evidence.site import Store
from auditor.evidence.storage import ModelStore


def safetensors(elements=3):
    size = 2 * elements
    header = json.dumps(
        {"w": {"dtype": "BF16", "shape": [elements], "data_offsets": [0, size]}}
    ).encode()
    return len(header).to_bytes(8, "little") + header + b"\0" * size


CONFIG = json.dumps({"architectures": ["QwenForCausalLM"], "max_position_embeddings": 32768})
HUB = "/home/alice/.cache/huggingface/hub"
REPOSITORY = f"{HUB}/models--Qwen--Small"
HUGGINGFACE = {
    f"{REPOSITORY}/blobs/aaaa": safetensors(),
    f"{REPOSITORY}/blobs/bbbb": CONFIG,
    f"{REPOSITORY}/refs/main": "0" * 40,
    f"{REPOSITORY}/snapshots/{'0' * 40}/model.safetensors": Path("../../blobs/aaaa"),
    f"{REPOSITORY}/snapshots/{'0' * 40}/config.json": Path("../../blobs/bbbb"),
}


@pytest.fixture
def scan(plain_tree):
    def run(files, host=None, **options):
        found = list(COLLECTOR.collect(host or plain_tree(files), Options(**options)))
        return (
            {f.path: f for f in found if isinstance(f, ModelStore)},
            {f.path: f for f in found if isinstance(f, ModelFile)},
            [(f.kind, f.reason) for f in found if isinstance(f, Gap)],
            {f.what: (f.seen, f.total) for f in found if isinstance(f, Coverage)},
        )

    return run


def test_a_huggingface_cache_counts_each_blob_once(scan):
    stores, files, gaps, coverage = scan(HUGGINGFACE)
    store = stores[HUB]
    assert (store.tool, store.holds, store.discovered_by) == ("huggingface", "models", "well-known")
    assert (store.files, store.complete, gaps) == (3, True, [])
    assert store.size == sum(map(len, (safetensors(), CONFIG, "0" * 40)))
    (model,) = files.values()
    assert (model.name, model.architecture, model.context_length) == (
        "Qwen/Small",
        "QwenForCausalLM",
        32768,
    )
    assert (model.parameters, model.precision, model.model_format) == (3, "BF16", "safetensors")
    assert coverage == {"model stores": (1, 1), "model files": (1, 1)}


def test_models_are_known_by_content_never_by_name(scan):
    files = {
        "/models/a.txt": safetensors(),
        "/models/b.safetensors": "text",
        "/models/config.json": CONFIG,
    }
    _, found, gaps, _ = scan(files)
    assert list(found) == ["/models/a.txt"]
    assert found["/models/a.txt"].architecture == "QwenForCausalLM"
    assert gaps == []


def test_an_adapter_names_its_base(scan):
    adapter = json.dumps({"base_model_name_or_path": "Qwen/Base", "peft_type": "LORA"})
    _, files, _, _ = scan({"/models/x/m": safetensors(), "/models/x/adapter_config.json": adapter})
    assert files["/models/x/m"].base_model == "Qwen/Base"


def test_a_malformed_model_file_is_a_gap(scan):
    _, files, gaps, coverage = scan(
        {"/models/a": safetensors() + b"trailing", "/models/b": safetensors()}
    )
    assert list(files) == ["/models/b"]
    assert gaps == [("model_file", "malformed")]
    assert coverage["model files"] == (1, 2)


@pytest.mark.parametrize("config", ["{", '{"architectures": 5}', "[" * 100_000])
def test_a_malformed_configuration_is_a_gap_and_the_model_is_still_told(scan, config):
    _, files, gaps, _ = scan({"/models/a": safetensors(), "/models/config.json": config})
    assert (files["/models/a"].architecture, gaps) == ("", [("model_file", "malformed")])


def test_a_store_under_a_link_is_told_by_where_it_lies(scan):
    files = {"/mnt/raw/models/a": "x", "/srv/models": Path("/mnt/raw/models")}
    stores, _, _, _ = scan(files)
    assert stores["/mnt/raw/models"].origin.source == "/srv/models"


def test_links_within_a_store_are_not_followed(scan):
    stores, _, gaps, _ = scan({"/models/a": "x", "/models/up": Path(), "/models/me": Path()})
    assert (stores["/models"].files, stores["/models"].complete, gaps) == (1, True, [])


UNSEEN = [("model_store", "unsupported"), ("model_file", "unsupported")]


@pytest.mark.parametrize(
    ("files", "gaps"),
    [
        ({"/plain/big/w": "x", "/models/big": Path("/plain/big")}, UNSEEN),
        ({"/plain/w": "x", "/models/sub/w": Path("../../plain/w")}, UNSEEN),
        ({"/plain/w": "x", "/plain/to": Path("/plain"), "/models/w": Path("/plain/to/w")}, UNSEEN),
        ({"/models/w": Path("/plain/gone")}, []),
        ({"/usr/bin/python3": "x", "/models/venv/bin/python": Path("/usr/bin/python3")}, []),
        ({"/home/alice/.cache/huggingface/hub/w": "x",
          "/models/w": Path("/home/alice/.cache/huggingface/hub/w")}, []),
        ({"/models/me": Path("/models/a"), "/models/sub/up": Path("../a")}, []),
    ],
    ids=["folder", "file", "over-a-link", "dangling", "program", "another-store", "inside"],
)  # fmt: skip
def test_what_a_link_leads_to_outside_every_store_is_a_gap(scan, files, gaps):
    assert scan({"/models/a": "x", **files})[2] == gaps


@pytest.mark.parametrize(("mode", "writers"), [(0o777, "everyone"), (0o1777, ""), (0o755, "")])
def test_who_may_put_another_folder_in_the_stores_place(plain_tree, scan, tmp_path, mode, writers):
    host = plain_tree({"/srv/models/a": "x"})
    (tmp_path / "root/srv").chmod(mode)
    (tmp_path / "root/srv/models").chmod(0o755)
    (tmp_path / "root/srv/models/a").chmod(0o644)
    assert scan({}, host)[0]["/srv/models"].writers == writers


def test_named_stores(scan):
    site = Site(stores=(Store(path="/data/vec/", holds="vectors"),))
    files = {"/x/blobs/sha256-1": "x", "/x/manifests/m": "x", "/data/vec/i": "x"}
    stores, _, gaps, _ = scan(files, stores=("/x/",), site=site)
    assert (stores["/x"].discovered_by, stores["/x"].tool) == ("option", "ollama")
    assert (stores["/data/vec"].discovered_by, stores["/data/vec"].holds) == ("site", "vectors")
    assert gaps == []


@pytest.mark.parametrize("files", [{}, {"/x": "a file"}])
def test_a_named_store_that_is_no_folder_is_a_gap(scan, files):
    _, _, gaps, _ = scan(files, stores=("/x",))
    assert {kind for kind, _ in gaps} == {"model_store", "model_file"}
    _, _, gaps, _ = scan(files, site=Site(stores=(Store(path="/x"),)))
    # A store of the site that is on another machine is undecided here by itself, see derive.
    assert bool(gaps) is bool(files)


def test_a_store_named_twice_is_walked_once(scan):
    stores, files, _, _ = scan({"/models/a": safetensors()}, stores=("/models", "/models/"))
    assert (len(stores), stores["/models"].discovered_by, len(files)) == (1, "option", 1)


@pytest.mark.parametrize(
    ("modes", "writers"),
    [
        ({}, ""),
        ({"/models/a": 0o664}, "group"),
        ({"/models/a": 0o666}, "everyone"),
        ({"/models": 0o777}, "everyone"),
    ],
)
def test_who_else_may_write(plain_tree, scan, modes, writers, tmp_path):
    host = plain_tree({"/models/a": "x"})
    for path, mode in {"/models": 0o755, "/models/a": 0o644, **modes}.items():
        (tmp_path / "root" / path.lstrip("/")).chmod(mode)
    assert scan({}, host)[0]["/models"].writers == writers


def test_a_refused_folder_makes_the_store_incomplete(plain_tree, collected):
    host = plain_tree({"/models/a": safetensors(), "/models/secret/b": safetensors()})
    records, gaps = collected("stores", host, refused=("/models/secret",))
    store = next(r for r in records if isinstance(r, ModelStore))
    assert (store.complete, store.files, store.writers) == (False, 1, None)
    assert {(gap.kind, gap.reason) for gap in gaps} == {
        ("model_store", "denied"),
        ("model_file", "denied"),
    }


def test_refused_homes_are_one_gap(plain_tree, collected):
    host = plain_tree({"/home/alice/x": "x", "/root/x": "x"})
    _, gaps = collected("stores", host, refused=("/home/alice", "/root"))
    assert [(gap.kind, gap.reason, gap.count) for gap in gaps] == [
        ("model_store", "denied", 2),
        ("model_file", "denied", 2),
    ]


def test_limits_make_a_store_incomplete(plain_tree):
    host = plain_tree({f"/m/{n:03}": "x" for n in range(20)})
    reading = Reading(host, "stores", "model_store")
    walk = Walker(host, reading, most=7).walk("/m", host.stat("/m"))
    assert (walk.complete, walk.writers) == (False, None)
    assert [gap.reason for gap in reading.gaps()] == ["limit"]
    nested = plain_tree({"/deep/" + "d/" * (store_walk.MAX_DEPTH + 2) + "f": "x"})
    walk = Walker(nested, reading).walk("/deep", nested.stat("/deep"))
    assert (walk.complete, walk.files) == (False, ())


def test_more_model_files_than_are_read_are_a_gap(scan, monkeypatch):
    monkeypatch.setattr("auditor.collect._model_files.MAX_MODEL_FILES", 2)
    _, files, gaps, _ = scan({f"/models/{n}": safetensors() for n in range(4)})
    assert (len(files), gaps) == (2, [("model_file", "limit")])
    monkeypatch.setattr("auditor.collect._model_files.MAX_LOOKED_AT", 1)
    _, files, gaps, _ = scan({})
    assert (len(files), gaps) == (1, [("model_file", "limit")])


def test_a_system_without_stores_has_none_and_no_gap(scan):
    assert scan({"/home/alice/x": "x"}) == ({}, {}, [], {})


# What running services name.


def service(*arguments, environ="", **files):
    return {
        "/proc/7/cmdline": "\0".join(arguments) + "\0",
        "/proc/7/environ": environ,
        **{f"/proc/7/{name}": value for name, value in files.items()},
    }


def test_folders_that_a_service_names(scan):
    files = {
        **service(
            "vllm",
            "serve",
            "/ai/qwen",
            "--download-dir=/ai/cache",
            "--log-dir",
            "/ai/logs",
            environ="HF_HOME=/ai/hf\0A=b\0",
        ),
        "/ai/qwen/model": safetensors(),
        "/ai/cache/x": "x",
        "/ai/logs/x": "x",
        "/ai/hf/hub/models--a--b/x": "x",
    }
    stores, _, gaps, _ = scan(files)
    assert {(s.path, s.tool) for s in stores.values()} == {
        ("/ai/qwen", "folder"), ("/ai/cache", "folder"), ("/ai/hf/hub", "huggingface"),
    }  # fmt: skip
    assert {s.discovered_by for s in stores.values()} == {"service"}
    assert gaps == []


def test_a_model_file_that_a_service_names_makes_its_folder_a_store(scan):
    files = {**service("llama-server", "-m", "/ai/gguf/m.gguf"), "/ai/gguf/m.gguf": safetensors()}
    assert list(scan(files)[0]) == ["/ai/gguf"]
    files = {**service("llama-server", "-m", "/ai/other/x.txt"), "/ai/other/x.txt": "text"}
    assert "/ai/other" not in scan(files)[0]


def test_other_programs_name_no_stores(scan):
    assert scan({**service("cat", "/ai/qwen"), "/ai/qwen/m": safetensors()})[0] == {}


def test_a_refused_environment_is_a_gap(plain_tree, collected):
    host = plain_tree(service("vllm", "serve", "x", environ="HF_HOME=/ai\0"))
    _, gaps = collected("stores", host, refused=("/proc/7/environ",))
    assert ("model_store", "denied") in [(gap.kind, gap.reason) for gap in gaps]


OWN = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:2 / /data rw - xfs /dev/sdb rw\n"
THEIRS = (
    "5 4 0:50 / / rw - overlay overlay rw,lowerdir=/l\n"
    "6 5 8:2 /llm/models /models ro - xfs /dev/sdb rw\n"
)


def container(*arguments):
    namespace = {"/proc/self/ns/mnt": Path("mnt:[1]"), "/proc/7/ns/mnt": Path("mnt:[2]")}
    files = {"/proc/self/mountinfo": OWN, "/proc/7/mountinfo": THEIRS, **namespace}
    return {**service(*arguments), **files}


def test_a_containers_folder_is_found_on_the_host(scan):
    files = {**container("vllm", "serve", "/models/q"), "/data/llm/models/q/m": safetensors()}
    assert list(scan(files)[0]) == ["/data/llm/models/q"]


def test_trap_a_containers_own_folder_is_not_the_hosts_of_that_name(scan):
    files = {**container("vllm", "serve", "/weights"), "/weights/m": safetensors()}
    stores, _, gaps, _ = scan(files)
    assert stores == {}
    assert ("model_store", "unsupported") in gaps


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/models", "/data/llm/models"),
        ("/models/a/b", "/data/llm/models/a/b"),
        ("/else", ""),
        ("/modelsx", ""),
    ],
)
def test_where_a_containers_path_lies(path, where):
    theirs = tuple(parse_mounts(THEIRS.encode(), Origin("s", "m")))
    ours = tuple(parse_mounts(OWN.encode(), Origin("s", "m")))
    assert outside(path, theirs, ours) == where
    assert outside(path, (), ours) == ""
    assert outside(path, theirs, ()) == ""


@pytest.mark.parametrize(
    "value",
    [
        "",
        "models",
        "/",
        "/home",
        "/usr/lib/x",
        "/etc",
        "/proc/1",
        "https://x/y",
        "/a\nb",
        "/" + "a" * 5000,
    ],
)
def test_what_is_no_folder_of_data(value):
    assert not is_data_folder(value)


def test_the_module_is_listed():
    assert stores_module.COLLECTOR is COLLECTOR

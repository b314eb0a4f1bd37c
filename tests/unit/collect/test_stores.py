"""Model stores: where they are looked for, how they are walked, and what their files say."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import msgspec
import pytest

from auditor.collect import Options
from auditor.collect import _store_external as store_external
from auditor.collect import _store_layouts as store_layouts
from auditor.collect import _store_walk as store_walk
from auditor.collect import stores as stores_module
from auditor.collect._mountinfo import parse_mounts
from auditor.collect._reading import Reading
from auditor.collect._store_services import is_data_folder, outside
from auditor.collect._store_view import StoreView
from auditor.collect._store_walk import Bounds, Walker
from auditor.collect.stores import COLLECTOR
from auditor.evidence import Coverage, Gap, Origin, Site
from auditor.evidence.models import ModelFile, StoreAnomaly
from auditor.evidence.site import Store
from auditor.evidence.storage import ModelStore
from auditor.formats import ExternalData, Inspection
from auditor.host import Unreadable
from auditor.stores import Contents, File, within


def safetensors(elements=3):
    size = 2 * elements
    header = json.dumps(
        {"w": {"dtype": "BF16", "shape": [elements], "data_offsets": [0, size]}}
    ).encode()
    return len(header).to_bytes(8, "little") + header + b"\0" * size


CONFIG = json.dumps({"architectures": ["QwenForCausalLM"], "max_position_embeddings": 32768})
HUB = "/home/alice/.cache/huggingface/hub"
GIT = hashlib.sha1(b"blob %d\0" % len(CONFIG) + CONFIG.encode()).hexdigest()
SHA256 = hashlib.sha256(safetensors()).hexdigest()
REPOSITORY = f"{HUB}/models--Qwen--Small"
HUGGINGFACE = {
    f"{REPOSITORY}/blobs/aaaa": safetensors(),
    f"{REPOSITORY}/blobs/bbbb": CONFIG,
    f"{REPOSITORY}/refs/main": "0" * 40,
    f"{REPOSITORY}/snapshots/{'0' * 40}/model.safetensors": Path("../../blobs/aaaa"),
    f"{REPOSITORY}/snapshots/{'0' * 40}/config.json": Path("../../blobs/bbbb"),
}


@pytest.fixture
def odd(plain_tree):
    """Return `run(files) -> {(anomaly, path below the store)}`."""

    def run(files, **options):
        found = list(COLLECTOR.collect(plain_tree(files), Options(**options)))
        return {(f.anomaly, f.path) for f in found if isinstance(f, StoreAnomaly)}

    return run


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
    assert found["/models/a.txt"].architecture == "QwenForCausalLM"
    assert found["/models/a.txt"].verdict == "data"
    assert gaps == []


def test_a_file_that_is_only_named_like_a_model_cannot_be_judged(scan):
    _, found, gaps, coverage = scan({"/models/b.safetensors": "text", "/models/a.txt": "text"})
    assert list(found) == ["/models/b.safetensors"]
    model = found["/models/b.safetensors"]
    assert (model.model_format, model.verdict) == ("unknown", "not-inspectable")
    assert [reason.rule for reason in model.reasons] == ["content-unknown"]
    assert (gaps, coverage["model files"]) == ([], (0, 1))


def test_a_blob_whose_link_is_named_like_a_model_cannot_be_judged(scan):
    blob = f"{REPOSITORY}/blobs/cccc"
    link = f"{REPOSITORY}/snapshots/{'0' * 40}/pytorch_model.bin"
    _, found, _, _ = scan({**HUGGINGFACE, blob: "text", link: Path("../../blobs/cccc")})
    assert found[blob].verdict == "not-inspectable"


def test_an_empty_file_named_like_a_model_is_malformed(scan):
    marker = f"{REPOSITORY}/.no_exist/{'0' * 40}/model.bin"
    _, found, _, _ = scan({**HUGGINGFACE, marker: "", "/models/a.bin": ""})
    assert (found["/models/a.bin"].verdict, found["/models/a.bin"].reasons[0].rule) == (
        "malformed",
        "empty",
    )
    assert marker not in found


def test_a_file_that_cannot_be_opened_has_no_verdict_and_is_a_gap(plain_tree):
    class Closed:
        def __init__(self, host):
            self._host = host

        def __getattr__(self, name):
            return getattr(self._host, name)

        def inspect_model(self, path):
            raise Unreadable(path, "denied", "permission denied")

    found = list(COLLECTOR.collect(Closed(plain_tree({"/models/x": "x"})), Options()))
    assert [f.verdict for f in found if isinstance(f, ModelFile)] == [None]
    assert ("model_file", "denied") in [(f.kind, f.reason) for f in found if isinstance(f, Gap)]
    assert [f.seen for f in found if isinstance(f, Coverage)] == [1, 0]


def test_an_adapter_names_its_base(scan):
    adapter = json.dumps({"base_model_name_or_path": "Qwen/Base", "peft_type": "LORA"})
    _, files, _, _ = scan({"/models/x/m": safetensors(), "/models/x/adapter_config.json": adapter})
    assert files["/models/x/m"].base_model == "Qwen/Base"


def test_a_malformed_model_file_has_its_verdict_and_is_no_gap(scan):
    _, files, gaps, coverage = scan(
        {"/models/a": safetensors() + b"trailing", "/models/b": safetensors()}
    )
    assert {path: file.verdict for path, file in files.items()} == {
        "/models/a": "malformed",
        "/models/b": "data",
    }
    assert files["/models/a"].reasons
    assert gaps == []
    assert coverage["model files"] == (1, 2)


@pytest.mark.parametrize("config", ["{", "[" * 100_000, "[]", '{"a": ' + "1" * 5000 + "}"])
def test_a_malformed_configuration_is_told_and_the_model_still_is(scan, odd, config):
    files = {"/models/a": safetensors(), "/models/config.json": config}
    assert odd(files) == {("configuration-malformed", "/models/config.json")}
    assert scan(files)[1]["/models/a"].architecture == ""


def test_a_configuration_of_other_types_tells_nothing(scan):
    config = '{"architectures": 5, "max_position_embeddings": -1, "quantization_config": []}'
    _, files, _, _ = scan({"/models/a": safetensors(), "/models/config.json": config})
    assert (files["/models/a"].architecture, files["/models/a"].context_length) == ("", 0)


def test_a_configuration_that_is_too_large_is_a_gap(scan):
    config = " " * (5 << 20) + "{}"
    _, _, gaps, _ = scan({"/models/a": safetensors(), "/models/config.json": config})
    assert gaps == [("model_file", "limit"), ("store_anomaly", "limit")]


def test_a_store_under_a_link_is_told_by_where_it_lies(scan):
    files = {"/mnt/raw/models/a": "x", "/srv/models": Path("/mnt/raw/models")}
    stores, _, _, _ = scan(files)
    assert stores["/mnt/raw/models"].origin.source == "/srv/models"


def test_links_within_a_store_are_not_followed(scan):
    stores, _, gaps, _ = scan({"/models/a": "x", "/models/up": Path(), "/models/me": Path()})
    assert (stores["/models"].files, stores["/models"].complete, gaps) == (1, True, [])


UNSEEN = [
    ("model_store", "unsupported"),
    ("model_file", "unsupported"),
    ("store_anomaly", "unsupported"),
]


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
    files["/x/blobs/sha256-2"] = safetensors()
    stores, _, gaps, _ = scan(files, stores=("/x/",), site=site)
    assert (stores["/x"].discovered_by, stores["/x"].tool) == ("option", "ollama")
    assert (stores["/data/vec"].discovered_by, stores["/data/vec"].holds) == ("site", "vectors")
    assert gaps == []


def test_a_named_store_that_is_not_there_is_a_gap(scan):
    _, _, gaps, _ = scan({}, stores=("/x",))
    assert {kind for kind, _ in gaps} == {"model_store", "model_file", "store_anomaly"}
    # A store of the site that is on another machine is undecided here by itself, see derive.
    assert scan({}, site=Site(stores=(Store(path="/x"),)))[2] == []


def test_a_named_file_is_a_store_of_its_own(scan, odd):
    files = {"/d/a.bin": safetensors(), "/d/config.json": CONFIG, "/d/b.bin": "x", "/d/s.py": "x"}
    stores, found, gaps, coverage = scan(files, stores=("/d/a.bin",), discover=False)
    (store,) = stores.values()
    assert (store.path, store.tool, store.files, store.size) == (
        "/d/a.bin",
        "file",
        1,
        len(safetensors()),
    )
    assert [(f.path, f.store) for f in found.values()] == [("/d/a.bin", "/d/a.bin")]
    assert found["/d/a.bin"].architecture == "QwenForCausalLM"
    assert (gaps, coverage["model files"]) == ([], (1, 1))
    assert odd(files, stores=("/d/a.bin",), discover=False) == set()


def test_a_named_device_is_a_gap(plain_tree, scan, tmp_path):
    host = plain_tree({})
    os.mkfifo(tmp_path / "root/x")
    assert {kind for kind, _ in scan({}, host, stores=("/x",))[2]} == {
        "model_store", "model_file", "store_anomaly",
    }  # fmt: skip


def test_only_the_named_stores_are_looked_at_where_nothing_is_to_be_discovered(scan):
    files = {
        **HUGGINGFACE,
        "/models/a": "x",
        "/x/a": safetensors(),
        "/proc/7/cmdline": "vllm\0serve\0",
    }
    stores, _, gaps, _ = scan(files, stores=("/x",), discover=False)
    assert (list(stores), gaps) == (["/x"], [])


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
        ("store_anomaly", "denied"),
    }


def test_refused_homes_are_one_gap(plain_tree, collected):
    host = plain_tree({"/home/alice/x": "x", "/root/x": "x"})
    _, gaps = collected("stores", host, refused=("/home/alice", "/root"))
    assert [(gap.kind, gap.reason, gap.count) for gap in gaps] == [
        ("model_store", "denied", 2),
        ("model_file", "denied", 2),
        ("store_anomaly", "denied", 2),
    ]


def test_limits_make_a_store_incomplete(plain_tree):
    host = plain_tree({f"/m/{n:03}": "x" for n in range(20)})
    reading = Reading(host, "stores", "model_store")
    walk = Walker(reading, most=7).walk("/m", host.stat("/m"))
    assert (walk.complete, walk.writers) == (False, None)
    assert [gap.reason for gap in reading.gaps()] == ["limit"]
    nested = plain_tree({"/deep/" + "d/" * (store_walk.MAX_DEPTH + 2) + "f": "x"})
    reading = Reading(nested, "stores", "model_store")
    walk = Walker(reading).walk("/deep", nested.stat("/deep"))
    assert (walk.complete, walk.files) == (False, 0)


def test_more_model_files_than_are_told_are_a_gap(scan, monkeypatch):
    gap = [("model_file", "limit"), ("store_anomaly", "limit")]
    monkeypatch.setattr(stores_module, "FOUND", Bounds(entries=100, opened=100, told=2))
    _, files, gaps, _ = scan({f"/models/{n}": safetensors() for n in range(4)})
    assert (len(files), gaps) == (2, gap)
    monkeypatch.setattr(stores_module, "FOUND", Bounds(entries=100, opened=1, told=100))
    _, files, gaps, _ = scan({})
    assert (len(files), gaps) == (1, gap)


def test_a_file_of_two_names_counts_once(plain_tree, scan, tmp_path):
    host = plain_tree({"/models/a": safetensors()})
    (tmp_path / "root/models/b").hardlink_to(tmp_path / "root/models/a")
    stores, files, _, _ = scan({}, host)
    assert (stores["/models"].files, stores["/models"].size) == (1, len(safetensors()))
    assert [(f.path, f.links) for f in files.values()] == [("/models/a", ("/models/b",))]


@pytest.mark.parametrize(
    ("content", "anomaly"),
    [
        (b"\x7fELF\2\1\1\0", "native-code"),
        (b"MZ\x90\0\3", "native-code"),
        (b"\xcf\xfa\xed\xfe", "native-code"),
        (b"#!/bin/sh\n", "script"),
        (b"text", ""),
    ],
)
def test_programs_are_known_by_content(odd, content, anomaly):
    assert odd({"/models/weights": content}) == (
        {(anomaly, "/models/weights")} if anomaly else set()
    )


def test_a_chat_template_is_a_file_with_a_verdict(scan):
    template = "{{ ''.__class__.__mro__ }}"
    tokenizer = json.dumps({"chat_template": template})
    files = {"/models/m": safetensors(), "/models/tokenizer_config.json": tokenizer}
    _, found, gaps, _ = scan(files)
    judged = found["/models/tokenizer_config.json"]
    assert (judged.model_format, judged.verdict, gaps) == ("tokenizer_config", "dangerous", [])
    assert len({(r.rule, r.detail) for r in judged.reasons}) == len(judged.reasons)
    assert found["/models/m"].chat_template == judged.chat_template != ""


@pytest.mark.parametrize(
    ("modes", "told"),
    [
        ({}, set()),
        ({"/models/a": 0o666}, {("writable", "/models/a")}),
        ({"/models": 0o1777}, {("writable", "/models")}),
        ({"/models/a": 0o664, "/models/b": 0o664}, {("writable", "/models")}),
    ],
)
def test_where_others_may_write(plain_tree, modes, told, tmp_path):
    host = plain_tree({"/models/a": "x", "/models/b": "x"})
    for path, mode in {"/models": 0o755, "/models/a": 0o644, "/models/b": 0o644, **modes}.items():
        (tmp_path / "root" / path.lstrip("/")).chmod(mode)
    found = COLLECTOR.collect(host, Options())
    assert {(f.anomaly, f.path) for f in found if isinstance(f, StoreAnomaly)} == told


@pytest.mark.parametrize(
    ("side", "anomalies"),
    [
        ({"w.dat": b"x" * 64}, set()),
        ({"w.dat": b"x"}, {("external-missing", "/models/m")}),
        ({}, {("external-missing", "/models/m")}),
        ({"w.dat": Path("/etc/passwd")},
         {("external-escaping", "/models/m"), ("link-escaping", "/models/w.dat")}),
    ],
)  # fmt: skip
def test_data_beside_a_model_is_there_and_in_its_folder(plain_tree, side, anomalies):
    class Outside:
        def __init__(self, host):
            self._host = host

        def __getattr__(self, name):
            return getattr(self._host, name)

        def inspect_model(self, path):
            found = self._host.inspect_model(path)
            external = (ExternalData(location="w.dat", needed=64),)
            return found and msgspec.structs.replace(found, external=external)

    files = {f"/models/{name}": data for name, data in side.items()}
    host = Outside(plain_tree({"/models/m": safetensors(), **files}))
    found = COLLECTOR.collect(host, Options())
    assert {(f.anomaly, f.path) for f in found if isinstance(f, StoreAnomaly)} == anomalies


@pytest.mark.parametrize("location", ["../m", "/etc/passwd", "..", "a/../../b", ""])
def test_a_location_that_leaves_the_folder(location):
    assert within("/models", location) == ""


def test_a_blob_that_is_not_what_it_is_named_by(scan, odd):
    good, bad = f"{REPOSITORY}/blobs/{GIT}", f"{REPOSITORY}/blobs/{'a' * 64}"
    told = odd({good: CONFIG, bad: safetensors()}, digests=("sha256",))
    assert ("blob-digest", bad) in told
    assert ("blob-digest", good) not in told
    _, found, _, _ = scan({}, digests=("sha256",))
    assert (found[bad].name_digest, found[bad].sha256) == ("differs", SHA256)
    assert scan({})[1][bad].name_digest == "not-asked"


def test_anomalies_are_so_many_of_a_kind_and_the_rest_a_gap(scan, odd, monkeypatch):
    monkeypatch.setattr(store_layouts, "MAX_OF_A_KIND", 3)
    files = {f"/models/{n}/a.py": "x" for n in range(5)}
    assert len(odd(files)) == 3
    assert scan(files)[2] == [("model_file", "limit"), ("store_anomaly", "limit")]


def test_what_is_missing_is_not_told_of_a_store_that_was_not_seen_whole(plain_tree, collected):
    files = {"/models/a.safetensors.index.json": '{"weight_map": {"w": "sub/x.safetensors"}}',
             "/models/sub/x.safetensors": safetensors()}  # fmt: skip
    whole = list(COLLECTOR.collect(plain_tree(files), Options()))
    part, gaps = collected("stores", plain_tree({}), refused=("/models/sub",))
    for found in (whole, part):
        assert not [f for f in found if isinstance(f, StoreAnomaly)]
    assert "store_anomaly" in {gap.kind for gap in gaps}


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
    # `/models` is where a container's server keeps its models unless it is told otherwise.
    assert list(scan(files)[0]) == ["/data/llm/models"]


def test_a_containers_home_is_found_on_the_host(scan):
    theirs = THEIRS + "7 5 8:2 /volumes/ollama /root/.ollama rw - xfs /dev/sdb rw\n"
    files = {**container("ollama", "serve"), "/proc/7/mountinfo": theirs,
             "/data/volumes/ollama/models/manifests/x": "x"}  # fmt: skip
    stores, _, gaps, _ = scan(files)
    assert list(stores) == ["/data/volumes/ollama/models"]
    assert gaps == []


def test_a_unit_that_does_not_run_names_its_stores(scan):
    unit = "[Service]\nEnvironment=OLLAMA_MODELS=/srv/llm/ollama\nExecStart=/usr/bin/ollama serve\n"
    other = "[Service]\nExecStart=/usr/bin/vllm serve /srv/llm/qwen --download-dir %h/x\n"
    files = {"/etc/systemd/system/ollama.service": unit, "/etc/systemd/system/v.service": other,
             "/srv/llm/ollama/x": "x", "/srv/llm/qwen/x": "x"}  # fmt: skip
    assert {(s.path, s.tool) for s in scan(files)[0].values()} == {
        ("/srv/llm/ollama", "ollama"), ("/srv/llm/qwen", "folder"),
    }  # fmt: skip


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


class _Elsewhere:
    """A host on which stat(2) tells of some files what a test wants it to tell."""

    def __init__(self, host, told):
        self._host = host
        self._told = told

    def __getattr__(self, name):
        return getattr(self._host, name)

    def stat(self, path):
        status = self._host.stat(path)
        change = self._told.get(path)
        return msgspec.structs.replace(status, **change()) if change else status


def test_a_file_of_another_layer_with_the_same_number_is_looked_at(scan, plain_tree):
    files = {"/models/a.gguf.txt": safetensors(), "/models/b": b"cos\nsystem\n(S'echo'\ntR."}
    told = {path: lambda path=path: {"inode": 7, "device": f"0:{path[8]}"} for path in files}
    _, found, _, _ = scan(files, host=_Elsewhere(plain_tree(files), told))
    assert found["/models/b"].verdict == "dangerous"


def test_a_file_of_another_size_with_the_same_number_is_looked_at(scan, plain_tree):
    files = {"/models/a.gguf.txt": safetensors(), "/models/b": b"cos\nsystem\n(S'echo'\ntR."}
    told = {path: lambda: {"inode": 7} for path in files}
    _, found, _, _ = scan(files, host=_Elsewhere(plain_tree(files), told))
    assert found["/models/b"].verdict == "dangerous"


@pytest.mark.parametrize(
    ("name", "gaps"),
    [("m.safetensors", [("model_file", "malformed"), ("store_anomaly", "malformed")]),
     ("train.jsonl", [])],
)  # fmt: skip
def test_a_model_that_changes_between_hashing_and_reading_is_a_gap(plain_tree, scan, name, gaps):
    content = safetensors() if name.startswith("m") else '{"text": "a"}\n{"text": "b"}\n'
    files = {f"/models/{name}": content}
    times = iter(range(5, 50))
    told = {f"/models/{name}": lambda: {"ctime_ns": next(times)}}
    _, found, seen, _ = scan(files, host=_Elsewhere(plain_tree(files), told))
    assert len(found) == 1
    assert seen == gaps


def test_a_named_file_that_is_a_pipe_when_it_is_listed_is_a_gap(plain_tree, scan):
    files = {"/x/m.safetensors": safetensors()}
    kinds = iter(["file"] * 2)
    told = {"/x/m.safetensors": lambda: {"file_type": next(kinds, "fifo")}}
    _, found, gaps, _ = scan(
        files, host=_Elsewhere(plain_tree(files), told), stores=("/x/m.safetensors",)
    )
    assert found == {}
    assert ("model_file", "absent") in gaps


def test_a_named_store_that_is_empty_is_undecided(plain_tree, tmp_path, scan):
    host = plain_tree({"/etc/passwd": ""})
    (tmp_path / "root" / "mnt").mkdir()
    stores, _, gaps, _ = scan({}, host=host, stores=("/mnt",))
    assert list(stores) == ["/mnt"]
    assert gaps == [("model_file", "absent")]


def test_a_named_store_without_any_model_is_undecided(scan):
    _, found, gaps, _ = scan({"/mnt/notes.txt": "none"}, stores=("/mnt",))
    assert (found, gaps) == ({}, [("model_file", "absent")])


def test_a_store_that_was_only_found_may_be_empty(scan):
    assert scan({"/models/notes.txt": "none"})[2] == []


def test_a_script_is_told_once(plain_tree):
    program = {"/models/run.sh": "#!/bin/sh\n", "/models/lib.so": b"\x7fELF" + bytes(60)}
    found = COLLECTOR.collect(plain_tree(program), Options())
    told = sorted((f.anomaly, f.path) for f in found if isinstance(f, StoreAnomaly))
    assert told == [("native-code", "/models/lib.so"), ("script", "/models/run.sh")]


def test_a_program_named_like_a_script_is_told_as_both(odd):
    told = odd({"/models/run.py": b"\x7fELF" + bytes(60)})
    assert told == {("script", "/models/run.py"), ("native-code", "/models/run.py")}


def test_what_scripts_are_compiled_to_is_told_once_for_their_folder(odd):
    files = {"/models/a.py": "x", "/models/b.py": "x"}
    files |= {f"/models/__pycache__/{n}.cpython-311.pyc": "x" for n in "ab"}
    assert odd(files) == {
        ("script", "/models/a.py"),
        ("script", "/models/b.py"),
        ("script", "/models/__pycache__"),
    }


def test_a_script_that_a_hub_cache_links_to_is_told(odd):
    link = f"{REPOSITORY}/snapshots/{'0' * 40}/modeling_x.py"
    blob = f"{REPOSITORY}/blobs/cccc"
    assert ("script", link) in odd({**HUGGINGFACE, blob: "x = 1", link: Path("../../blobs/cccc")})


def test_a_file_of_its_own_among_a_snapshot_s_links_is_told(odd):
    own = f"{REPOSITORY}/snapshots/{'0' * 40}/tokenizer.json"
    signature = f"{REPOSITORY}/snapshots/{'0' * 40}/model.sig"
    told = odd({**HUGGINGFACE, own: "{}", signature: "{}"})
    assert [path for anomaly, path in told if anomaly == "blob-missing"] == [own]


def test_a_snapshot_that_was_copied_with_its_files_is_none_of_links(odd):
    files = {f"{REPOSITORY}/refs/main": "0" * 40, f"{REPOSITORY}/blobs/.keep": ""}
    files |= {f"{REPOSITORY}/snapshots/{'0' * 40}/{name}": CONFIG for name in ("config.json", "a")}
    assert "blob-missing" not in {anomaly for anomaly, _ in odd(files)}


def test_one_big_configuration_under_many_names_ends(monkeypatch, scan):
    bounds = Bounds(entries=1000, opened=1000, told=100, read=5 * len(CONFIG))
    monkeypatch.setattr(stores_module, "FOUND", bounds)
    files = {f"/models/m{n}/config.json": CONFIG for n in range(9)}
    _, _, gaps, _ = scan(files)
    assert ("store_anomaly", "limit") in gaps


def test_external_data_in_more_folders_than_are_looked_at_is_a_gap(monkeypatch, plain_tree):
    monkeypatch.setattr(store_external, "MOST", 5)
    reading = Reading(plain_tree({"/models/m": "x"}), "stores", "model_file")
    file = File("/models/m", 1)
    view = StoreView(
        reading, Contents(root="/models", folders={}), {}, hashed=False, most=store_walk.FOUND.read
    )
    inspected = Inspection(
        model_format="onnx",
        external=tuple(ExternalData(location=name, needed=1) for name in "wv"),
    )
    names = tuple(f"/models/{n}/m" for n in range(4))
    found = list(store_external.external(view, file, names, inspected, reading))
    assert len(found) == 5
    assert [gap.reason for gap in reading.gaps()] == ["limit"]

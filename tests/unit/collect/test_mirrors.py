"""Where packages, models and images come from; a tool left alone goes to its public default."""

from __future__ import annotations

from pathlib import Path

HOST = "host"


def found(records):
    return {(r.ecosystem, r.subject, r.url) for r in records}


def defaults(records):
    return {r.ecosystem for r in records if not r.explicit}


def test_apt_in_its_three_formats(plain_tree, collected):
    host = plain_tree(
        {
            "/etc/apt/sources.list": "deb [arch=amd64 signed-by=/k] https://apt.corp.example/d x\n"
            "# deb http://commented.example/ x\ndeb cdrom:[Disc 1]/ x main\n"
            "deb-src mirror+file:/etc/apt/mirrors/site.list x main\n",
            "/etc/apt/mirrors/site.list": "https://m1.example/d\thigh\nhttps://m2.example/d\n",
            "/etc/apt/sources.list.d/a.sources": "Types: deb\nURIs: https://a.example/d\n"
            " https://b.example/d\nSuites: x\n\nEnabled: no\nURIs: https://off.example/\n",
            "/etc/apt/sources.list.d/b.list.disabled": "deb http://off2.example/ x\n",
        }
    )
    records, gaps = collected("mirrors", host)
    assert found(records) == {
        ("apt", HOST, "https://apt.corp.example/d"),
        ("apt", HOST, "cdrom:[Disc"),
        ("apt", HOST, "https://m1.example/d"),
        ("apt", HOST, "https://m2.example/d"),
        ("apt", HOST, "https://a.example/d"),
        ("apt", HOST, "https://b.example/d"),
    }
    assert gaps == []


def test_a_mirror_list_that_is_not_there_is_a_gap(plain_tree, collected):
    host = plain_tree({"/etc/apt/sources.list": "deb mirror+file:/etc/apt/none x main\n"})
    records, gaps = collected("mirrors", host)
    assert records == []
    assert [(g.kind, g.reason) for g in gaps] == [("mirror", "absent")]


def test_dnf_and_zypper_repositories_that_are_enabled(plain_tree, collected):
    host = plain_tree(
        {
            "/etc/yum.repos.d/a.repo": "[base]\nbaseurl=https://r1.example/$releasever/\n"
            "  https://r2.example/\nmetalink = https://meta.example/l?repo=x\n[off]\nenabled=0\n"
            "mirrorlist=https://off.example/\n[v]\nbaseurl=https://$site/x\n",
            "/etc/dnf/vars/site": "r3.example\n",
            "/etc/zypp/repos.d/z.repo": "[z]\nbaseurl=http://z.example/\n",
        }
    )
    records, _ = collected("mirrors", host)
    assert {(e, u) for e, _, u in found(records)} == {
        ("dnf", "https://r1.example/$releasever/"),
        ("dnf", "https://r2.example/"),
        ("dnf", "https://meta.example/l"),
        ("dnf", "https://r3.example/x"),
        ("zypper", "http://z.example/"),
    }


def test_pip_and_uv_and_npm_of_the_host_and_of_accounts(plain_tree, collected):
    host = plain_tree(
        {
            "/usr/bin/pip3": "",
            "/usr/bin/uv": "",
            "/usr/bin/npm": "",
            "/etc/pip.conf": "[global]\nindex-url = https://u:hunter2@pip.corp.example/simple\n",
            "/home/alice/.config/pip/pip.conf": "[install]\nfind_links = /srv/wheels\n"
            "  https://links.example/\n",
            "/etc/uv/uv.toml": '[[index]]\nurl = "https://uv.corp.example/simple"\ndefault = true\n',
            "/root/.npmrc": "@corp:registry=https://npm.corp.example/\n"
            "//npm.corp.example/:_authToken=hunter2\n",
        }
    )
    records, gaps = collected("mirrors", host)
    assert found(records) == {
        ("pip", HOST, "https://pip.corp.example/simple"),
        ("pip", "user alice", "file:/srv/wheels"),
        ("pip", "user alice", "https://links.example/"),
        ("uv", HOST, "https://uv.corp.example/simple"),
        ("npm", "user root", "https://npm.corp.example/"),
        ("npm", HOST, ""),
    }
    assert defaults(records) == {"npm"}
    assert "hunter2" not in repr((records, gaps))


def test_an_address_beside_the_default_leaves_the_default_in_place(plain_tree, collected):
    host = plain_tree(
        {
            "/usr/bin/pip3": "",
            "/etc/pip.conf": "[global]\nextra-index-url = https://pip.corp.example/simple\n",
        }
    )
    assert defaults(collected("mirrors", host)[0]) == {"pip"}


def test_no_index_leaves_nothing_to_ask(plain_tree, collected):
    host = plain_tree({"/usr/bin/pip3": "", "/etc/pip.conf": "[global]\nno-index = true\n"})
    assert collected("mirrors", host) == ([], [])


def test_conda_needs_channels_and_alias(plain_tree, collected):
    leaky = {"/opt/conda/.condarc": "channels: [conda-forge, https://c.corp.example/ch]\n"}
    assert defaults(collected("mirrors", plain_tree(leaky))[0]) == {"conda"}
    closed = {
        "/opt/conda/.condarc": "channels: [forge]\nchannel_alias: https://c.corp.example\n",
    }
    assert defaults(collected("mirrors", plain_tree(closed))[0]) == set()


def test_registries_of_the_engines(plain_tree, collected):
    host = plain_tree(
        {
            "/usr/bin/dockerd": "",
            "/etc/docker/daemon.json": '{"registry-mirrors": ["https://reg.corp.example"],'
            '"insecure-registries": ["10.1.0.0/16", "reg2.corp.example:5000"]}',
            "/etc/containerd/config.toml": '[plugins."io.containerd.grpc.v1.cri".registry]\n'
            'config_path = "/etc/containerd/certs.d"\n',
            "/etc/containerd/certs.d/other.example/hosts.toml": "server = 'https://o.example'\n"
            '[host."https://reg.corp.example"]\n',
            "/etc/rancher/k3s/registries.yaml": "mirrors:\n  '*':\n    endpoint:\n"
            "      - https://reg.corp.example\n",
            "/etc/containers/registries.conf": 'unqualified-search-registries = ["p.example"]\n'
            '[[registry]]\nprefix = "b.example"\nblocked = true\n[[registry]]\n'
            'location = "l.example/x"\n[[registry.mirror]]\nlocation = "m.example"\n',
        }
    )
    records, gaps = collected("mirrors", host)
    assert {(r.ecosystem, r.host) for r in records} == {
        ("docker", "reg.corp.example"),
        ("docker", "10.1.0.0/16"),
        ("docker", "reg2.corp.example"),
        ("containerd", "o.example"),
        ("containerd", "reg.corp.example"),
        ("containerd", ""),
        ("k3s", "reg.corp.example"),
        ("podman", "p.example"),
        ("podman", "l.example"),
        ("podman", "m.example"),
    }
    assert defaults(records) == {"containerd"}
    assert gaps == []


def test_docker_left_alone_goes_to_its_public_default(plain_tree, collected):
    assert defaults(collected("mirrors", plain_tree({"/usr/bin/dockerd": ""}))[0]) == {"docker"}


def test_variables_name_mirrors_for_whom_they_are_set(plain_tree, collected):
    host = plain_tree(
        {
            "/usr/local/bin/hf": "",
            "/etc/environment": "PIP_INDEX_URL=https://pip.corp.example/simple\n"
            "UV_INDEX=corp=https://uv.corp.example/simple\n",
            "/etc/systemd/system/vllm.service": "[Service]\nEnvironment=HF_ENDPOINT=https://hf.example\n",
        }
    )
    records, _ = collected("mirrors", host)
    assert found(records) == {
        ("pip", HOST, "https://pip.corp.example/simple"),
        ("uv", HOST, "https://uv.corp.example/simple"),
        ("huggingface", "vllm.service", "https://hf.example"),
        ("huggingface", HOST, ""),
    }


def test_offline_in_the_hosts_environment_settles_the_hub(plain_tree, collected):
    host = plain_tree({"/usr/local/bin/hf": "", "/etc/environment": "HF_HUB_OFFLINE=1\n"})
    assert collected("mirrors", host) == ([], [])


def test_malformed_and_hostile_files_are_gaps(plain_tree, collected):
    host = plain_tree(
        {
            "/etc/docker/daemon.json": "[" * 100_000,
            "/etc/containerd/config.toml": "a = [" + "[" * 5_000,
            "/etc/rancher/k3s/registries.yaml": "a: &a [*a]\n",
            "/etc/uv/uv.toml": ".".join("a" * 60_000) + " = 1",
            "/home/alice/.condarc": b"\xff\xfe\x00channels",
            "/etc/pip.conf": "[global]\nindex-url = http://[bad\n",
        }
    )
    records, gaps = collected("mirrors", host)
    assert {r.ecosystem for r in records} <= {"docker", "containerd"}
    assert [(g.kind, g.reason, g.count) for g in gaps] == [("mirror", "malformed", 6)]


def test_a_refused_program_folder_is_a_gap_and_no_default(plain_tree, collected):
    records, gaps = collected("mirrors", plain_tree({}), refused=["/root", "/usr/bin"])
    assert records == []
    assert [(g.kind, g.reason) for g in gaps] == [("mirror", "denied")]


def test_a_masked_file_says_nothing(plain_tree, collected):
    assert collected("mirrors", plain_tree({"/etc/pip.conf": Path("/dev/null")})) == ([], [])

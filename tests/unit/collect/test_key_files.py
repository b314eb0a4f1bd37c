"""Key files are found where they are used, and told without reading a key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.collect import Options, load
from auditor.collect.key_files import named_keys
from auditor.host.record import RecordingHost
from auditor.host.tree import TreeHost

PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIHSECRETSECRETSECRET\n-----END PRIVATE KEY-----\n"
LOCKED = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIF\n"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIID\n"
FILES = {
    "/etc/crypttab": (
        "# name device key options\n"
        "data UUID=1 /etc/keys/data.key luks\n"
        "swap /dev/sda3 /dev/urandom swap\n"
        "home /dev/sda4 none luks,tpm2-device=auto\n"
        "usb /dev/sda5 /data.key:/dev/sdb1 luks\n"
        "old /dev/sda6 /dev/mapper/data luks,keyscript=decrypt_derived\n"
        "short /dev/sda7\n"
    ),
    "/etc/keys/data.key": "hunter2-hunter2-hunter2",
    "/etc/cryptsetup-keys.d/logs.key": "hunter2",
    "/etc/ssl/private/a.key": PEM,
    "/etc/ssl/private/a.crt": CERTIFICATE,
    "/etc/ssl/private/notes.txt": "hunter2",
    "/etc/ssh/ssh_host_ed25519_key": PEM,
    "/etc/ssh/ssh_host_ed25519_key.pub": "ssh-ed25519 AAAA",
    "/home/alice/.ssh/id_rsa": LOCKED,
    "/home/alice/.ssh/id_rsa.pub": "ssh-rsa AAAA",
    "/home/alice/.ssh/config": "Host *\n",
    "/proc/7/cmdline": "vllm\0serve\0--ssl-keyfile\0/srv/tls/key.pem\0--ssl-certfile=/srv/tls/a.pem\0",
    "/srv/tls/key.pem": PEM,
}


def test_every_place_is_looked_at(plain_tree, collected):
    records, gaps = collected("key_files", plain_tree(FILES))
    assert [(r.known_as, r.purpose, r.passphrase) for r in records] == [
        ("/etc/keys/data.key", "disk", None),
        ("/etc/cryptsetup-keys.d/logs.key", "disk", None),
        ("/etc/ssl/private/a.key", "tls", False),
        ("/etc/ssh/ssh_host_ed25519_key", "ssh-host", False),
        ("/home/alice/.ssh/id_rsa", "ssh-user", True),
        ("/srv/tls/key.pem", "tls", False),
    ]
    assert [(g.reason, g.count) for g in gaps] == [("unsupported", 1)]
    assert "lies on another device" in gaps[0].detail


def test_a_copied_tree_does_not_tell_who_may_read(plain_tree, collected):
    records, _ = collected("key_files", plain_tree(FILES))
    assert {(r.readers, r.device_number, r.encryption_policy) for r in records} == {
        (None, "", None)
    }


def test_no_key_comes_into_a_recording(plain_tree, tmp_path):
    recorder = RecordingHost(plain_tree(FILES))
    first = list(load("key_files").collect(recorder, Options()))
    recorder.save(tmp_path / "kept", at="2026-01-01T00:00:00Z")
    kept = b"".join(p.read_bytes() for p in (tmp_path / "kept").rglob("*") if p.is_file())
    assert b"SECRET" not in kept
    assert b"hunter2" not in kept
    again = list(load("key_files").collect(TreeHost(tmp_path / "kept"), Options()))
    assert [r.known_as for r in again if hasattr(r, "known_as")] == [
        r.known_as for r in first if hasattr(r, "known_as")
    ]


def recorded(plain_tree, tmp_path, modes):
    """Return the tree as a machine of root's, with other modes and owners."""
    recorder = RecordingHost(plain_tree(FILES))
    list(load("key_files").collect(recorder, Options()))
    for path in modes:
        recorder.stat(path)
    folder = tmp_path / "machine"
    recorder.save(folder, at="2026-01-01T00:00:00Z")
    document = json.loads((folder / "host.json").read_text())
    document["uid"] = 0
    for entry in document["entries"].values():
        if entry.get("type") in ("file", "directory"):
            entry["mode"] = 0o600 if entry["type"] == "file" else 0o755
            entry["gid"] = 0
    for path, (mode, gid) in modes.items():
        document["entries"][path].update(mode=mode, gid=gid)
    (folder / "host.json").write_text(json.dumps(document))
    return TreeHost(folder)


@pytest.mark.parametrize(
    ("modes", "readers"),
    [
        ({}, ""),
        ({"/etc/ssl/private/a.key": (0o644, 0)}, "everyone"),
        ({"/etc/ssl/private/a.key": (0o644, 0), "/etc/ssl/private": (0o710, 0)}, ""),
        ({"/etc/ssl/private/a.key": (0o640, 110)}, "group"),
        ({"/etc/ssl/private/a.key": (0o640, 0)}, ""),
        ({"/etc/ssl/private/a.key": (0o604, 0)}, "everyone"),
    ],
    ids=["owner", "everyone", "closed-folder", "group", "group-of-root", "others"],
)
def test_who_may_read(plain_tree, tmp_path, collected, modes, readers):
    host = recorded(plain_tree, tmp_path, {"/etc": (0o755, 0), "/etc/ssl": (0o755, 0),
                    "/etc/ssl/private": (0o755, 0), **modes})  # fmt: skip
    records, _ = collected("key_files", host)
    assert [r.readers for r in records if r.known_as == "/etc/ssl/private/a.key"] == [readers]


def test_a_refused_folder_is_a_gap(plain_tree, collected):
    records, gaps = collected(
        "key_files", plain_tree(FILES), refused=("/etc/ssl/private", "/home/alice")
    )
    assert "/etc/ssl/private/a.key" not in [r.known_as for r in records]
    assert [(g.kind, g.reason, g.count) for g in gaps if g.reason == "denied"] == [
        ("key_file", "denied", 2)
    ]


def test_a_named_key_that_is_not_there_is_a_gap(plain_tree, collected):
    files = {**FILES, "/etc/keys/data.key": None}
    _, gaps = collected("key_files", plain_tree(files))
    assert [g.detail for g in gaps if g.reason == "absent"] == [
        "/etc/keys/data.key: /etc/crypttab names it, and it is not here"
    ]


def test_links_are_followed_to_the_file_itself(plain_tree, collected):
    files = {**FILES, "/etc/ssl/private/b.key": Path("/srv/tls/key.pem")}
    records, _ = collected("key_files", plain_tree(files))
    assert ("/etc/ssl/private/b.key", "/srv/tls/key.pem") in [(r.known_as, r.path) for r in records]


@pytest.mark.parametrize(
    ("arguments", "paths"),
    [
        (("etcd", "--peer-key-file=/a", "--key-file", "/b"), ["/a", "/b"]),
        (("llama-server", "--ssl-key-file", "/a"), ["/a"]),
        (("kubelet", "--tls-private-key-file=/a"), ["/a"]),
        (("jupyter-lab", "--ServerApp.keyfile=/a"), ["/a"]),
        (("gunicorn", "--keyfile", "/a"), ["/a"]),
        (("qdrant", "--tls-key", "/a"), ["/a"]),
        (("x", "--api-key-file=/token", "--key", "/secret", "--service-account-key-file=/x"), []),
        (("x", "--keyfile"), []),
        (("x", "--keyfile", "relative"), []),
    ],
)
def test_flags_that_name_a_key(arguments, paths):
    assert list(named_keys(arguments)) == paths

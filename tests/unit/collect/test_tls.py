"""TLS settings and certificates: what could not be read is a gap, what is weak is seen."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from auditor.evidence.transit import Certificate, TlsSetting

_SPEC = importlib.util.spec_from_file_location(
    "made_certificates", Path(__file__).with_name("certificates.py")
)
crt = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(crt)
KEY = "-----BEGIN PRIVATE KEY-----\nnot-a-key\n-----END PRIVATE KEY-----\n"


@pytest.fixture
def seen(plain_tree, collected):
    """Return `see(files) -> (settings by label, certificates by label, gaps)`."""

    def see(files, *, refused=()):
        # Without a process there is no /proc to list.
        files = {"/proc/1/cmdline": b"/sbin/init\0"} | files
        records, gaps = collected("tls", plain_tree(files), refused=refused)
        settings = {r.label: r for r in records if isinstance(r, TlsSetting)}
        found = {r.label: r for r in records if isinstance(r, Certificate)}
        return settings, found, gaps

    return see


def of_nginx(body):
    return {"/etc/nginx/nginx.conf": body}


def test_a_host_without_services_has_nothing_to_tell_and_nothing_missing(seen):
    assert seen({}) == ({}, {}, [])


def test_a_certificate_says_what_it_is(seen):
    leaf = crt.made(issuer="Plant CA", names=("a.plant.example", "10.1.0.9"), ca=False)
    files = {"/etc/ssl/own/a.pem": crt.pem(leaf, crt.authority()), "/etc/ssl/own/a.key": KEY}
    _, found, gaps = seen(files)
    own = found["/etc/ssl/own/a.pem (CN=a.plant.example)"]
    assert (own.issuer, own.names) == ("CN=Plant CA", ("10.1.0.9", "a.plant.example"))
    assert (own.not_before, own.not_after) == ("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z")
    assert (own.key_algorithm, own.key_bits, own.signature_hash) == ("ec", 256, "sha256")
    assert (own.is_ca, own.self_signed, own.chain_complete) == (False, False, True)
    assert own.key_path == "/etc/ssl/own/a.key"
    root = found["/etc/ssl/own/a.pem#2 (CN=Plant CA)"]
    assert (root.is_ca, root.self_signed, root.key_path) == (True, True, "")
    assert gaps == []


@pytest.mark.parametrize(
    "key, algorithm, bits",
    [("rsa1024", "rsa", 1024), ("rsa2048", "rsa", 2048), ("p192", "ec", 192),
     ("ed25519", "ed25519", 256)],
)  # fmt: skip
def test_the_kind_and_length_of_a_key(seen, key, algorithm, bits):
    _, found, _ = seen({"/etc/ssl/a.pem": crt.pem(crt.made(key=key))})
    (one,) = found.values()
    assert (one.key_algorithm, one.key_bits) == (algorithm, bits)
    assert one.signature_hash == ("" if key == "ed25519" else "sha256")
    assert one.self_signed is True


def test_a_self_signed_certificate_of_sha1_counts_as_both(seen):
    weak = Path(__file__).parents[3] / "scripts/samples/certificates.py"
    text = weak.read_text().partition('WEAK_AND_EXPIRED = """\\\n')[2].partition('"""')[0]
    _, found, gaps = seen({"/etc/ssl/a.crt": text})
    (one,) = found.values()
    assert (one.signature_hash, one.key_bits, one.self_signed) == ("sha1", 1024, True)
    assert gaps == []


def test_one_that_only_names_itself_as_issuer_is_not_signed_by_itself(seen):
    forged = crt.made("Plant CA", issuer="Plant CA")
    _, found, _ = seen({"/etc/ssl/a.pem": crt.pem(forged)})
    (one,) = found.values()
    assert one.self_signed is False


def test_a_chain_of_strangers_is_broken_and_one_alone_cannot_be_told(seen):
    leaf = crt.made(issuer="Plant CA")
    stranger = crt.made("other.example", issuer="Other CA")
    _, found, _ = seen({
        "/etc/ssl/broken.pem": crt.pem(leaf, stranger), "/etc/ssl/alone.pem": crt.pem(leaf),
    })  # fmt: skip
    assert found["/etc/ssl/broken.pem (CN=a.plant.example)"].chain_complete is False
    assert found["/etc/ssl/alone.pem (CN=a.plant.example)"].chain_complete is None


def test_der_is_read_and_damage_is_a_gap(seen):
    good = crt.made()
    _, found, gaps = seen({
        "/etc/ssl/a.der": crt.der(good),
        "/etc/ssl/cut.der": crt.der(good)[:-40],
        "/etc/ssl/b.pem": crt.pem(good).replace(b"MII", b"M!I", 1),
        "/etc/ssl/c.pem": crt.pem(good)[:-40],
    })  # fmt: skip
    assert [one.path for one in found.values()] == ["/etc/ssl/a.der"]
    assert [(g.kind, g.reason, g.count) for g in gaps] == [("certificate", "malformed", 3)]


def test_the_distributions_bundle_is_not_the_hosts(seen):
    root = crt.pem(crt.authority())
    _, found, gaps = seen({
        "/usr/share/ca-certificates/mozilla/Root.crt": root,
        "/usr/local/share/ca-certificates/Site.crt": root,
        "/etc/ssl/certs/Root.pem": Path("/usr/share/ca-certificates/mozilla/Root.crt"),
        "/etc/ssl/certs/0a1b2c3d.0": Path("Root.pem"),
        "/etc/ssl/certs/Site.pem": Path("/usr/local/share/ca-certificates/Site.crt"),
        "/etc/ssl/certs/ca-certificates.crt": root * 100,
    })  # fmt: skip
    assert [one.path for one in found.values()] == ["/etc/ssl/certs/Site.pem"]
    assert gaps == []


def test_ten_thousand_files_are_read_up_to_a_limit_that_is_a_gap(seen):
    files = {f"/etc/ssl/many/{n:05}.pem": b"" for n in range(10_000)}
    _, found, gaps = seen(files)
    assert found == {}
    assert [(g.kind, g.reason) for g in gaps] == [("certificate", "limit")]


@pytest.mark.parametrize("mode, above, who", [
    (0o600, 0o755, ""), (0o640, 0o755, "group"), (0o644, 0o755, "everyone"),
    (0o644, 0o700, "group"), (0o604, 0o710, "group"),
])  # fmt: skip
def test_who_may_read_a_key_is_told_by_it_and_the_folders_above(
    plain_tree, collected, mode, above, who
):
    host = plain_tree({
        "/proc/1/cmdline": b"/sbin/init\0",
        "/etc/nginx/tls/a.pem": crt.pem(crt.made()), "/etc/nginx/tls/a.key": KEY,
    })  # fmt: skip
    root = Path(host._root)
    (root / "etc/nginx/tls/a.key").chmod(mode)
    for folder in ("etc", "etc/nginx"):
        (root / folder).chmod(0o755)
    (root / "etc/nginx/tls").chmod(above)
    records, _ = collected("tls", host)
    assert [r.key_readers for r in records if isinstance(r, Certificate)] == [who]
    (root / "etc/nginx/tls").chmod(0o755)


def test_a_key_that_could_not_be_looked_for_is_not_taken_for_none(seen):
    _, found, _ = seen({"/etc/ssl/certs/a.pem": crt.pem(crt.made())}, refused=["/etc/ssl/private"])
    (one,) = found.values()
    assert (one.key_path, one.key_readers) == ("/etc/ssl/private/a.key", None)


def test_an_authority_that_is_only_trusted_here_has_no_key_here(seen):
    files = {"/etc/ssl/certs/Site.pem": crt.pem(crt.authority())}
    _, found, gaps = seen(files, refused=["/etc/ssl/private"])
    (one,) = found.values()
    assert (one.key_path, one.key_readers, gaps) == ("", "", [])


def test_an_authority_with_its_key_beside_it_is_told(seen):
    pki = "/etc/kubernetes/pki"
    _, found, _ = seen({f"{pki}/ca.crt": crt.pem(crt.authority()), f"{pki}/ca.key": KEY})
    assert [one.key_path for one in found.values()] == [f"{pki}/ca.key"]


def test_a_key_within_the_file_is_the_files_own(seen):
    _, found, _ = seen({"/etc/haproxy/site.pem": crt.pem(crt.made()) + KEY.encode()})
    (one,) = found.values()
    assert one.key_path == "/etc/haproxy/site.pem"
    assert "not-a-key" not in repr(one)


def test_a_named_certificate_that_is_not_there_is_a_gap(seen):
    _, _, gaps = seen(of_nginx("http{server{listen 443 ssl;ssl_certificate /tls/a.pem;}}"))
    assert [(g.kind, g.reason) for g in gaps] == [("certificate", "absent")]


def test_the_flags_of_an_ai_service_name_certificate_and_key(seen):
    line = b"\0".join(
        w.encode() for w in ("/usr/bin/python3", "/opt/bin/vllm", "serve", "/m",
                             "--ssl-keyfile", "/tls/k.pem", "--ssl-certfile=/tls/c.pem", "")
    )  # fmt: skip
    _, found, gaps = seen({
        "/proc/7/cmdline": line, "/tls/c.pem": crt.pem(crt.made()), "/tls/k.pem": KEY,
    })  # fmt: skip
    (one,) = found.values()
    assert (one.purpose, one.path, one.key_path) == ("vllm", "/tls/c.pem", "/tls/k.pem")
    assert gaps == []


def test_refused_settings_are_gaps_in_both_kinds(seen):
    _, _, gaps = seen(of_nginx("events{}"), refused=["/etc/nginx", "/proc"])
    assert {(g.kind, g.reason) for g in gaps} >= {
        ("tls_setting", "denied"), ("certificate", "denied"),
    }  # fmt: skip

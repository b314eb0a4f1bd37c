"""A recording holds no secret of the files that it was made from."""

import pytest

from auditor.collect import Options, names, run
from auditor.host._withheld import without_secrets
from auditor.host.record import RecordingHost
from auditor.host.tree import TreeHost

HASH = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7"
SHADOW = (
    f"root:{HASH}:19000:0:99999:7:::\nops:!{HASH}:19000::::::\nguest::19000::::::\n"
    "daemon:*:19000::::::\nold:aB1cD2eF3gH4i:19000::::::\nbroken\n"
)
KEPT = (
    "root:$y$[redacted]:19000:0:99999:7:::\nops:!$y$[redacted]:19000::::::\nguest::19000::::::\n"
    "daemon:*:19000::::::\nold:[redacted]:19000::::::\nbroken\n"
)
SECRET = "hunter2hunter2"
FILES = {
    "/etc/shadow": SHADOW,
    "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\nguest:x:1000:1000::/home/guest:/bin/bash\n",
    "/etc/group": "root:x:0:\n",
    "/etc/pip.conf": f"[global]\nindex-url = https://ci:{SECRET}@pypi.corp.example/simple\n",
    "/etc/apt/apt.conf": f'Acquire::http::Proxy "http://ci:{SECRET}@proxy.corp.example:3128";\n',
    "/etc/environment": f"API_TOKEN={SECRET}\nHF_TOKEN=hf_abcdefghijklmnopqrstuvwx\nLANG=C\n",
    "/root/.npmrc": f"//npm.corp.example/:_authToken={SECRET}\nregistry=https://npm.corp.example/\n",
    "/root/.docker/config.json": '{"auths": {"h.corp.example": {"auth": "Y2k6aHVudGVyMmh1bnRlcjI="}}}',
    "/etc/docker/daemon.json": f'{{"proxies": {{"http-proxy": "http://u:{SECRET}@p.corp.example"}}}}',
    "/etc/systemd/system/x.service": f"[Service]\nEnvironment=DB_PASSWORD={SECRET}\n",
}


def test_a_password_file_keeps_state_and_method_only():
    assert without_secrets("/etc/shadow", SHADOW.encode(), 10_000).decode() == KEPT


def test_kernel_files_and_model_files_are_kept_as_they_are():
    body = b"password=hunter2\0\x01"
    assert without_secrets("/proc/cmdline", b"password=x", 100) == b"password=x"
    assert without_secrets("/srv/models/a.gguf", body, 100) == body


@pytest.fixture
def plain(tmp_path):
    for path, content in FILES.items():
        target = tmp_path / "plain" / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    return TreeHost(tmp_path / "plain")


@pytest.fixture
def recorded(plain, tmp_path):
    recorder = RecordingHost(plain)
    facts = run(recorder, Options())
    recorder.save(tmp_path / "recording", at="2026-01-01T00:00:00Z")
    return facts, tmp_path / "recording"


def test_no_secret_of_any_file_is_in_a_recording(recorded):
    _, folder = recorded
    kept = b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    for secret in (SECRET, HASH[6:], "hf_abcdefghijklmnopqrstuvwx", "Y2k6aHVudGVyMmh1bnRlcjI="):
        assert secret.encode() not in kept


def test_a_recording_without_its_secrets_gives_the_same_facts(recorded, plain):
    facts, folder = recorded
    direct = run(plain, Options())
    assert names()
    assert facts.records == direct.records
    assert run(TreeHost(folder), Options()).records == facts.records


def test_a_certificate_is_kept_whole_and_the_key_beside_it_is_not():
    body = b"A" * 40 + b"b3" * 300
    certificate = b"-----BEGIN CERTIFICATE-----\n" + body + b"\n-----END CERTIFICATE-----\n"
    key = b"-----BEGIN RSA PRIVATE KEY-----\n" + body + b"\n-----END RSA PRIVATE KEY-----\n"
    kept = without_secrets("/etc/haproxy/site.pem", certificate + key + certificate, 1 << 20)
    assert kept.count(certificate) == 2
    assert body not in kept.replace(certificate, b"")


def test_a_secret_that_poses_as_a_certificate_is_not_kept():
    posing = b"-----BEGIN CERTIFICATE-----\npassword=hunter2-hunter2\n-----END CERTIFICATE-----\n"
    assert b"hunter2" not in without_secrets("/etc/x.pem", posing, 1 << 20)


def test_a_private_key_in_der_is_not_kept():
    key = b"\x30\x82\x01\x00\x02\x01\x00\x30\x0d" + bytes(200)
    assert without_secrets("/etc/ssl/own/a.der", key, 1 << 20) == b"[redacted]"
    certificate = b"\x30\x82\x01\x00\x30\x82\x00\x90" + bytes(200)
    assert without_secrets("/etc/ssl/own/a.der", certificate, 1 << 20) == certificate

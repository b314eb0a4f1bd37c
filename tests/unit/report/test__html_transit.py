"""The chapter on encryption in transit: what is in clear, ended or not known comes first."""

from __future__ import annotations

from auditor.evidence import Origin
from auditor.evidence.transit import Certificate, CertificateValidity, Fabric, TlsSetting, Tunnel
from auditor.report._html_transit import carried, certificates

ORIGIN = Origin("tls", "/x")


def setting(service, tls):
    return TlsSetting(
        origin=ORIGIN, service=service, listener="*:1", port=1, loopback=False, control=False,
        tls=tls, redirects=False, protocols=None, weak=None, peers_verified=None, certificates=(),
    )  # fmt: skip


def certificate(path):
    return Certificate(
        origin=ORIGIN, path=path, position=0, purpose="nginx", subject="CN=a", issuer="CN=a",
        serial="1", not_before="", not_after="2026", key_algorithm="ec", key_bits=None,
        signature_hash=None, names=(), is_ca=False, self_signed=None, chain_complete=None,
        key_path="", key_readers=None,
    )  # fmt: skip


def validity(path, state):
    return CertificateValidity(
        origin=ORIGIN, source_kind="certificate", path=path, purpose="nginx", subject="CN=a",
        not_before="", not_after="2026", is_ca=False, state=state, days_left=None,
        lifetime_days=None,
    )  # fmt: skip


def test_what_is_in_clear_comes_first_and_what_is_not_known_before_what_is_encrypted():
    wireguard = Tunnel(origin=ORIGIN, tunnel_type="wireguard", name="wg0", encrypted=True,
                       state="up", endpoints=None, weak=())  # fmt: skip
    found = carried((wireguard, setting("b", None), setting("a", False)))
    assert [(one.name, one.encrypted) for one in found] == [
        ("a *:1", False), ("b *:1", None), ("wireguard wg0", True),
    ]  # fmt: skip


def test_a_fabric_that_stays_here_is_not_on_the_way():
    stays = Fabric(origin=ORIGIN, fabric_type="nccl", name="p", interfaces=(), active=True,
                   leaves_host=False, encrypted=False)  # fmt: skip
    assert carried((stays,)) == ()


def test_a_certificate_without_a_judgement_is_not_valid():
    records = (certificate("/a"), certificate("/b"), certificate("/c"), validity("/b", "expired"),
               validity("/c", "valid"))  # fmt: skip
    assert [(one.certificate.path, one.state) for one in certificates(records)] == [
        ("/b", "expired"), ("/a", None), ("/c", "valid"),
    ]  # fmt: skip

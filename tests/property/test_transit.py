"""Whatever a host's files, processes and listeners hold, the parsers end and answer."""

from __future__ import annotations

import contextlib
import datetime as dt
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.collect._apache import switched
from auditor.collect._haproxy import _words
from auditor.collect._nginx import MalformedError, parse
from auditor.collect._tls_listeners import between, is_local, listener_of, version, weak_ciphers
from auditor.collect._tls_stores import _values
from auditor.collect._x509 import contents
from auditor.collect._x509 import parse as parse_certificate
from auditor.probe._hello import VERSIONS, client_hello, enough, read_reply
from auditor.probe.words import is_loopback

QUICK = settings(max_examples=150, deadline=None)


def _certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a.example")])
    begins = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(9).not_valid_before(begins)
        .not_valid_after(begins + dt.timedelta(days=9))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("a.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return made.public_bytes(serialization.Encoding.DER)


DER = _certificate()
PEM = b"-----BEGIN CERTIFICATE-----\n" + b"TUlJ\n" * 20 + b"-----END CERTIFICATE-----\n"


@QUICK
@given(st.integers(0, len(DER) - 1), st.binary(min_size=1, max_size=6), st.integers(0, 6))
def test_a_certificate_with_bytes_changed_is_read_or_refused(at, new, cut):
    data = DER[:at] + new + DER[at + cut :]
    try:
        parsed = parse_certificate(data)
    except ValueError:
        return
    assert len(parsed.subject) <= 300
    dt.datetime.fromisoformat(parsed.not_after)


@QUICK
@given(st.binary(max_size=300))
def test_any_bytes_are_a_certificate_or_none(data):
    with pytest.raises(ValueError, match="certificate"):
        parse_certificate(b"\x30" + data)


@QUICK
@given(st.lists(st.sampled_from([PEM, PEM[:60], b"-----BEGIN CERTIFICATE-----", b"\n", b"-----END ",
                                 b"-----BEGIN PRIVATE KEY-----\n", b"x" * 50, b"=" * 9]), max_size=12))  # fmt: skip
def test_any_pem_is_taken_apart(pieces):
    data = b"".join(pieces)
    held = contents(data)
    assert len(held.certificates) + held.damaged == data.count(b"-----BEGIN CERTIFICATE-----")


@pytest.mark.parametrize(
    "data",
    [
        b"-----BEGIN CERTIFICATE-----" + b" " * 1_000_000,
        b"-----BEGIN CERTIFICATE-----" * 30_000,
        b"-----BEGIN CERTIFICATE-----\n" + b"A" * 1_000_000,
        b"-" * 1_000_000,
        (b"-----BEGIN CERTIFICATE-----" + b"A" * 10_000) * 60,
    ],
    ids=["blanks", "begins", "long", "dashes", "unended"],
)
def test_hostile_pem_costs_little(data):
    begun = time.monotonic()
    contents(data)
    assert time.monotonic() - begun < 1


@QUICK
@given(st.text(alphabet="{};#\"'\\ \n$ab", max_size=80) | st.text(max_size=80))
def test_any_text_is_nginx_configuration_or_malformed(text):
    with contextlib.suppress(MalformedError):
        parse(text)


@QUICK
@given(st.text(max_size=60))
def test_words_of_settings_are_never_an_error(text):
    weak_ciphers(text)
    listener_of(text)
    is_local(text)
    between(text, text)
    switched(tuple(text.split()))
    list(_words(text))
    _values(text)
    assert version(text) in ("", "SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")


@QUICK
@given(
    st.binary(max_size=200) | st.binary(max_size=120).map(lambda b: b"\x16\x03\x03\x00\x60\x02" + b)
)
def test_any_reply_is_read(data):
    reply = read_reply(data)
    enough(data)
    if reply.kind == "hello":
        assert data[0] == 22


@QUICK
@given(st.binary(max_size=60))
def test_a_reply_that_is_cut_anywhere_is_no_agreement_to_another_version(tail):
    body = b"\x03\x03" + bytes(32) + b"\x00\xc0\x2f\x00" + tail
    message = b"\x02" + len(body).to_bytes(3) + body
    data = b"\x16\x03\x03" + len(message).to_bytes(2) + message
    for cut in range(44, len(data)):
        reply = read_reply(data[:cut])
        assert reply.kind in ("hello", "cut")


@QUICK
@given(st.ip_addresses().map(str))
def test_loopback_is_the_two_and_no_more(address):
    assert is_loopback(address) == (address.startswith("127.") or address == "::1")


@QUICK
@given(st.text(alphabet="abcxyz.-_%", max_size=20))
def test_no_name_is_loopback(name):
    assert not is_loopback(name)


def test_a_hello_never_changes():
    assert client_hello(VERSIONS["TLSv1.2"]) == client_hello(VERSIONS["TLSv1.2"])

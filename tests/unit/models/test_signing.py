"""Model signatures: what holds, and every way in which one must not."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from model_signers import (
    CURVES,
    NOW,
    Authority,
    der,
    key,
    manifest,
    pem,
    resource,
    signer,
)  # fmt: skip

from auditor.errors import KeyFileError, SignatureError
from auditor.models import signature_bundle, signed_manifest, signing
from auditor.models.signed_manifest import Resource, shards_of
from auditor.models.signer_keys import ModelSigner, Trusted, load_signer, load_trusted


def trusting(made_by: ModelSigner, name: str = "") -> Trusted:
    return Trusted(keys=((made_by.public, name),))


def resigned(document: dict, made_by: ModelSigner) -> bytes:
    """Return a bundle over another statement, truly signed: only the statement is wrong."""
    payload = json.dumps(document).encode()
    bundle = signature_bundle.Bundle(
        method="key",
        payload=payload,
        signature=made_by.sign(signature_bundle.pae(payload)),
        hint=made_by.public.hint,
    )
    return signature_bundle.encode(bundle)


def statement(**how: object) -> dict:
    return json.loads(signed_manifest.encode(manifest(**how)))


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_what_is_signed_comes_back(curve):
    made_by = signer(curve)
    signed = signing.verify(signing.sign(manifest(), made_by), trusting(made_by, "plant"))
    assert (signed.signer, signed.method) == ("plant", "key")
    assert signed.manifest == manifest()


def test_resources_are_sorted_by_code_points_and_the_digest_is_theirs():
    told = statement()["predicate"]["resources"]
    assert [one["name"] for one in told] == ["a.bin", "sub/b.bin"]
    out = signed_manifest.decode(
        signed_manifest.encode(manifest(resource("a/x"), resource("a-b/x"), resource("Z")))
    )
    assert [one.name for one in out.resources] == ["Z", "a-b/x", "a/x"]


def test_somebody_else_is_not_trusted_and_what_he_signs_is_told():
    with pytest.raises(signing.UntrustedError) as raised:
        signing.verify(signing.sign(manifest(), signer()), trusting(signer()))
    assert raised.value.manifest == manifest()


def test_nobody_is_trusted_by_default():
    with pytest.raises(signing.UntrustedError):
        signing.verify(signing.sign(manifest(), signer()), Trusted())


def test_a_hint_of_a_trusted_key_over_a_signature_of_another():
    made_by, other = signer(), signer()
    bundle = json.loads(signing.sign(manifest(), other))
    bundle["verificationMaterial"]["publicKey"]["hint"] = made_by.public.hint
    with pytest.raises(signing.FalseSignatureError):
        signing.verify(json.dumps(bundle).encode(), trusting(made_by))


def test_a_signature_without_a_hint_is_tried_with_every_key():
    made_by = signer()
    bundle = json.loads(signing.sign(manifest(), made_by))
    bundle["verificationMaterial"]["publicKey"] = {}
    trusted = trusting(signer()) + trusting(made_by)
    assert signing.verify(json.dumps(bundle).encode(), trusted).manifest == manifest()


def test_a_key_within_as_tools_before_1_1_wrote_it():
    made_by = signer(CURVES[1])
    bundle = json.loads(signing.sign(manifest(), made_by))
    raw = base64.b64encode(made_by.public.pem).decode()
    bundle["verificationMaterial"] = {
        "publicKey": {"rawBytes": raw, "keyDetails": "PKIX_ECDSA_P384_SHA_384"}
    }
    bundle["dsseEnvelope"]["signatures"][0]["keyid"] = None
    data = json.dumps(bundle).encode()
    assert signing.verify(data, trusting(made_by)).method == "key"
    with pytest.raises(signing.UntrustedError):
        signing.verify(data, trusting(signer()))


def test_one_changed_byte_of_the_payload():
    made_by = signer()
    bundle = json.loads(signing.sign(manifest(), made_by))
    payload = base64.b64decode(bundle["dsseEnvelope"]["payload"]).replace(b"a.bin", b"A.bin")
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
    with pytest.raises(signing.FalseSignatureError):
        signing.verify(json.dumps(bundle).encode(), trusting(made_by))


def _broken(change):
    made_by = signer()
    bundle = json.loads(signing.sign(manifest(), made_by))
    change(bundle)
    return json.dumps(bundle).encode(), made_by


@pytest.mark.parametrize(
    "change",
    {
        "wrong-media-type": lambda b: b.update(mediaType="application/json"),
        "no-envelope": lambda b: b.pop("dsseEnvelope"),
        "no-material": lambda b: b.pop("verificationMaterial"),
        "empty-material": lambda b: b.update(verificationMaterial={}),
        "two-kinds-of-material": lambda b: b["verificationMaterial"].update(
            certificate={"rawBytes": ""}
        ),
        "no-signature": lambda b: b["dsseEnvelope"].update(signatures=[]),
        "two-signatures": lambda b: b["dsseEnvelope"].update(
            signatures=b["dsseEnvelope"]["signatures"] * 2
        ),
        "wrong-payload-type": lambda b: b["dsseEnvelope"].update(payloadType="text/plain"),
        "payload-no-base64": lambda b: b["dsseEnvelope"].update(payload="%%"),
        "signature-no-base64": lambda b: b["dsseEnvelope"]["signatures"][0].update(sig="%"),
        "signature-no-der": lambda b: b["dsseEnvelope"]["signatures"][0].update(sig="AAAA"),
        "no-certificates": lambda b: b.update(
            verificationMaterial={"x509CertificateChain": {"certificates": []}}
        ),
        "no-certificate-within": lambda b: b.update(
            verificationMaterial={"x509CertificateChain": {"certificates": [{"rawBytes": "AA=="}]}}
        ),
        "key-within-is-none": lambda b: b.update(
            verificationMaterial={"publicKey": {"rawBytes": "AA=="}}
        ),
    }.items(),
    ids=lambda pair: pair[0],
)
def test_broken_bundles(change):
    data, made_by = _broken(change[1])
    with pytest.raises(SignatureError):
        signing.verify(data, trusting(made_by))


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"mediaType": 3}'],
    ids=["empty", "cut", "list", "null", "no-utf8", "deep", "other-types"],
)  # fmt: skip
def test_what_is_no_bundle(data):
    with pytest.raises(SignatureError):
        signing.verify(data, Trusted())


def _in(path: str, value: object):
    def change(document: dict) -> None:
        *above, last = path.split("/")
        here = document
        for name in above:
            here = here[int(name)] if isinstance(here, list) else here[name]
        if value is None:
            del here[last]
        else:
            here[int(last) if isinstance(here, list) else last] = value

    return change


_RESOURCE = "predicate/resources/0"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("_type", "https://in-toto.io/Statement/v0.1"),
        ("predicateType", "https://slsa.dev/provenance/v1"),
        ("predicateType", "https://model_signing/Digests/v0.1"),
        ("predicate", None),
        ("predicate/serialization", None),
        ("predicate/serialization/method", "tensors"),
        ("predicate/serialization/method", "shards"),
        ("predicate/serialization/hash_type", "md5"),
        ("predicate/serialization/allow_symlinks", "false"),
        ("predicate/serialization/ignore_paths", ["."]),
        ("predicate/serialization/ignore_paths", ["../x"]),
        ("predicate/serialization/ignore_paths", ["/"]),
        ("predicate/resources", []),
        (f"{_RESOURCE}/digest", "ab"),
        (f"{_RESOURCE}/digest", "G" * 64),
        (f"{_RESOURCE}/digest", "A" * 64),
        (f"{_RESOURCE}/algorithm", "sha1"),
        (f"{_RESOURCE}/name", "sub/b.bin"),
        (f"{_RESOURCE}/name", "../a.bin"),
        (f"{_RESOURCE}/name", "/a.bin"),
        (f"{_RESOURCE}/name", "x/../a.bin"),
        (f"{_RESOURCE}/name", "./a.bin"),
        (f"{_RESOURCE}/name", "a//b"),
        (f"{_RESOURCE}/name", "a/"),
        (f"{_RESOURCE}/name", ".."),
        (f"{_RESOURCE}/name", ""),
        (f"{_RESOURCE}/name", "a\0b"),
        ("subject", []),
        ("subject/0/digest", {}),
        ("subject/0/digest/sha256", "0" * 64),
    ],
)
def test_statements_that_are_signed_and_yet_refused(path, value):
    made_by = signer()
    document = statement()
    _in(path, value)(document)
    with pytest.raises(SignatureError):
        signing.verify(resigned(document, made_by), trusting(made_by))


@pytest.mark.parametrize("size", ["1e400", "NaN", "-1", "0", "0.5", "9e99", "true"])
def test_shards_of_no_size(size):
    told = signed_manifest.encode(manifest(*shards((0, 4)), size=4))
    with pytest.raises(SignatureError):
        signed_manifest.decode(told.replace(b'"shard_size":4', f'"shard_size":{size}'.encode()))


def test_the_same_name_twice_in_an_object():
    text = signed_manifest.encode(manifest()).replace(
        b'"predicate":', b'"predicate":{},"predicate":'
    )
    with pytest.raises(SignatureError, match="no JSON"):
        signed_manifest.decode(text)


def shards(*spans: tuple[int, int], name: str = "w:1.bin") -> tuple[Resource, ...]:
    return tuple(Resource(name, begin, end, "ab" * 32) for begin, end in spans)


def test_shards_come_back_even_of_a_name_with_colons():
    told = manifest(*shards((0, 4), (4, 8), (8, 9)), size=4)
    assert signed_manifest.decode(signed_manifest.encode(told)) == told
    assert list(shards_of(9, 4)) == [(0, 4), (4, 8), (8, 9)]
    assert list(shards_of(0, 4)) == []


@pytest.mark.parametrize(
    "spans",
    [
        ((4, 8),),
        ((0, 4), (8, 9)),
        ((0, 3), (4, 8)),
        ((0, 9),),
        ((0, 0),),
        ((0, 4), (2, 4)),
        ((4, 0),),
    ],
    ids=["begins-late", "gap", "short-within", "too-long", "empty", "overlap", "backwards"],
)
def test_shards_that_are_not_the_file(spans):
    with pytest.raises(SignatureError):
        signed_manifest.decode(signed_manifest.encode(manifest(*shards(*spans), size=4)))


def certified(*chain: x509.Certificate, private: object) -> bytes:
    return signing.sign(manifest(), ModelSigner(private, tuple(der(one) for one in chain)))


def roots(*certificates: x509.Certificate) -> Trusted:
    return Trusted(roots=tuple(der(one) for one in certificates))


def test_a_certificate_chain_to_a_trusted_root():
    root = Authority()
    between = Authority("between", root)
    private = key(CURVES[1])
    data = certified(between.issue(private, "maker"), between.certificate, private=private)
    signed = signing.verify(data, roots(root.certificate), at=NOW)
    assert (signed.signer, signed.method) == ("CN=maker", "certificate")


def test_a_certificate_counts_by_its_key_where_that_is_trusted():
    root, private = Authority(), key()
    data = certified(root.issue(private, "maker"), private=private)
    assert signing.verify(data, trusting(ModelSigner(private), "plant")).signer == "plant"


def test_a_self_signed_certificate_that_is_trusted_itself():
    own = Authority("own")
    certificate = own.issue(own.private, "own")
    data = certified(certificate, private=own.private)
    assert signing.verify(data, roots(certificate), at=NOW).signer == "CN=own"


def _refused(root: Authority, *chain: x509.Certificate, private: object) -> str:
    data = certified(*chain, private=private)
    with pytest.raises(signing.UntrustedError) as raised:
        signing.verify(data, roots(root.certificate), at=NOW)
    return raised.value.what


@pytest.mark.parametrize(
    ("how", "says"),
    {
        "expired": ({"days": (-10, -1)}, "valid from"),
        "not-yet-valid": ({"days": (1, 10)}, "valid from"),
        "no-code-signing": ({"purpose": None}, "signing code"),
        "for-servers": ({"purpose": ExtendedKeyUsageOID.SERVER_AUTH}, "signing code"),
        "signs-nothing": ({"signs": False}, "not for signatures"),
        "unknown-critical": (
            {"critical": x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"x")},
            "not known here",
        ),
    }.values(),
    ids=["expired", "not-yet-valid", "no-code-signing", "for-servers", "signs-nothing", "critical"],
)
def test_certificates_that_do_not_count(how, says):
    root, private = Authority(), key()
    assert says in _refused(root, root.issue(private, "maker", **how), private=private)


@pytest.mark.parametrize("days", [(-10, -1), (1, 10)], ids=["expired", "not-yet-valid"])
def test_an_authority_between_out_of_its_time(days):
    root, private = Authority(), key()
    between = Authority("between", root, days=days)
    chain = (between.issue(private, "maker"), between.certificate)
    assert "valid from" in _refused(root, *chain, private=private)


def test_a_root_out_of_its_time():
    root, private = Authority(days=(-10, -1)), key()
    assert "valid from" in _refused(root, root.issue(private, "maker"), private=private)


def test_an_issuer_that_is_no_authority():
    root, private = Authority(), key()
    other = Authority("other", root)
    other.certificate = root.issue(other.private, "other")
    chain = (other.issue(private, "maker"), other.certificate)
    assert "may issue none" in _refused(root, *chain, private=private)


def test_deeper_than_the_root_allows():
    root, private = Authority(depth=0), key()
    between = Authority("between", root)
    chain = (between.issue(private, "maker"), between.certificate)
    assert "deeper" in _refused(root, *chain, private=private)


def test_a_root_of_the_same_name_and_another_key():
    root, private = Authority(), key()
    assert "whom you trust" in _refused(Authority(), root.issue(private, "maker"), private=private)


def test_a_root_that_comes_along_is_not_trusted_for_that():
    root, private = Authority(), key()
    chain = (root.issue(private, "maker"), root.certificate)
    assert "whom you trust" in _refused(Authority("ours"), *chain, private=private)


def test_a_certificate_of_another_key_than_signed():
    root, private = Authority(), key()
    data = certified(root.issue(private, "maker"), private=key())
    with pytest.raises(signing.FalseSignatureError):
        signing.verify(data, roots(root.certificate), at=NOW)


def test_authorities_in_a_ring_end():
    first = Authority("ring")
    chain = [first.issue(first.private, "ring", ca=True) for _ in range(12)]
    private = key()
    assert _refused(Authority("ours"), first.issue(private, "m"), *chain, private=private)


def test_a_keyless_signature_is_never_valid():
    root, private = Authority(), key()
    bundle = json.loads(certified(root.issue(private, "maker"), private=private))
    chain = bundle["verificationMaterial"].pop("x509CertificateChain")["certificates"]
    bundle["verificationMaterial"]["certificate"] = chain[0]
    with pytest.raises(signing.NotCheckedError):
        signing.verify(json.dumps(bundle).encode(), roots(root.certificate), at=NOW)


def test_signing_keys_of_every_form_and_the_wrong_ones():
    private = key()
    form = serialization
    locked = private.private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.BestAvailableEncryption(b"word")
    )
    assert load_signer(locked, b"word").public == ModelSigner(private).public
    for data, word, says in (
        (locked, None, "needs its passphrase"),
        (locked, b"other", "passphrase is wrong"),
        (pem(private), b"word", "has no passphrase"),
        (b"nothing", None, "not a private key"),
    ):
        with pytest.raises(KeyFileError, match=says):
            load_signer(data, word)
    for other in (ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 2048)):
        data = other.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
        with pytest.raises(KeyFileError, match="openssl ecparam"):
            load_signer(data)


def test_a_certificate_of_another_key_signs_nothing():
    with pytest.raises(KeyFileError, match="another key"):
        load_signer(pem(key()), None, pem(Authority().certificate))


def test_trust_is_read_from_pem_and_ssh_mixed():
    private, root = key(CURVES[2]), Authority()
    form = serialization
    line = key().public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH)
    data = b"\n".join((pem(private.public_key()), line, pem(root.certificate)))
    trusted = load_trusted(data, name="plant")
    assert (len(trusted.keys), len(trusted.roots)) == (2, 1)
    with pytest.raises(KeyFileError, match="private key"):
        load_trusted(pem(private))
    with pytest.raises(KeyFileError, match="checks models"):
        load_trusted(pem(ed25519.Ed25519PrivateKey.generate().public_key()))
    with pytest.raises(KeyFileError, match="not a public key"):
        load_trusted(b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")


def test_only_the_bundle_of_a_signature_is_one():
    assert signature_bundle.is_bundle(signing.sign(manifest(), signer())[:4096])
    assert not signature_bundle.is_bundle(b"-----BEGIN SSH SIGNATURE-----")
    assert not signature_bundle.is_bundle(Path(__file__).read_bytes()[:4096])

"""Keys, certificates and manifests for the tests of model signatures."""

from __future__ import annotations

import datetime as dt
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from auditor.models.signed_manifest import Manifest, Resource
from auditor.models.signer_keys import ModelSigner

NOW = dt.datetime(2026, 1, 15, tzinfo=dt.UTC)
CURVES = (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1())


def key(curve: ec.EllipticCurve = CURVES[0]) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve)


def signer(curve: ec.EllipticCurve = CURVES[0]) -> ModelSigner:
    return ModelSigner(key(curve))


def resource(name: str, content: bytes = b"x") -> Resource:
    return Resource(name, -1, -1, hashlib.sha256(content).hexdigest())


def manifest(*resources: Resource, **how: object) -> Manifest:
    found = resources or (resource("a.bin"), resource("sub/b.bin", b"y"))
    return Manifest(model="m", hash_type="sha256", resources=found, **how)


class Authority:
    """A certificate authority, root or between, that issues certificates as a test wants them."""

    def __init__(self, name: str = "root", above: Authority | None = None, **how: object) -> None:
        self.private = key()
        self.name = _name(name)
        issuer = above or self
        self.certificate = issuer.issue(self.private, name, ca=True, **how)

    def issue(
        self, private: ec.EllipticCurvePrivateKey, name: str, *, ca: bool = False,
        days: tuple[int, int] = (-10, 10), purpose: object = ExtendedKeyUsageOID.CODE_SIGNING,
        signs: bool = True, depth: int | None = None, critical: x509.ExtensionType | None = None,
        hash_with: hashes.HashAlgorithm | None = None,
    ) -> x509.Certificate:  # fmt: skip
        """Return a certificate, valid for `days` from `NOW` on."""
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "crl_sign", "encipher_only", "decipher_only"), False,
        )  # fmt: skip
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(self.name)
            .public_key(private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW + dt.timedelta(days=days[0]))
            .not_valid_after(NOW + dt.timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=depth), critical=True)
            .add_extension(
                x509.KeyUsage(digital_signature=signs, key_cert_sign=ca, **usage), critical=True
            )
        )
        if purpose is not None and not ca:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        if critical is not None:
            builder = builder.add_extension(critical, critical=True)
        return builder.sign(self.private, hash_with or hashes.SHA256())


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def pem(thing: object) -> bytes:
    """Return a certificate, a public or a private key as PEM."""
    form = serialization
    if isinstance(thing, x509.Certificate):
        return thing.public_bytes(form.Encoding.PEM)
    if isinstance(thing, ec.EllipticCurvePrivateKey):
        return thing.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    return thing.public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

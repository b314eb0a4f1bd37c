"""Makes certificates for tests, good and bad."""

from __future__ import annotations

import datetime as dt
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

BEGINS = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
CA_KEY = ec.generate_private_key(ec.SECP256R1())
_KEYS = {
    "rsa1024": lambda: rsa.generate_private_key(65537, 1024),
    "rsa2048": lambda: rsa.generate_private_key(65537, 2048),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p192": lambda: ec.generate_private_key(ec.SECP192R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}


def name(common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def made(
    common="a.plant.example",
    *,
    issuer=None,
    key="p256",
    names=(),
    ca=None,
    days=365,
    hashed="sha256",
):
    """Return a certificate; with an `issuer` by name the CA's key signs it, else its own."""
    own = _KEYS[key]() if isinstance(key, str) else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(common))
        .issuer_name(name(issuer or common))
        .public_key(own.public_key())
        .serial_number(0x2A)
        .not_valid_before(BEGINS)
        .not_valid_after(BEGINS + dt.timedelta(days=days))
    )
    if names:
        general = [
            x509.IPAddress(ipaddress.ip_address(n)) if n[0].isdigit() else x509.DNSName(n)
            for n in names
        ]
        builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
    if ca is not None:
        builder = builder.add_extension(
            x509.BasicConstraints(ca=ca, path_length=None), critical=True
        )
    signer = CA_KEY if issuer else own
    algorithm = None if key == "ed25519" and not issuer else getattr(hashes, hashed.upper())()
    return builder.sign(signer, algorithm)


def authority(common="Plant CA"):
    return made(common, key=CA_KEY, ca=True, days=3650)


def pem(*certificates):
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)

"""Envelopes: the exact bytes, their type, and distinct keys."""

from __future__ import annotations

import base64
import json

import pytest
from msgspec.structs import replace

from auditor.errors import SignatureError
from auditor.seal import dsse
from auditor.seal.dsse import Envelope, Signature
from auditor.seal.keys import SigningKey


def test_the_encoding_is_that_of_the_specification() -> None:
    # The worked example of the DSSE protocol document.
    assert dsse.pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_two_signers_are_told_apart_and_a_third_is_named(
    key: SigningKey, stranger: SigningKey, p256: SigningKey
) -> None:
    envelope = dsse.decode(dsse.encode(dsse.sign(b"{}", key, p256, stranger)))
    verified = dsse.verify(envelope, [key.public, p256.public])
    assert verified.payload == b"{}"
    assert verified.signers == tuple(sorted((key.public, p256.public)))
    assert verified.unknown == (stranger.public.key_id,)


def test_one_key_is_one_signer_however_often_it_signs(key: SigningKey) -> None:
    once = dsse.sign(b"{}", key)
    twice = replace(once, signatures=once.signatures * 2)
    assert dsse.verify(twice, [key.public, key.public]).signers == (key.public,)
    assert dsse.countersign(once, key) == once


def test_one_key_under_a_second_id_is_no_second_signer(key: SigningKey) -> None:
    once = dsse.sign(b"{}", key)
    alias = Signature("f" * 64, once.signatures[0].sig)
    verified = dsse.verify(replace(once, signatures=(*once.signatures, alias)), [key.public])
    assert verified.signers == (key.public,)
    assert verified.unknown == ("f" * 64,)
    with pytest.raises(SignatureError, match="do not trust"):
        dsse.verify(replace(once, signatures=(alias,)), [key.public])


def test_a_signature_by_a_stranger_is_not_trusted(key: SigningKey, stranger: SigningKey) -> None:
    with pytest.raises(SignatureError, match=f"do not trust: {stranger.public.key_id}"):
        dsse.verify(dsse.sign(b"{}", stranger), [key.public])
    with pytest.raises(SignatureError, match="do not trust"):
        dsse.verify(dsse.sign(b"{}", stranger), [])


def test_a_stranger_cannot_sign_in_anothers_name(key: SigningKey, stranger: SigningKey) -> None:
    forged = replace(dsse.sign(b"{}", stranger).signatures[0], keyid=key.public.key_id)
    envelope = replace(dsse.sign(b"{}", stranger), signatures=(forged,))
    with pytest.raises(SignatureError, match="false"):
        dsse.verify(envelope, [key.public])


def test_one_false_signature_spoils_a_true_one(key: SigningKey, p256: SigningKey) -> None:
    both = dsse.sign(b"{}", key, p256)
    spoilt = replace(both.signatures[1], sig=both.signatures[0].sig)
    with pytest.raises(SignatureError, match="false"):
        dsse.verify(
            replace(both, signatures=(both.signatures[0], spoilt)), [key.public, p256.public]
        )


def test_the_algorithm_is_the_keys_not_the_envelopes(key: SigningKey, p256: SigningKey) -> None:
    swapped = replace(dsse.sign(b"{}", p256).signatures[0], keyid=key.public.key_id)
    with pytest.raises(SignatureError, match="false"):
        dsse.verify(replace(dsse.sign(b"{}", key), signatures=(swapped,)), [key.public])


def test_the_type_is_signed_with_the_payload(key: SigningKey) -> None:
    text = dsse.sign(b"{}", key, payload_type="text/plain")
    with pytest.raises(SignatureError, match="another type"):
        dsse.verify(text, [key.public])
    with pytest.raises(SignatureError, match="false"):
        dsse.verify(replace(text, payload_type=dsse.IN_TOTO), [key.public])


def test_the_envelope_is_the_same_bytes_each_time(key: SigningKey, p256: SigningKey) -> None:
    assert dsse.encode(dsse.sign(b"{}", key, p256)) == dsse.encode(dsse.sign(b"{}", key, p256))


def spellings(envelope: Envelope) -> dict[str, bytes]:
    data = dsse.encode(envelope)
    document = json.loads(data)
    reordered = {name: document[name] for name in sorted(document, reverse=True)}
    return {
        "spaces": json.dumps(document).encode(),
        "order": json.dumps(reordered, separators=(",", ":")).encode(),
        "line feed": data + b"\n",
        "twice the same name": data[:-1] + b',"payload":"e30="}',
        "unknown field": data[:-1] + b',"alg":"none"}',
        "escape": data.replace(b'"payload"', b'"\\u0070ayload"'),
        "no signatures": json.dumps({**document, "signatures": []}, separators=(",", ":")).encode(),
        "too many": json.dumps(
            {**document, "signatures": document["signatures"] * 65}, separators=(",", ":")
        ).encode(),
        "byte order mark": b"\xef\xbb\xbf" + data,
        "UTF-16": data.decode().encode("utf-16"),
    }


@pytest.mark.parametrize("name", list(spellings(Envelope("", "", (Signature("", ""),)))))
def test_another_spelling_of_an_envelope_is_refused(key: SigningKey, name: str) -> None:
    with pytest.raises(SignatureError):
        dsse.decode(spellings(dsse.sign(b"{}", key))[name])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b'{"payload":1,"payloadType":"","signatures":[]}',
        b"[" * 200_000,
        b'{"payload":' + b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"payload":"\xff","payloadType":"","signatures":[]}',
        b'{"payload":"\\ud800","payloadType":"","signatures":[]}',
        b" " * (dsse.MAX_ENVELOPE + 1),
    ],
    ids=range(10),
)
def test_what_is_no_envelope_is_refused_and_bounded(data: bytes) -> None:
    with pytest.raises(SignatureError):
        dsse.decode(data)


@pytest.mark.parametrize(
    "text", ["e30", "e30=\n", " e30=", "e31=", "e3-_", "e30==", "=", "é", "e30=e30="]
)
def test_base64_has_one_spelling(text: str) -> None:
    with pytest.raises(SignatureError):
        dsse.decode_base64(text)


def test_a_hostile_key_id_is_shown_harmless(key: SigningKey) -> None:
    envelope = replace(
        dsse.sign(b"{}", key), signatures=(Signature("\x1b[2J\u202e\n" + "x" * 999, ""),)
    )
    (shown,) = dsse.decode(dsse.encode(envelope)).key_ids
    assert shown.isprintable()
    assert len(shown) <= 64


def test_base64_decodes_what_it_should() -> None:
    assert dsse.decode_base64(base64.b64encode(b"\0\xff").decode()) == b"\0\xff"

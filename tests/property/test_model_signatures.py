"""Whatever lies there as a model's signature: it is refused as one, and never ends a scan."""

from __future__ import annotations

import base64
import json

from hypothesis import given
from hypothesis import strategies as st
from model_signers import Authority, der, key, manifest

from auditor.errors import SignatureError
from auditor.models import signature_bundle, signed_manifest, signing
from auditor.models.signer_keys import ModelSigner, Trusted

_PRIVATE = key()
_OWN = ModelSigner(_PRIVATE)
_CERTIFIED = ModelSigner(_PRIVATE, (der(Authority().issue(_PRIVATE, "maker")),))
_TRUSTED = Trusted(keys=((_OWN.public, "plant"),))
_SIGNED = [signing.sign(manifest(), made_by) for made_by in (_OWN, _CERTIFIED)]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


def refused(data: bytes) -> bool:
    try:
        signing.verify(data, _TRUSTED)
    except SignatureError:
        return True
    return False


@given(st.binary(max_size=300))
def test_any_bytes(data):
    assert refused(data)


@given(st.sampled_from(_SIGNED), st.data())
def test_a_changed_byte_never_changes_what_is_signed(whole, data):
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    if not refused(changed):
        assert signing.verify(changed, _TRUSTED).manifest == manifest()


def _places(here, path=()):
    yield path
    items = here.items() if isinstance(here, dict) else enumerate(here)
    for name, inner in items:
        if isinstance(inner, dict | list):
            yield from _places(inner, (*path, name))
        else:
            yield (*path, name)


@given(st.sampled_from(_SIGNED), st.data())
def test_other_values_in_a_bundle(whole, data):
    document = json.loads(whole)
    *above, last = data.draw(st.sampled_from(list(_places(document))[1:]))
    here = document
    for name in above:
        here = here[name]
    here[last] = data.draw(_JSON)
    changed = json.dumps(document).encode()
    if not refused(changed):
        assert signing.verify(changed, _TRUSTED).manifest == manifest()


@given(st.data())
def test_other_values_in_a_statement_that_is_truly_signed(data):
    document = json.loads(signed_manifest.encode(manifest()))
    *above, last = data.draw(st.sampled_from(list(_places(document))[1:]))
    here = document
    for name in above:
        here = here[name]
    here[last] = data.draw(_JSON)
    payload = json.dumps(document).encode()
    bundle = json.loads(_SIGNED[0])
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
    signature = _OWN.sign(signature_bundle.pae(payload))
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(signature).decode()
    changed = json.dumps(bundle).encode()
    if not refused(changed):
        for one in signing.verify(changed, _TRUSTED).manifest.resources:
            assert signed_manifest.is_plain(one.name) or one.name == signed_manifest.ITSELF

"""A profile retunes what there is, and refuses to retune what there is not."""

from __future__ import annotations

import pytest

from auditor.errors import PackError
from auditor.policy.pack import load_packs
from auditor.policy.profile import load_profile, retune


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ("{profile: p, packs: [encrypton]}", "no pack 'encrypton'", "'encryption'"),
        ("{profile: p, set: {acept_declared: true}}", "no parameter", "'accept_declared'"),
        ("{profile: p, set: {accept_declared: 'yes'}}", "type bool is due", ""),
        ("{profile: p, severity: {ENC-XXX-001: high}}", "no rule 'ENC-XXX-001'", ""),
        ("{profile: p, disable: [ENC-MOD-01]}", "no rule 'ENC-MOD-01'", "'ENC-MOD-001'"),
        ("{profile: p, severity: {ENC-MOD-001: hot}}", "no severity", ""),
        ("{name: p}", "'name' is not known", ""),
        ("{profile: p, packs: []}", "", ""),
    ],
)
def test_a_profile_that_names_what_nobody_has_is_refused(text, what, hint):
    packs = load_packs(["encryption"])
    if not what:
        assert retune(packs, load_profile(text.encode(), "p.yaml")).packs == packs
        return
    with pytest.raises(PackError) as caught:
        retune(packs, load_profile(text.encode(), "p.yaml"))
    assert what in caught.value.what
    assert hint in caught.value.hint
    assert caught.value.where.startswith("p.yaml:1:")


def test_a_profile_chooses_packs_and_sets_parameters():
    packs = load_packs(["encryption", "perimeter"])
    chosen = load_profile(
        b"{profile: p, packs: [encryption], set: {accept_declared: true, sound_modes: [xts]}}", "p"
    )
    tuning = retune(packs, chosen)
    assert [pack.name for pack in tuning.packs] == ["encryption"]
    assert tuning.parameters["accept_declared"] is True
    assert tuning.parameters["sound_modes"] == ("xts",)
    assert "local_suffixes" not in tuning.parameters

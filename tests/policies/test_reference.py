"""What the reference says of packs is true."""

from __future__ import annotations

import re
from pathlib import Path

from auditor.evidence import ASSUMED_SITE
from auditor.policy import examples, reference
from auditor.policy.functions import SIGNATURES, functions
from auditor.policy.pack import load_packs, read_pack
from auditor.policy.profile import load_profile, retune
from auditor.policy.waivers import load_waivers

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "packs.md"


def test_the_pages_own_examples_are_accepted():
    pack, profile, waivers = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    read = read_pack(pack.encode(), "plant.yaml")
    assert all(result.holds for result in examples.run((read,)))
    assert retune(load_packs(), load_profile(profile.encode(), "p.yaml")).profile == "plant-7"
    (waiver,) = load_waivers(waivers.encode(), "w.yaml")
    assert waiver.covers("PER-CON-001", "backup (pid 7) → 203.0.113.9:443", "fail")


def test_every_rule_and_function_is_on_its_page():
    page = reference.rules_page()
    assert all(f"### {rule.id}: " in page for pack in load_packs() for rule in pack.rules)
    functions_page = reference.functions_page()
    assert all(f"{name}(" in functions_page for name in SIGNATURES)


def test_every_function_that_is_declared_is_there_and_no_other():
    declared = {name for name, signature in SIGNATURES.items() if not signature.built_in}
    assert declared == set(functions(ASSUMED_SITE))

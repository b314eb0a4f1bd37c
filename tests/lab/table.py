"""Writes the page of verdicts: each stack, its truth, what this toolkit and its peers say of it."""

from __future__ import annotations

import json
from pathlib import Path

import verdicts

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "encryption-verdicts.md"
RECORDINGS = ROOT / "tests" / "lab" / "recordings"

_HEAD = """# Encryption verdicts

Real storage stacks, built by `make test-lab` on a kernel of its own (User Mode Linux, booted by the
test without privilege), and what is said of a folder on each. The recordings behind this page are in
`tests/lab/recordings`; every `make test` judges them again. This page is generated from them.

{facts}

*Truth* is how the stack was built: `encrypted`, `plain`, `part` (some of what lies there is written
in clear), `memory`. *As root* and *as a user* are this toolkit's verdicts; `unknown` and `claimed`
are never a pass. The peers: *crypt_status* is libcryptsetup's call behind osquery's
`disk_encryption`, *lsblk* the type of the mounted device, *isLuks* whether cryptsetup finds a header
on a device below it. A dash is a stack that a tool has no device to be asked about.

| stack | truth | as root | as a user | crypt_status | lsblk | isLuks |
|---|---|---|---|---|---|---|
"""
_TAIL = """
Plain or partly plain, and said to be encrypted: this toolkit as root {ours}, as a user {user};
crypt_status {status}, lsblk `crypt` {lsblk}, isLuks {luks} (of {plain} such stacks with a device).
Encrypted, and said by this toolkit as root to be plain: {false}. Encrypted, and not said to be by
crypt_status: {missed} of {encrypted}. A peer's answer is about a device, ours about a folder: the
columns say what a reader would conclude, not that the peer's call is wrong.
"""


def page(folder: Path) -> str:
    stacks = verdicts.stacks(folder)
    root, user = (verdicts.judged(folder, uid) for uid in verdicts.USERS)
    peers = json.loads((folder / "peers.json").read_bytes())
    facts = json.loads((folder / "versions.json").read_bytes())
    rows = [
        _row(stack, root[stack.name].encryption, user[stack.name].encryption, peers.get(stack.name))
        for stack in stacks
    ]
    asked = [stack for stack in stacks if stack.name in peers]
    open_ones = [stack for stack in asked if stack.truth in ("plain", "part")]
    closed = [stack for stack in asked if stack.truth == "encrypted"]
    wrong = [stack.name for stack in stacks if stack.truth in ("plain", "part")]
    tail = _TAIL.format(
        ours=sum(root[name].encryption in verdicts.PASSES for name in wrong),
        user=sum(user[name].encryption in verdicts.PASSES for name in wrong),
        status=sum(peers[stack.name]["crypt_status"] for stack in open_ones),
        lsblk=sum(peers[stack.name]["lsblk"] == "crypt" for stack in open_ones),
        luks=sum(peers[stack.name]["isLuks"] for stack in open_ones),
        plain=len(open_ones),
        false=sum(
            root[stack.name].encryption in ("plaintext", "mixed")
            for stack in stacks
            if stack.truth == "encrypted"
        ),
        missed=sum(not peers[stack.name]["crypt_status"] for stack in closed),
        encrypted=len(closed),
    )
    told = "; ".join(f"{name} {value}" for name, value in sorted(facts.items()))
    return _HEAD.format(facts=f"Versions: {told}.") + "".join(rows) + tail


def _row(stack: verdicts.Stack, root: str | None, user: str | None, peer: dict | None) -> str:
    told = ("–", "–", "–")
    if peer is not None:
        status = "encrypted" if peer["crypt_status"] else "no"
        told = (status, peer["lsblk"] or "–", "yes" if peer["isLuks"] else "no")
    cells = (stack.words, stack.truth, root or "unknown", user or "unknown", *told)
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(RECORDINGS), encoding="utf-8")

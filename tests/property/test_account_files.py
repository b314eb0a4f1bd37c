"""Account files, sudo rules and SSH settings from arbitrary text: records or gaps, never a crash."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.collect import Options
from auditor.collect.accounts import COLLECTOR
from auditor.evidence import Coverage, Gap
from auditor.evidence.host import Account, SshServer
from auditor.host.tree import TreeHost

PIECES = st.sampled_from(
    ["alice", "root", ":", ":x:", "0", "1000", "\n", " ", "=", ",", "%", "#", "+", "!", "\\", '"', "ALL",
     "User_Alias ", "Defaults ", "@include ", "Include ", "Match ", "all", "*", "[", "/", "..", "Port ",
     "PermitRootLogin ", "yes", "/etc/ssh/sshd_config", "/etc/sudoers", "\0", "\u202e", "é"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=60)
PATHS = (
    "etc/passwd",
    "etc/shadow",
    "etc/group",
    "etc/sudoers",
    "etc/ssh/sshd_config",
    "etc/nsswitch.conf",
)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("host")
    (folder / "etc/ssh").mkdir(parents=True)
    return folder


@settings(max_examples=200, deadline=None)
@given(texts=st.tuples(*[TEXTS for _ in PATHS]))
def test_any_text(root, texts):
    for path, text in zip(PATHS, texts, strict=True):
        (root / path).write_bytes(text.encode("utf-8", "surrogatepass"))
    found = list(COLLECTOR.collect(TreeHost(root), Options()))
    assert all(isinstance(fact, (Account, SshServer, Gap, Coverage)) for fact in found)

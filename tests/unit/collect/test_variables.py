"""Variables outside processes: settings, addresses and credentials, never a credential's value."""

from __future__ import annotations

from auditor.evidence.host import EnvironmentVariable
from auditor.evidence.network import RemoteReference


def variables(records):
    return {
        (r.scope, r.subject, r.name, r.value) for r in records if isinstance(r, EnvironmentVariable)
    }


def test_every_scope_and_only_what_matters(plain_tree, collected):
    host = plain_tree(
        {
            "/etc/environment": "HF_HUB_OFFLINE=1\nEDITOR=vi\nHF_TOKEN=hf_abcdefghijklmnopqrst\n",
            "/etc/systemd/system/vllm.service": "[Service]\nEnvironmentFile=-/etc/vllm/env\n"
            'Environment="OPENAI_BASE_URL=https://k:hunter2@api.example:8443/v1?t=hunter2"\n',
            "/etc/vllm/env": "# comment\nVLLM_NO_USAGE_STATS='1'\n",
            "/etc/systemd/system/vllm.service.d/10.conf": "[Service]\n"
            "Environment=HF_HUB_OFFLINE=0 \\\n  DO_NOT_TRACK=1\n",
            "/home/alice/.bashrc": "export DO_NOT_TRACK=$TRACK; DO_NOT_TRACK=1 cmd\n",
        }
    )
    records, gaps = collected("variables", host)
    assert variables(records) == {
        ("system", "host", "HF_HUB_OFFLINE", "1"),
        ("system", "host", "HF_TOKEN", ""),
        ("service", "vllm.service", "OPENAI_BASE_URL", "https://api.example:8443"),
        ("service", "vllm.service", "VLLM_NO_USAGE_STATS", "1"),
        ("service", "vllm.service", "HF_HUB_OFFLINE", "0"),
        ("service", "vllm.service", "DO_NOT_TRACK", "1"),
        ("user", "user alice", "DO_NOT_TRACK", None),
    }
    reference = [r for r in records if isinstance(r, RemoteReference)]
    assert [(r.setting, r.host, r.port, r.purpose) for r in reference] == [
        ("OPENAI_BASE_URL", "api.example", 8443, "api")
    ]
    assert gaps == []
    assert "hunter2" not in repr(records)
    assert "hf_abc" not in repr(records)


def test_a_secret_says_whether_it_stands_there_in_clear(plain_tree, collected):
    host = plain_tree({"/etc/profile": "export API_KEY=$(cat /k)\nexport DB_PASSWORD=x\n"})
    records, _ = collected("variables", host)
    assert [(r.name, r.value, r.literal) for r in records] == [
        ("API_KEY", None, False),
        ("DB_PASSWORD", "", True),
    ]


def test_an_unclosed_quote_does_not_hide_what_follows(plain_tree, collected):
    host = plain_tree({"/etc/profile": "echo don't\nexport HF_HUB_OFFLINE=1\n"})
    assert variables(collected("variables", host)[0]) == {("system", "host", "HF_HUB_OFFLINE", "1")}


def test_an_environment_file_that_is_refused_is_a_gap(plain_tree, collected):
    host = plain_tree(
        {
            "/etc/systemd/system/a.service": "[Service]\nEnvironmentFile=/etc/a.env\n",
            "/etc/a.env": "HF_HUB_OFFLINE=1\n",
        }
    )
    _, gaps = collected("variables", host, refused=["/etc/a.env"])
    assert {(g.kind, g.reason) for g in gaps} == {
        ("environment_variable", "denied"),
        ("remote_reference", "denied"),
    }


def test_a_unit_in_etc_replaces_the_vendors(plain_tree, collected):
    host = plain_tree(
        {
            "/usr/lib/systemd/system/a.service": "[Service]\nEnvironment=DO_NOT_TRACK=0\n",
            "/etc/systemd/system/a.service": "[Service]\nEnvironment=DO_NOT_TRACK=1\n",
            "/etc/systemd/system/service.d/10.conf": "[Service]\nEnvironment=DO_NOT_TRACK=2\n",
            "/etc/systemd/system.conf": "[Manager]\nDefaultEnvironment=HF_HUB_OFFLINE=1\n",
        }
    )
    assert variables(collected("variables", host)[0]) == {
        ("service", "a.service", "DO_NOT_TRACK", "1"),
        ("service", "every service", "DO_NOT_TRACK", "2"),
        ("service", "systemd", "HF_HUB_OFFLINE", "1"),
    }

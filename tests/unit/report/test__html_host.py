"""The machine's section: services, stores and accounts, nothing lost and nothing made up."""

from __future__ import annotations

from auditor.report._html_host import machine


def test_services_carry_their_ports_and_settings(judgements):
    found = machine(judgements.evidence(), judgements.derived())
    assert [item.title for item in found.services] == ["Ollama", "vLLM"]
    vllm = found.services[1]
    assert len(vllm.exposures) == 2
    assert [s.state for s in vllm.settings] == ["unsafe", "unset", "safe"]


def test_a_port_or_setting_without_its_service_is_still_shown(judgements):
    found = machine(judgements.evidence(records=()), judgements.derived())
    assert {item.title for item in found.services} == {"Ollama", "vLLM"}
    assert all(item.services == () for item in found.services)
    assert sum(len(item.settings) for item in found.services) == 4


def test_stores_in_clear_come_first_and_folders_without_judgement_stay(judgements):
    found = machine(judgements.evidence(), judgements.derived())
    assert found.stores[0].encryption.encryption == "plaintext"
    assert found.stores[0].contents is not None
    assert found.stores[0].contents.files == 412
    bare = machine(judgements.evidence(), ())
    assert [store.path for store in bare.unjudged_stores] == [
        "/home/mlops/.cache/huggingface",
        "/srv/models",
    ]


def test_no_accounts_are_not_zero_accounts(judgements):
    assert machine(judgements.evidence(records=()), ()).accounts is None
    found = machine(judgements.evidence(), ()).accounts
    assert found is not None
    assert found.administrators == ("mlops", "root")
    assert found.passwords_unread == 2

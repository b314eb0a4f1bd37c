"""The catalogue of agents says what it must, and a damaged one is refused."""

from __future__ import annotations

from auditor.catalogues import agents as catalogue


def test_every_agent_can_be_recognised_and_has_a_name():
    for agent in catalogue.agents():
        assert agent.title
        assert agent.processes or agent.units or agent.interfaces or agent.switch
        assert not agent.domain or "." in agent.domain


def test_no_program_or_unit_stands_for_two_agents():
    names = [name for agent in catalogue.agents() for name in (*agent.processes, *agent.units)]
    assert sorted(names) == sorted(set(names))


def test_every_category_has_agents():
    assert {agent.category for agent in catalogue.agents()} == {
        "tunnel", "remote-support", "shipper", "monitoring", "backup", "management",
        "distribution", "sync",
    }  # fmt: skip

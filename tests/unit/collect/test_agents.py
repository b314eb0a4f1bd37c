"""Which agents are recognised, and whether they are on."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from auditor.catalogues.agents import agents
from auditor.evidence.channels import Agent

_spec = importlib.util.spec_from_file_location("machine", Path(__file__).with_name("machine.py"))
machine = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(machine)

UNIT = "[Service]\nExecStart=/bin/true\n"
BASE = {
    **machine.process(1, ["/sbin/init"], name="systemd", uid=0),
    "/etc/systemd/system/other.service": UNIT,
}


def found(collected, host, refused=()):
    records, gaps = collected("agents", host, refused=refused)
    return {r.agent: r for r in records if isinstance(r, Agent)}, gaps


def test_a_running_agent_is_active(plain_tree, collected):
    host = plain_tree({**BASE, **machine.process(9, ["./ngrok", "http", "80"], name="ngrok")})
    agents_found, gaps = found(collected, host)
    assert list(agents_found) == ["ngrok"]
    assert (agents_found["ngrok"].active, agents_found["ngrok"].found_by) == (
        True,
        ("process ngrok",),
    )
    assert gaps == []


def test_a_script_is_known_by_its_own_name(plain_tree, collected):
    words = ["/usr/bin/python3", "-s", "/usr/bin/salt-minion"]
    host = plain_tree({**BASE, **machine.process(9, words, name="python3")})
    assert found(collected, host)[0]["salt-minion"].running is True


def test_the_journal_is_not_taken_for_its_shipper(plain_tree, collected):
    """The kernel cuts both names to the same 15 bytes."""
    words = ["/usr/lib/systemd/systemd-journald"]
    host = plain_tree({**BASE, **machine.process(9, words, name="systemd-journal")})
    assert found(collected, host)[0] == {}


def test_a_name_that_only_begins_alike_is_another_program(plain_tree, collected):
    host = plain_tree(
        {**BASE, **machine.process(9, ["/opt/ngrok-free-tool"], name="ngrok-free-tool"),
         **machine.process(10, ["/usr/bin/vectorize"], name="vectorize")}
    )  # fmt: skip
    assert found(collected, host)[0] == {}


@pytest.mark.parametrize(
    ("files", "active"),
    [
        ({"/usr/lib/systemd/system/tailscaled.service": UNIT}, False),
        (
            {
                "/usr/lib/systemd/system/tailscaled.service": UNIT,
                "/etc/systemd/system/multi-user.target.wants/tailscaled.service": UNIT,
            },
            True,
        ),
        (
            {
                "/etc/systemd/system/tailscaled.service": Path("/dev/null"),
                "/etc/systemd/system/multi-user.target.wants/tailscaled.service": UNIT,
            },
            False,
        ),
        ({"/etc/init.d/tailscaled": "", "/etc/rc2.d/S01tailscaled": ""}, True),
        ({"/sys/class/net/tailscale0/type": "65534\n"}, True),
    ],
)
def test_enabled_masked_or_up(plain_tree, collected, files, active):
    assert found(collected, plain_tree({**BASE, **files}))[0]["tailscale"].active is active


def test_where_units_could_not_be_seen_an_agent_is_not_off(plain_tree, collected):
    host = plain_tree({**BASE, "/usr/lib/systemd/system/tailscaled.service": UNIT})
    refused = ["/etc/systemd/system"]
    agents_found, gaps = found(collected, host, refused)
    assert agents_found["tailscale"].enabled is None
    assert agents_found["tailscale"].active is None
    assert {gap.kind for gap in gaps} == {"agent"}


def test_an_instance_of_a_template_counts(plain_tree, collected):
    files = {
        "/usr/lib/systemd/system/wg-quick@.service": UNIT,
        "/etc/systemd/system/multi-user.target.wants/wg-quick@wg0.service": UNIT,
    }
    assert found(collected, plain_tree({**BASE, **files}))[0]["wireguard"].active is True


@pytest.mark.parametrize(
    ("text", "active"),
    [('PARTICIPATE="yes"\n', True), ('PARTICIPATE="no"\n', False), ("#PARTICIPATE=yes\n", False),
     ("PARTICIPATE=yes\nPARTICIPATE=no\n", False)],
)  # fmt: skip
def test_a_switch_in_a_file(plain_tree, collected, text, active):
    host = plain_tree({**BASE, "/etc/popularity-contest.conf": text})
    assert found(collected, host)[0]["popularity-contest"].active is active


def test_a_switch_that_may_not_be_read_is_not_off(plain_tree, collected):
    host = plain_tree({**BASE, "/etc/popularity-contest.conf": "PARTICIPATE=no\n"})
    refused = ["/etc/popularity-contest.conf"]
    agents_found, gaps = found(collected, host, refused)
    assert agents_found == {} or agents_found["popularity-contest"].active is None
    assert gaps


def test_a_machine_that_shows_neither_processes_nor_units_is_a_gap(plain_tree, collected):
    agents_found, gaps = found(collected, plain_tree({}))
    assert agents_found == {}
    assert {gap.reason for gap in gaps} == {"absent"}


def test_the_catalogue_is_whole():
    known = agents()
    assert len(known) >= 90
    assert len({agent.id for agent in known}) == len(known)
    for agent in known:
        assert agent.processes or agent.units or agent.switch, agent.id
        assert all(
            unit.endswith((".service", ".timer", ".path", ".socket")) for unit in agent.units
        )


def test_two_refusals_of_one_kind_are_two(plain_tree, collected):
    """Gaps are rolled up by reason: the second refusal must not be taken for the first."""
    host = plain_tree(
        {
            **BASE,
            **machine.process(9, ["x"], name="x"),
            "/usr/lib/systemd/system/tailscaled.service": UNIT,
        }
    )
    agents_found, _ = found(collected, host, ["/proc/9/comm", "/etc/systemd/system"])
    assert agents_found["tailscale"].enabled is None

"""Jobs, shippers and agents become destinations, judged against the site."""

from __future__ import annotations

import pytest

from auditor.derive import load
from auditor.evidence import SCHEMA, Evidence, Origin, Site, Subject, Tool
from auditor.evidence.channels import Agent, OutboundTarget
from auditor.evidence.site import EgressException, Network

SITE = Site(
    name="x",
    networks=(Network(cidr="10.0.0.0/8"),),
    names=("corp.example",),
    exceptions=(
        EgressException(
            destination="vendor.example", owner="ops", reason="contract", expires="2027-01-01"
        ),
    ),
)


def target(host, **fields):
    known = {"purpose": "scheduled", "subject": "cron", "tool": "curl", "port": 0, "url": "",
             "explicit": True, "encrypted": None, "command": ""}  # fmt: skip
    return OutboundTarget(
        origin=Origin("schedules", "/etc/crontab", 1), host=host, **known | fields
    )


def agent(active, domain="vendor.test.invalid"):
    return Agent(
        origin=Origin("agents", "/proc/1"), agent="x", title="X", category="tunnel",
        running=active, enabled=False, active=active, found_by=(), domain=domain, verified=False,
    )  # fmt: skip


def destinations(*records):
    evidence = Evidence(
        schema=SCHEMA, tool=Tool(name="auditor", version="0"), mode="host",
        subject=Subject(name="h"), taken_at="2026-01-15T08:00:00Z", site=SITE, records=records,
    )  # fmt: skip
    return list(load("destinations").derive(evidence))


@pytest.mark.parametrize(
    ("record", "inside", "approved"),
    [
        (target("logs.corp.example"), True, True),
        (target("10.1.2.3"), True, True),
        (target("logs.elsewhere.example"), False, False),
        (target("vendor.example"), False, True),
        (target("127.0.0.1"), True, True),
        (target("backup"), None, None),
        (target(None), None, None),
        (target("", explicit=False, tool="aws"), False, False),
    ],
)
def test_a_target_is_judged(record, inside, approved):
    [found] = destinations(record)
    assert (found.inside, found.approved) == (inside, approved)
    assert (found.use, found.source_kind) == ("scheduled", "outbound_target")


def test_the_port_is_the_urls_or_the_schemes():
    [found] = destinations(target("a.example", url="https://a.example/x"))
    assert found.port == 443
    [found] = destinations(target("a.example", url="https://a.example:8443/x", port=8443))
    assert found.port == 8443


@pytest.mark.parametrize(("active", "count"), [(True, 1), (None, 1), (False, 0)])
def test_an_agent_leads_to_its_maker_unless_it_is_off(active, count):
    assert len(destinations(agent(active))) == count


def test_an_agent_of_no_maker_leads_nowhere():
    assert destinations(agent(active=True, domain="")) == []

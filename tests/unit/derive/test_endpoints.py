"""Who stands behind a listener that was asked, and whose name it shows."""

from __future__ import annotations

import pytest
from msgspec import structs

from auditor.derive.endpoints import DERIVATION
from auditor.evidence import SCHEMA, Evidence, Gap, Origin, Site, Subject, Tool
from auditor.evidence.host import AiService, Process
from auditor.evidence.network import Interface, ListeningPort
from auditor.evidence.transit import TlsEndpoint

ORIGIN = Origin("endpoints", "loopback")
END = TlsEndpoint(
    origin=ORIGIN, address="0.0.0.0", port=8000, asked="127.0.0.1", speaks="tls", reason="",
    versions=("TLSv1.3",), cipher="", banner="", certificates=1, names=("a.plant.example",),
)  # fmt: skip
PORT = ListeningPort(
    origin=ORIGIN, protocol="tcp", family="ipv4", address="0.0.0.0", port=8000, pid=12,
    process="python3", workload="pid:12", container="", published_by="socket",
)  # fmt: skip
SERVICE = AiService(
    origin=ORIGIN, runtime="vllm", title="vLLM", role="model-server", subject="vllm",
    workload="pid:10", source_world="host", image="", arguments=(), environment=(),
    bind_address=None, port=8000, api_key=False, tls=None, remote_code=None, confidence="high",
)  # fmt: skip
CARD = Interface(
    origin=ORIGIN, interface="eth0", link_type="ethernet", mac="", addresses=("10.1.0.9/24",),
    state="up", mtu=1500, driver="", physical=True,
)  # fmt: skip


def process(pid, parent):
    return Process(
        origin=ORIGIN, pid=pid, parent=parent, name="p", path=None, cmdline=(), uid=0, username="",
        start_time=1, container=None, network_namespace=None, runtime="",
    )  # fmt: skip


def joined(*records, gaps=(), names=()):
    evidence = Evidence(
        schema=SCHEMA, tool=Tool(name="t", version="0"), mode="host",
        subject=Subject(name="llm1"), taken_at="2026-06-01T00:00:00Z", site=Site(names=names),
        records=records, gaps=gaps,
    )  # fmt: skip
    (made,) = DERIVATION.derive(evidence)
    return made


def test_a_worker_of_a_service_is_the_service():
    made = joined(END, PORT, SERVICE, process(12, 11), process(11, 10), process(10, 1))
    assert (made.service, made.subject, made.loopback) == ("vLLM", "python3", False)


def test_nobody_known_to_listen_is_not_taken_for_no_service():
    assert joined(END, SERVICE).service is None
    assert joined(END, structs.replace(PORT, pid=None, process=None), SERVICE).service is None
    assert joined(END, PORT, SERVICE, process(12, 1)).service == ""


def test_a_parent_of_itself_ends_the_search():
    assert joined(END, PORT, SERVICE, process(12, 12)).service == ""


@pytest.mark.parametrize(
    "shown, match",
    [(("a.plant.example",), True), (("*.plant.example",), True), (("evilplant.example",), False),
     (("llm1",), True), (("LLM1.else.example",), True), (("10.1.0.9",), True),
     (("10.1.0.8",), False), (("localhost",), False), ((), False)],
)  # fmt: skip
def test_a_certificate_is_for_this_host_or_site_or_not(shown, match):
    end = structs.replace(END, names=shown)
    assert joined(end, PORT, CARD, names=("plant.example",)).names_match is match


def test_an_address_that_was_not_seen_may_be_ours():
    gap = Gap(kind="interface", reason="denied", detail="x", origin=ORIGIN)
    assert joined(structs.replace(END, names=("10.1.0.8",)), PORT, gaps=(gap,)).names_match is None
    assert (
        joined(structs.replace(END, names=("x.example",)), PORT, gaps=(gap,)).names_match is False
    )


def test_a_certificate_that_was_not_shown_matches_nothing():
    assert joined(structs.replace(END, certificates=0, names=()), PORT).names_match is None

"""Reads where logs, metrics, backups, mail, traps and tunnels of this host are sent."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.collect import Collector, Fact, Options
from auditor.collect._mail_and_tunnels import READS as MAIL_READS
from auditor.collect._mail_and_tunnels import mail_and_tunnels
from auditor.collect._outbound import Purpose, outbound
from auditor.collect._reading import Reading
from auditor.collect._shipper_settings import READS as SHIPPER_READS
from auditor.collect._shipper_settings import purpose_of, shipper_shipments
from auditor.collect._syslog import READS as SYSLOG_READS
from auditor.collect._syslog import Shipment, syslog_shipments
from auditor.evidence.channels import OutboundTarget
from auditor.host import Host

NAME = "shippers"


def _collect(host: Host, _options: Options) -> Iterator[Fact]:
    reading = Reading(host, NAME, "outbound_target")
    if reading.absent("/etc"):
        reading.miss("/etc", "absent", "no settings are seen")
    for shipment in syslog_shipments(reading):
        yield _record(reading, "shipping", shipment)
    for shipment in shipper_shipments(reading):
        yield _record(reading, purpose_of(shipment.service), shipment)
    for purpose, shipment in mail_and_tunnels(reading):
        yield _record(reading, purpose, shipment)
    yield from reading.gaps()


def _record(reading: Reading, purpose: Purpose, shipment: Shipment) -> OutboundTarget:
    return outbound(
        reading,
        purpose,
        subject=shipment.service,
        tool=shipment.tool,
        place=shipment.place,
        path=shipment.path,
        line=shipment.line,
    )


COLLECTOR = Collector(
    title="Where logs, metrics, backups, mail and tunnels go",
    yields=(OutboundTarget,),
    reads=(*SYSLOG_READS, *SHIPPER_READS, *MAIL_READS),
    collect=_collect,
)

"""Reads the hardware that something could leave by, what USB disks may do, and the TPM."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.collect import Collector, Fact, Options
from auditor.collect._enabled_units import READS as UNIT_READS
from auditor.collect._enabled_units import units
from auditor.collect._ports import READS as PORT_READS
from auditor.collect._ports import ports
from auditor.collect._radios import READS as RADIO_READS
from auditor.collect._radios import attribute, entries, radios
from auditor.collect._reading import Reading
from auditor.collect._usb_policy import READS as POLICY_READS
from auditor.collect._usb_policy import usb_storage_policy
from auditor.evidence.channels import Channel, SecurityChip, UsbStoragePolicy
from auditor.host import Host

NAME = "channels"
_CLASSES = "/sys/class"
_CHIPS = f"{_CLASSES}/tpm"
_VERSIONS = {"1": "1.2", "2": "2.0"}


def _collect(host: Host, _options: Options) -> Iterator[Fact]:
    hardware = Reading(host, NAME, "channel")
    policy = Reading(host, NAME, "usb_storage_policy")
    chips = Reading(host, NAME, "security_chip")
    if not entries(hardware, _CLASSES):
        hardware.miss(_CLASSES, "absent", "no class of devices is seen")
    started = units(hardware)
    yield from radios(hardware)
    yield from ports(hardware, started)
    yield usb_storage_policy(policy, started)
    yield from _security_chip(chips)
    for reading in (hardware, policy, chips):
        yield from reading.gaps()


def _security_chip(reading: Reading) -> Iterator[SecurityChip]:
    """Yield whether the kernel drives a TPM; nothing where its classes are not seen."""
    if not entries(reading, _CLASSES):
        reading.miss(_CLASSES, "absent", "no class of devices is seen")
        return
    found = entries(reading, _CHIPS)
    if not found and any(reading.gaps()):
        return
    version = attribute(reading, f"{found[0]}/tpm_version_major") if found else ""
    yield SecurityChip(
        origin=reading.origin(found[0] if found else _CHIPS),
        present=bool(found),
        version=None if version is None else _VERSIONS.get(version, version),
    )


COLLECTOR = Collector(
    title="Radios, ports, USB disks and TPM",
    yields=(Channel, UsbStoragePolicy, SecurityChip),
    reads=(*RADIO_READS, *PORT_READS, *POLICY_READS, f"{_CHIPS}/*", *UNIT_READS),
    collect=_collect,
)

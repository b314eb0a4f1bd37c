"""Every record kind by its name: adding one here changes the schema, on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from auditor.evidence import (
    channels,
    containers,
    crossing,
    derived,
    host,
    models,
    network,
    storage,
    traffic,
    transit,
    volumes,
    workload,
)
from auditor.evidence.base import Record, kind_name

_Kept = TypeVar("_Kept", bound=Record)

Collected = (
    host.OperatingSystem
    | host.KernelInfo
    | host.Virtualization
    | host.TimeSynchronization
    | host.Process
    | host.AiService
    | host.ModelSource
    | host.EnvironmentVariable
    | host.Account
    | host.SshServer
    | host.Accelerator
    | host.AcceleratorUse
    | network.ListeningPort
    | network.Connection
    | network.Route
    | network.Interface
    | network.DnsResolver
    | network.SearchDomain
    | network.Proxy
    | network.TimeServer
    | network.Mirror
    | network.RemoteReference
    | channels.Channel
    | channels.UsbStoragePolicy
    | channels.SecurityChip
    | channels.RawSocket
    | channels.CapabilityHolder
    | channels.BpfProgram
    | channels.NetworkNamespace
    | channels.InterfacePolicy
    | channels.Agent
    | channels.OutboundTarget
    | storage.Mount
    | storage.BlockDevice
    | storage.Swap
    | storage.ModelStore
    | storage.DataFolder
    | models.ModelFile
    | models.StoreAnomaly
    | volumes.LuksHeader
    | volumes.KeyFile
    | volumes.MemoryDump
    | transit.Certificate
    | transit.TlsSetting
    | transit.TlsEndpoint
    | transit.Tunnel
    | transit.Fabric
    | containers.RunningContainer
    | workload.Workload
    | workload.Container
    | workload.ContainerImage
    | workload.VolumeMount
    | workload.NetworkPolicy
    | workload.KubernetesService
    | workload.Ingress
    | traffic.Capture
    | traffic.Flow
    | traffic.NameQuery
    | traffic.ControllerTalk
)
Derived = (
    derived.Destination
    | derived.ServiceExposure
    | derived.ServiceSetting
    | derived.StoreEncryption
    | derived.NamespaceEgress
    | volumes.KeyProtection
    | transit.CertificateValidity
    | transit.EndpointTransport
    | models.ModelAssessment
    | crossing.TrafficDestination
    | crossing.AskedDomain
    | crossing.ZoneTraffic
    | crossing.TrafficIndicator
    | crossing.CaptureView
    | crossing.ControllerAccess
)

COLLECTED: dict[str, type[Record]] = {kind_name(t.__name__): t for t in Collected.__args__}
DERIVED: dict[str, type[Record]] = {kind_name(t.__name__): t for t in Derived.__args__}
KINDS: dict[str, type[Record]] = {**COLLECTED, **DERIVED}


def kind_of(record: Record | type[Record]) -> str:
    """Return the kind of a record or record type."""
    return kind_name((record if isinstance(record, type) else type(record)).__name__)


def each_kind(records: Iterable[_Kept]) -> Iterator[list[_Kept]]:
    """Yield the records of each kind, as they came; kinds by their names."""
    by_kind: dict[str, list[_Kept]] = {}
    for record in records:
        by_kind.setdefault(kind_of(record), []).append(record)
    for kind in sorted(by_kind):
        yield by_kind.pop(kind)

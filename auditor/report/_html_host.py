"""Arranges what a machine is, the AI services on it, and what it keeps."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from auditor.evidence import Evidence, Record
from auditor.evidence.channels import SecurityChip
from auditor.evidence.derived import ServiceExposure, ServiceSetting, StoreEncryption
from auditor.evidence.host import (
    Accelerator,
    Account,
    AiService,
    KernelInfo,
    OperatingSystem,
    SshServer,
    TimeSynchronization,
    Virtualization,
)
from auditor.evidence.network import Interface
from auditor.evidence.storage import ModelStore, Swap
from auditor.report._html_containers import ShownContainer, containers
from auditor.report._html_transit import Carried, ShownCertificate, carried, certificates
from auditor.report._html_volumes import Volumes, volumes
from auditor.report._html_ways import Way, ways

MAX_ROWS = 200

Value = str | int | bool | tuple[str, ...] | None


class Fact(Struct, frozen=True, kw_only=True):
    """A named fact; `None` could not be read."""

    name: str
    value: Value


class Service(Struct, frozen=True, kw_only=True):
    """An AI service, the ports that it can be reached on, and its settings, unsafe first."""

    title: str
    subject: str
    services: tuple[AiService, ...]
    exposures: tuple[ServiceExposure, ...]
    settings: tuple[ServiceSetting, ...]


class KeptStore(Struct, frozen=True, kw_only=True):
    """A store with its encryption, and what was seen in it where it was walked."""

    encryption: StoreEncryption
    contents: ModelStore | None


class Accounts(Struct, frozen=True, kw_only=True):
    """Counts of accounts; `None` where a password or membership could not be read."""

    total: int
    logins: int
    administrators: tuple[str, ...]
    empty_passwords: tuple[str, ...]
    passwords_unread: int
    keys: int


class Machine(Struct, frozen=True, kw_only=True):
    """The section on the machine; `*_hidden` count rows that are not shown."""

    facts: tuple[Fact, ...]
    accelerators: tuple[Accelerator, ...]
    interfaces: tuple[Interface, ...]
    services: tuple[Service, ...]
    services_hidden: int
    stores: tuple[KeptStore, ...]
    stores_hidden: int
    unjudged_stores: tuple[ModelStore, ...]
    swap: tuple[Swap, ...]
    accounts: Accounts | None
    volumes: Volumes
    carried: tuple[Carried, ...]
    carried_hidden: int
    certificates: tuple[ShownCertificate, ...]
    certificates_hidden: int
    containers: tuple[ShownContainer, ...]
    containers_hidden: int
    ways: tuple[Way, ...]
    ways_hidden: int


_NO_PASSWORD = "empty"  # noqa: S105 - the state of a login, not a password

# The states of a setting and of a store, the ones to look at first at the front.
_SETTING_ORDER = ("unsafe", "unset", None, "safe")
_STORE_ORDER = (
    "plaintext", "mixed", None, "remote", "claimed", "declared", "memory-only", "verified",
)  # fmt: skip


def machine(evidence: Evidence, derived: tuple[Record, ...]) -> Machine:
    """Return what there is to say of a machine."""
    records = evidence.records
    services = _services(records, derived)
    stores, unjudged = _stores(records, derived)
    open_ways = ways(records)
    running = containers(records)
    on_the_way = carried((*records, *derived))
    shown = certificates((*records, *derived))
    return Machine(
        facts=_facts(records),
        accelerators=tuple(r for r in records if isinstance(r, Accelerator))[:MAX_ROWS],
        interfaces=tuple(r for r in records if isinstance(r, Interface))[:MAX_ROWS],
        services=services[:MAX_ROWS],
        services_hidden=max(0, len(services) - MAX_ROWS),
        stores=stores[:MAX_ROWS],
        stores_hidden=max(0, len(stores) - MAX_ROWS),
        unjudged_stores=unjudged[:MAX_ROWS],
        swap=tuple(r for r in records if isinstance(r, Swap))[:MAX_ROWS],
        accounts=_accounts(records),
        volumes=volumes(records, derived),
        carried=on_the_way[:MAX_ROWS],
        carried_hidden=max(0, len(on_the_way) - MAX_ROWS),
        certificates=shown[:MAX_ROWS],
        certificates_hidden=max(0, len(shown) - MAX_ROWS),
        containers=running[:MAX_ROWS],
        containers_hidden=max(0, len(running) - MAX_ROWS),
        ways=open_ways[:MAX_ROWS],
        ways_hidden=max(0, len(open_ways) - MAX_ROWS),
    )


def _facts(records: Iterable[Record]) -> tuple[Fact, ...]:
    facts: list[Fact] = []
    for record in records:
        if isinstance(record, OperatingSystem):
            facts += [_fact("system", record.label), _fact("architecture", record.arch)]
        elif isinstance(record, KernelInfo):
            facts += [
                _fact("kernel", record.version),
                _fact("firmware", record.firmware),
                _fact("secure_boot", record.secure_boot),
                _fact("lockdown", record.lockdown),
            ]
        elif isinstance(record, Virtualization):
            facts.append(_fact("virtualization", record.label))
        elif isinstance(record, TimeSynchronization):
            facts.append(_fact("clock", record.synchronized))
        elif isinstance(record, SecurityChip):
            facts.append(_fact("tpm", record.version if record.present else False))
        elif isinstance(record, SshServer):
            facts += [
                _fact("ssh_root", record.permit_root_login),
                _fact("ssh_password", record.password_authentication),
            ]
    order = (
        "system", "architecture", "kernel", "virtualization", "firmware", "secure_boot",
        "lockdown", "tpm", "clock", "ssh_root", "ssh_password",
    )  # fmt: skip
    return tuple(sorted(facts, key=lambda fact: (order.index(fact.name), repr(fact.value))))


def _fact(name: str, value: Value) -> Fact:
    return Fact(name=name, value=value)


def _services(records: Iterable[Record], derived: Iterable[Record]) -> tuple[Service, ...]:
    """Return every service, also one that only an exposure or a setting speaks of."""
    known: dict[str, list[AiService]] = {}
    exposures: dict[str, list[ServiceExposure]] = {}
    settings: dict[str, list[ServiceSetting]] = {}
    for record in (*records, *derived):
        if isinstance(record, AiService):
            known.setdefault(record.subject, []).append(record)
        elif isinstance(record, ServiceExposure):
            exposures.setdefault(record.subject, []).append(record)
        elif isinstance(record, ServiceSetting):
            settings.setdefault(record.subject, []).append(record)
    return tuple(
        _service(
            subject, known.get(subject, []), exposures.get(subject, []), settings.get(subject, [])
        )
        for subject in sorted({*known, *exposures, *settings})
    )


def _service(
    subject: str,
    known: list[AiService],
    exposures: list[ServiceExposure],
    settings: list[ServiceSetting],
) -> Service:
    titles = [item.title for item in known] + [item.title for item in exposures]
    return Service(
        title=titles[0] if titles else settings[0].runtime,
        subject=subject,
        services=tuple(known),
        exposures=tuple(exposures),
        settings=tuple(
            sorted(settings, key=lambda s: (_SETTING_ORDER.index(s.state), s.setting, s.value))
        ),
    )


def _stores(
    records: Iterable[Record], derived: Iterable[Record]
) -> tuple[tuple[KeptStore, ...], tuple[ModelStore, ...]]:
    """Return the judged stores, and the folders found that no judgement of encryption names."""
    contents = {record.path: record for record in records if isinstance(record, ModelStore)}
    judged = sorted(
        (record for record in derived if isinstance(record, StoreEncryption)),
        key=lambda s: (_STORE_ORDER.index(s.encryption), s.path, s.holds),
    )
    stores = tuple(KeptStore(encryption=s, contents=contents.get(s.path)) for s in judged)
    paths = {store.path for store in judged}
    return stores, tuple(contents[path] for path in sorted(contents) if path not in paths)


def _accounts(records: Iterable[Record]) -> Accounts | None:
    accounts = [record for record in records if isinstance(record, Account)]
    if not accounts:
        return None
    return Accounts(
        total=len(accounts),
        logins=sum(a.login for a in accounts),
        administrators=tuple(sorted(a.username for a in accounts if a.administrator)),
        empty_passwords=tuple(sorted(a.username for a in accounts if a.password == _NO_PASSWORD)),
        passwords_unread=sum(a.password is None for a in accounts),
        keys=sum(a.authorized_keys or 0 for a in accounts),
    )

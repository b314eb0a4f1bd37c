"""Recognises agents that ship, call their makers or let somebody in, and whether they are on."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from msgspec import Struct

from auditor.catalogues.agents import KnownAgent, Switch, agents
from auditor.collect import Collector, Fact, Options
from auditor.collect._enabled_units import READS as UNIT_READS
from auditor.collect._enabled_units import Units, units
from auditor.collect._programs import READS as PROGRAM_READS
from auditor.collect._programs import Program, process_ids, programs
from auditor.collect._radios import entries
from auditor.collect._reading import Reading
from auditor.collect._unsure import all_of, any_of
from auditor.evidence.channels import Agent
from auditor.host import Host

NAME = "agents"
_NET = "/sys/class/net"
_COMM = 15
# What runs a script: then the script is the program.
_INTERPRETERS = re.compile(r"(?:python|perl|ruby|node|sh|bash|dash|java)[\d.]*")


def _collect(host: Host, _options: Options) -> Iterator[Fact]:
    reading = Reading(host, NAME, "agent")
    running = tuple(programs(reading, process_ids(reading)))
    hidden = any(reading.gaps())
    started = units(reading)
    interfaces = tuple(posixpath.basename(path) for path in entries(reading, _NET))
    names = _running(running)
    for known in agents():
        record = _agent(reading, known, names, started, interfaces, hidden=hidden)
        if record is not None:
            yield record
    yield from reading.gaps()


class _Running(Struct, frozen=True, kw_only=True):
    """The running programs by name, each with its first process.

    `cut` are the names of those of which nothing else is shown: the kernel cuts a name at 15
    bytes, so that `systemd-journal` alone would be several programs.
    """

    names: dict[str, int]
    cut: dict[str, int]

    def process(self, name: str) -> int:
        """Return a process of that name, 0 where there is none."""
        return self.names.get(name) or (self.cut.get(name[:_COMM], 0) if len(name) > _COMM else 0)


def _running(programs_seen: tuple[Program, ...]) -> _Running:
    names: dict[str, int] = {}
    cut: dict[str, int] = {}
    for program in programs_seen:
        if program.is_kernel:
            continue
        for name in (*sorted(program.names), *_script(program)):
            names.setdefault(name, program.pid)
        if not program.path and not program.arguments:
            cut.setdefault(program.name, program.pid)
    return _Running(names=names, cut=cut)


def _script(program: Program) -> tuple[str, ...]:
    """Return the name of the script that an interpreter runs."""
    words = program.arguments
    if not words or not _INTERPRETERS.fullmatch(posixpath.basename(words[0])):
        return ()
    scripts = [word for word in words[1:4] if not word.startswith("-")]
    return tuple(posixpath.basename(word) for word in scripts[:1])


def _agent(  # noqa: PLR0913 - what was seen of the host, part by part
    reading: Reading,
    known: KnownAgent,
    names: _Running,
    started: Units,
    interfaces: tuple[str, ...],
    *,
    hidden: bool,
) -> Agent | None:
    """Return an agent with its state, `None` where there is no trace of it."""
    process = next((name for name in known.processes if names.process(name)), "")
    links = [name for name in interfaces if name.startswith(known.interfaces)]
    installed = [unit for unit in known.units if started.installed(unit)]
    switch = known.switch
    has_switch = switch is not None and reading.present(switch.path)
    if not (process or links or installed or has_switch):
        return None
    enabled: bool | None = any_of(*(started.enabled(unit) for unit in installed))
    if switch is not None and (installed or not known.units):
        on = _switched_on(reading, switch)
        enabled = all_of(enabled, on) if installed else on
    running = True if process or links else None if hidden else False
    found = [f"process {process}"] if process else []
    found += [f"interface {name}" for name in links[:1]] + [f"unit {u}" for u in installed[:1]]
    found += [switch.path] if switch is not None and has_switch else []
    return Agent(
        origin=reading.origin(_source(names.process(process), links, installed, started, switch)),
        agent=known.id,
        title=known.title,
        category=known.category,
        running=running,
        enabled=enabled,
        active=any_of(running, enabled),
        found_by=tuple(found),
        domain=known.domain,
        verified=known.verified,
    )


def _source(
    process: int,
    links: list[str],
    installed: list[str],
    started: Units,
    switch: Switch | None,
) -> str:
    if process:
        return f"/proc/{process}"
    if links:
        return f"{_NET}/{links[0]}"
    if installed:
        return started.files.get(installed[0], f"/etc/systemd/system/{installed[0]}")
    return switch.path if switch else "/etc"


def _switched_on(reading: Reading, switch: Switch) -> bool | None:
    """Return what the switch says: `KEY=value`, `KEY "value";` or nothing of it."""
    before = reading.losses
    text = reading.text(switch.path)
    if text is None:
        return switch.absent if reading.losses == before else None
    pattern = rf"^\s*{re.escape(switch.key)}[\s=]+[\"']?([^\"';\s#]*)"
    values = re.findall(pattern, text, re.MULTILINE)
    return values[-1] not in switch.silent_at if values else switch.absent


COLLECTOR = Collector(
    title="Agents: tunnels, remote support, shippers, backup, distribution services",
    yields=(Agent,),
    reads=(
        *PROGRAM_READS,
        *UNIT_READS,
        _NET,
        *sorted({known.switch.path for known in agents() if known.switch}),
    ),
    collect=_collect,
)

"""Finds the folders that systemd's units tell their AI services to keep models in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.catalogues import runtimes
from auditor.collect._reading import Reading
from auditor.collect._store_places import Place
from auditor.collect._store_services import from_arguments, from_environment
from auditor.collect._units import service_files, settings, variables_of, words

# What systemd takes before the program's path (systemd.service(5), table of prefixes).
_PREFIXES = re.compile(r"[@\-:+!|]*")


def unit_places(reading: Reading) -> Iterator[Place]:
    """Yield the stores that units name, whether they run or not.

    A path with a specifier in it (`%h`) depends on the unit's user, whose home is looked at.
    """
    for unit, paths in sorted(service_files(reading).items()):
        variables = variables_of(reading, unit, paths).values()
        yield from _plain(from_environment(tuple(f"{v.name}={v.value}" for v in variables)))
        for path in paths:
            for entry in settings(reading, path, "Service", "ExecStart"):
                if entry.key == "ExecStart":
                    yield from _plain(_started(entry.value))


def _started(value: str) -> Iterator[Place]:
    found = runtimes.recognise(tuple(words(_PREFIXES.sub("", value, count=1))))
    return from_arguments(found.arguments) if found is not None else iter(())


def _plain(places: Iterator[Place]) -> Iterator[Place]:
    return (place for place in places if not {"%", "$"} & set(place.asked))

"""Reads the JSON, YAML and TOML settings of tools: bounded, and their shapes mistrusted."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator

import msgspec

from auditor.collect._reading import Reading
from auditor.errors import DocumentError
from auditor.host import KIB
from auditor.yamldoc import load

Settings = dict[str, object]
# tomllib takes quadratic time for some inputs; no tool's settings come near this.
_TOML_LIMIT = 256 * KIB
_TOML_DEPTH = 20


def json_settings(reading: Reading, path: str) -> Settings:
    """Return the object in a JSON file; empty where absent, or where malformed (a gap)."""
    return _settings(reading, path, msgspec.json.decode)


def yaml_settings(reading: Reading, path: str) -> Settings:
    """Return the mapping in a YAML file; empty where absent, or where malformed (a gap)."""
    return _settings(reading, path, lambda text: load(text.encode(), where=path).plain())


def toml_settings(reading: Reading, path: str) -> Settings:
    """Return the table in a TOML file; empty where absent, or where malformed (a gap)."""
    return _settings(reading, path, _toml)


def _toml(text: str) -> object:
    if len(text) > _TOML_LIMIT:
        raise ValueError(f"more than {_TOML_LIMIT} characters of TOML")
    if any(line.count(".") > _TOML_DEPTH * 5 for line in text.split("\n")):
        raise ValueError("a key of more than a hundred parts")
    return tomllib.loads(text)


def _settings(reading: Reading, path: str, parse: Callable[[str], object]) -> Settings:
    text = reading.text(path)
    if text is None or not text.strip():
        return {}
    try:
        found = parse(text)
    except DocumentError as error:
        reading.miss(error.where or path, "malformed", error.what)
        return {}
    except (ValueError, RecursionError) as error:
        # The message may quote the file, which may hold a credential: only its kind is kept.
        reading.malformed(path, 0, f"this is not what its format wants ({type(error).__name__})")
        return {}
    if isinstance(found, dict):
        return {str(key): value for key, value in found.items()}
    if found is not None:
        reading.malformed(path, 0, "a mapping is expected")
    return {}


def table(settings: object, *keys: str) -> Settings:
    """Return the mapping under `keys`, empty where there is none."""
    for key in keys:
        settings = settings.get(key) if isinstance(settings, dict) else None
    return (
        {str(key): value for key, value in settings.items()} if isinstance(settings, dict) else {}
    )


def strings(value: object) -> Iterator[str]:
    """Yield a string, or the strings of a list."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (item for item in value if isinstance(item, str))


def tables(value: object) -> Iterator[Settings]:
    """Yield the mappings of a list."""
    if isinstance(value, list):
        yield from (table(item) for item in value)

"""Makes the records of addresses that stand in arguments and other texts."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.evidence.network import RemoteReference
from auditor.manifests import _addresses
from auditor.manifests._reading import Cursor, Texts

_LISTENING_FLAGS = ("--host", "--bind", "--listen", "--address", "--server-name", "--ip", "-H")


def of_arguments(subject: str, texts: Texts) -> Iterator[RemoteReference]:
    """Yield the addresses in the arguments, each named after its flag."""
    flag = ""
    for cursor, text in texts:
        name, separator, value = text.partition("=")
        if text.startswith("-") and separator:
            flag, text = name, value  # noqa: PLW2901 - what is left of `--flag=value`
        elif text.startswith("-") and " " not in text.strip():
            flag = text
            continue
        if flag not in _LISTENING_FLAGS:
            yield from references(cursor, subject, flag or "arguments", text)
        flag = ""


def references(cursor: Cursor, subject: str, setting: str, text: str) -> Iterator[RemoteReference]:
    """Yield the addresses in a text; a gap for those that cannot be told."""
    found = _addresses.find(setting, text)
    if found.unclear:
        what = f"{setting}: the host in an address is a placeholder, or not clear"
        cursor.problems.add("remote_reference", "not-collected", what, cursor)
    for address in found.addresses:
        yield RemoteReference(
            origin=cursor.origin,
            subject=subject,
            setting=setting,
            url=address.url,
            host=address.host,
            port=address.port,
            purpose=_addresses.purpose(setting, address.host),
        )
